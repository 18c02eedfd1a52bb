import { Argument, type Command, Option } from "commander";

import { clinicalAi } from "../../services/clinical-ai";
import { type DoctorAccess } from "../doctor/observe";
import { type DoctorSettings } from "../doctor/settings";
import { addStackCommand, type CommandContext } from "../infra/command";
import { type ExitCode, exitCodes, InfraError } from "../infra/errors";
import { type Host } from "../infra/host";
import { printJson, say } from "../infra/output";
import { kubectlsOwn } from "../infra/repository-host";

interface DoctorOptions {
    readonly kubeconfig?: string;
    readonly context?: string;
}

/** Adds `infra doctor`: what is wrong between Vault, the cluster and the worker, why, and what mends it (B8). */
export function registerDoctor(program: Command, host: Host): void {
    addStackCommand<DoctorOptions>(program, host, {
        name: "doctor",
        description:
            "what is wrong with a service that runs in a cluster, why, and the command that mends it; changes nothing. " +
            "VAULT_TOKEN opens Vault; with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY access keys are compared too",
        arguments: [new Argument("[service]", "which service").choices([clinicalAi.name]).default(clinicalAi.name)],
        options: [
            new Option("--kubeconfig <path>", "the kubeconfig; default: the stack's, else kubectl's"),
            new Option("--context <name>", "its context; default: the stack's, else the current one"),
        ],
        examples: [
            ["infra doctor clinical-ai --stack prod", "a table"],
            ["infra doctor clinical-ai --stack prod --json | jq '.findings[].fix'", "what mends it"],
        ],
        run: doctor,
    });
}

async function doctor(context: CommandContext, options: DoctorOptions): Promise<ExitCode> {
    const [{ repository }, { doctorSettings }, { diagnose }, { diagnosisInWords }] = await Promise.all([
        import("../infra/repository"),
        import("../doctor/settings"),
        import("../doctor"),
        import("../doctor/words"),
    ]);
    const { stack, json, host } = context;
    const settings = doctorSettings(stack, host.settings(stack), repository);
    if (!settings) {
        throw new InfraError(
            exitCodes.usage,
            `Stack ${JSON.stringify(stack)} has no cluster: its settings have no platform:clinical-ai.cluster.`,
        );
    }
    const diagnosis = await diagnose(accessOf(settings, options, process.env), settings.declared);
    const { findings, notSeen, unreachable } = diagnosis;
    if (json) printJson({ stack, service: clinicalAi.name, findings, notSeen });
    else say(diagnosisInWords(diagnosis, process.stderr.columns));
    if (unreachable) return exitCodes.unreachable;
    return findings.length === 0 ? exitCodes.held : exitCodes.failed;
}

/** What whoever calls has: the only place that reads the environment. */
export function accessOf(
    settings: DoctorSettings,
    options: DoctorOptions,
    environment: Readonly<Record<string, string | undefined>>,
): DoctorAccess {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
    const sessionToken = environment.AWS_SESSION_TOKEN || undefined;
    const { accountIds, region } = settings;
    return {
        kubeconfig: options.kubeconfig ?? settings.kubeconfig ?? kubectlsOwn(environment),
        context: options.context ?? settings.context,
        vault: settings.vault,
        vaultToken: environment.VAULT_TOKEN || undefined,
        ...(accessKeyId && secretAccessKey
            ? { aws: { keys: { accessKeyId, secretAccessKey, sessionToken }, accountId: accountIds[0], region } }
            : {}),
    };
}
