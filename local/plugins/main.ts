// Entry of the stand-in plugin: `main.ts <package>`.

import { runPlugin } from "./server";

const [name = "aws", engine] = process.argv.slice(2);

run().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
});

/** Only what the package needs is loaded: the bundle holds all of them, and each costs time. */
async function run(): Promise<void> {
    switch (name) {
        case "aws":
            return runPlugin((await import("./aws")).awsPackage, engine);
        case "kubernetes":
            return runPlugin((await import("./kubernetes")).kubernetesPackage, engine);
        case "vault":
            return runPlugin((await import("./vault")).vaultPackage, engine);
        default:
            throw new Error(`There is no stand-in for the package ${name}.`);
    }
}
