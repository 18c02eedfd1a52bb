import { type Register } from "../infra/program";
import { registerBuckets } from "./buckets";
import { registerCompletion } from "./completion";
import { registerCreds } from "./creds";
import { registerDoctor } from "./doctor";
import { registerMigrate } from "./migrate";

/** Every command: each adds itself to the program, and loads what it needs only when it runs. */
export const commands: readonly Register[] = [
    registerBuckets,
    registerCreds,
    registerDoctor,
    registerMigrate,
    registerCompletion,
];
