import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { root } from "../../local/paths";
import { type RecordingMocks, runConfigured } from "./mocks";
import { type StackName } from "./stack-files";

/** Runs the program of `bootstrap/` on one of its committed stack files under mocks. */
export async function runBootstrap(mocks: RecordingMocks, stack: Exclude<StackName, "local">): Promise<void> {
    const text = readFileSync(join(root, "bootstrap", `Pulumi.${stack}.yaml`), "utf8");
    const { config } = parse(text) as { config: Record<string, unknown> };
    await runConfigured(mocks, config, () => import("../../bootstrap/index"), { stack });
}
