import { join } from "node:path";

import execa from "execa";

import { root } from "../../local/paths";

/** Path of the Chromium that the tests run in; undefined where there is none. */
export function chromiumPath(): string | undefined {
    const { stdout } = execa.sync(join(root, ".ci", "chromium"), { reject: false });
    return stdout || undefined;
}
