import { join } from "node:path";

import { pythonWith } from "../python";
import { versions } from "../versions";

/** The Python that has the AWS emulator installed, kept in `cache`. @throws LocalError */
export const installEmulator = (cache: string): Promise<string> =>
    pythonWith(
        {
            title: "MiniStack",
            name: "ministack",
            version: versions.ministack,
            neededFor: "local AWS",
            // The emulator and all that it needs, each with its SHA-256.
            requirements: join(__dirname, "requirements.txt"),
            hashes: true,
        },
        cache,
    );
