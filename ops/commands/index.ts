import { type Register } from "../infra/program";
import { registerAdopt } from "./adopt";
import { registerBuckets } from "./buckets";
import { registerCompletion } from "./completion";
import { registerDoctor } from "./doctor";

/** Every command: each adds itself to the program, and loads what it needs only when it runs. */
export const commands: readonly Register[] = [registerAdopt, registerBuckets, registerDoctor, registerCompletion];
