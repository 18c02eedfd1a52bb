// The pinned SDK runs on Node 20; its warning of what later versions will need is of no use here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

import { createProgram, runProgram } from "../cli/program";
import { repositoryHost } from "../stack/repository-host";
import { commands } from ".";

void runProgram(createProgram(commands, repositoryHost), process.argv.slice(2));
