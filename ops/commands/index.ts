import { type Register } from "../infra/program";
import { registerBuckets } from "./buckets";
import { registerCompletion } from "./completion";
import { registerDoctor } from "./doctor";
import { registerPolicyTest } from "./policy-test";
import { registerVerify } from "./verify";

/** Every command: each adds itself to the program, and loads what it needs only when it runs. */
export const commands: readonly Register[] = [
    registerVerify,
    registerPolicyTest,
    registerDoctor,
    registerBuckets,
    registerCompletion,
];
