import { join } from "node:path";

import execa from "execa";

import { type Settings } from "../../stacks/settings";
import { type Host } from "../cli/host";
import { exitCodes, InfraError } from "../common/errors";
import { type ClusterAccess, kubectlsOwn } from "../kubernetes/access";
import { repository, settingsPath } from "./repository";
import { readStackSettings, stackFile } from "./settings";

/** The stacks of the repository, deployed by the `pulumi` on PATH, as whoever its user is logged in as. */
export const repositoryHost: Host = {
    program: "infra",
    engine: "pulumi",
    locks: join(repository, ".infra"),
    upCommand: (stack) => `pulumi up --stack ${stack}`,
    aws: {},
    stackFile: (stack) => stackFile(stack, repository),
    settings: (stack) => readStackSettings(stack),

    async pulumi(stack, args, { show = false, input = "", file } = {}) {
        // `whoami` is of no stack.
        const ofStack = args[0] === "whoami" ? [] : ["--stack", stack];
        const withFile = file === undefined ? [] : ["--config-file", file];
        const run = await execa("pulumi", [...args, ...ofStack, ...withFile], {
            cwd: repository,
            reject: false,
            // The engine hears Ctrl-C itself, being of the same process group, and ends its update in order.
            cleanup: false,
            ...(show ? { stdio: ["ignore", process.stderr, process.stderr] } : { input }),
        });
        const { code } = run as { code?: string };
        if (code === "ENOENT") {
            throw new InfraError(
                exitCodes.unreachable,
                "There is no `pulumi` on PATH.",
                "Install it: https://www.pulumi.com/docs/install/",
            );
        }
        return { exitCode: run.exitCode ?? 1, stdout: run.stdout ?? "", stderr: run.stderr ?? "" };
    },

    // What calls AWS and the cluster takes half a second to load: only where it is needed.
    async recover(stack) {
        const { recoverStack } = await import("./recover");
        return recoverStack(repositoryHost, stack);
    },

    async credentials(who, profile) {
        try {
            const { callersCredentials } = await import("../aws/credentials");
            return await callersCredentials(profile);
        } catch (error) {
            if (error instanceof InfraError) throw error;
            throw new InfraError(
                exitCodes.unreachable,
                `There are no AWS credentials of the ${who}: ${(error as Error).message}`,
                "Log in to AWS, or name a profile.",
            );
        }
    },

    cluster: (stack) => callersAccess(readStackSettings(stack), process.env),
};

/** The cluster of the settings, as whoever calls is let in: by kubeconfig and VAULT_TOKEN. Undefined without both. */
export function callersAccess(
    settings: Settings,
    environment: Readonly<Record<string, string | undefined>>,
): ClusterAccess | undefined {
    const cluster = settings["clinical-ai"]?.cluster;
    const vaultToken = vaultTokenIn(environment);
    if (!cluster || !vaultToken) return undefined;
    const { kubeconfig, context } = cluster.kubernetes;
    return {
        kubeconfig: kubeconfig === undefined ? kubectlsOwn(environment) : settingsPath(kubeconfig),
        context,
        vaultToken,
        who: "kubeconfig and VAULT_TOKEN",
    };
}

/** The caller's token of Vault, without the line end that a file's last line has; undefined where there is none. */
export function vaultTokenIn({ VAULT_TOKEN = "" }: Readonly<Record<string, string | undefined>>): string | undefined {
    return VAULT_TOKEN.trim() || undefined;
}
