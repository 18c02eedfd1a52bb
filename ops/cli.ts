// The pinned SDK runs on Node 20; its warning of what later versions will need is of no use here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

import { registerBuckets } from "./commands/buckets";
import { registerCompletion } from "./commands/completion";
import { registerDoctor } from "./commands/doctor";
import { createProgram, runProgram } from "./infra/program";

/** Every command: each adds itself to the program, and loads what it needs only when it runs. */
const commands = [registerBuckets, registerDoctor, registerCompletion];

void runProgram(createProgram(commands), process.argv.slice(2));
