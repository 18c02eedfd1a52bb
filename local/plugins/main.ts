// Entry of the stand-in plugin: `main.ts <package>`.

import { awsPackage } from "./aws";
import { previewOnlyPackage } from "./preview-only/package";
import { runPlugin } from "./server";

const name = process.argv[2] ?? "aws";

const running = name === "aws" ? runPlugin(awsPackage) : runPlugin(previewOnlyPackage(name));

running.catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
});
