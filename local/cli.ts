// The pinned SDK runs on Node 20; its warning of what later versions will need is of no use here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

import { Command } from "commander";

import { InfraError } from "../ops/common/errors";
import { interrupted, listenForInterrupts } from "../ops/common/interrupt";
import { printJson, say } from "../ops/common/output";
import { LocalError } from "./paths";

// npm runs this in the checkout: paths that are typed are relative to where they were typed.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);

const program = new Command("npm run local --")
    .description("The local cloud: every service on this machine, deployed by Pulumi's real engine.")
    .helpCommand(false)
    .enablePositionalOptions()
    .showHelpAfterError();

program
    .command("up", { isDefault: true })
    .description("install what is missing, start what does not run, deploy stack local and verify it (the default)")
    .option("--json", "print the checks as JSON on standard output, and nothing else")
    .option("--cluster", "Kubernetes, Vault and External Secrets too; kept by later runs until it is taken down")
    .action(async ({ json = false, cluster = false }: { json?: boolean; cluster?: boolean }) => {
        const { up } = await import("./up");
        process.exitCode = await up({ json, cluster });
    });

program
    .command("down")
    .description("destroy what stack local deployed, stop the local cloud and remove its state")
    .option("--discard", "stop and remove without destroying: for resources made by hand that block it")
    .action(async ({ discard }: { discard?: boolean }) => {
        const { down } = await import("./down");
        await down({ discard: discard ?? false });
    });

program
    .command("recover")
    .description("finish an update that was killed: see docs/recovery.md")
    .action(async () => {
        const { recoverLocal } = await import("./recover");
        await recoverLocal();
    });

/** A command that hands on what is typed behind it as it is, `--help` too. */
function handOn(usage: string, description: string, run: (args: string[]) => Promise<void>): void {
    program
        .command(usage)
        .description(description)
        .helpOption(false)
        .allowUnknownOption()
        .passThroughOptions()
        .action(run);
}

handOn(
    "doctor [arguments...]",
    "find what is wrong with the services and why, and name the command that fixes it; same as infra doctor",
    async (args) => {
        const { infra } = await import("./infra");
        await infra(["doctor", ...args]);
    },
);

handOn(
    "worker [command...]",
    "run a command as clinical-ai's worker, with its pod's environment and nothing of yours; default: what the container declares",
    async (command) => {
        const { runAsWorker } = await import("./worker");
        process.exitCode = await runAsWorker(command);
    },
);

handOn(
    "infra [arguments...]",
    "the operators' tool on stack local, for example: npm run local -- infra verify rl-studio",
    async (args) => {
        const { infra } = await import("./infra");
        await infra(args);
    },
);

handOn(
    "pulumi <arguments...>",
    "run the engine on stack local, for example: npm run local -- pulumi preview --diff",
    async (args) => {
        const { pulumi } = await import("./pulumi-command");
        process.exitCode = await pulumi(args);
    },
);

for (const tool of ["aws", "kubectl", "vault"] as const) {
    handOn(
        `${tool} [arguments...]`,
        `run your ${tool} with the local cloud's address and administrator, and nothing of your own`,
        async (args) => {
            const { runTool } = await import("./tool");
            process.exitCode = await runTool(tool, args);
        },
    );
}

listenForInterrupts("\nStopping in order; press Ctrl-C again to stop at once.\n");
program
    .parseAsync()
    .catch((error: unknown) => {
        // What a stopped child says of itself is of no use to whoever stopped it.
        if (interrupted.aborted) return;
        process.exitCode = error instanceof InfraError && !(error instanceof LocalError) ? error.exitCode : 1;
        if (process.argv.includes("--json") && error instanceof Error) {
            printJson({ error: { exitCode: process.exitCode, reason: error.message } });
        }
        if (error instanceof InfraError) say(`\n${error.message}`);
        else say(`\nThis should not have happened:\n${error instanceof Error ? error.stack : String(error)}`);
    })
    .finally(() => {
        if (!interrupted.aborted) return;
        say("Stopped. Nothing is lost: run the same command to continue.");
        process.exitCode = 130;
    });
