import { delimiter } from "node:path";

import { type ServiceName } from "../../services";
import { type CommandContext, lineOn } from "../cli/command";
import { connectionOf, type DeployerOptions, isLocal, refuseProfile } from "../cli/people";
import { type ExitCode, exitCodes, InfraError, Interrupted } from "../common/errors";
import { printJson, say } from "../common/output";
import { kubectlsOwn } from "../kubernetes/access";
import { stackState } from "../stack/backend";
import { repository } from "../stack/repository";
import { vaultTokenIn } from "../stack/repository-host";
import { chosenServices } from "../stack/services";
import { examine } from "./examine";
import { type Look } from "./facts";
import { diagnosisInWords, remediesOf } from "./finding";
import { type DoctorSettings } from "./settings";
import { type Diagnosis, type DoctorAccess } from ".";

export interface DoctorOptions extends DeployerOptions {
    readonly kubeconfig?: string;
    readonly context?: string;
}

/** `infra doctor`: exit code 0 if nothing is wrong, 1 if something is, 3 if nothing could be asked. */
export async function doctor(context: CommandContext, options: DoctorOptions, named?: string): Promise<ExitCode> {
    const { stack, host } = context;
    const settings = host.settings(stack);
    const services = chosenServices(stack, settings.services, named === undefined ? [] : [named]);
    refuseProfile(host, options.deployerProfile);
    const connection = connectionOf(host, settings);
    const credentials = await unlessMissing(() => host.credentials("deployer", options.deployerProfile));
    // In somebody's own clouds the deployer is who was named: whoever is logged in besides may be of another account.
    const reader = isLocal(host) ? await host.credentials("operator") : undefined;
    const environment = isLocal(host) ? localEnvironment(context) : process.env;
    const diagnosis = await examine({
        stack,
        program: host.program,
        verify: lineOn(host, `infra verify --stack ${stack} --deployer-profile NAME`),
        settings,
        services,
        folder: repository,
        remedies: host.remedies ?? remediesOf(stack),
        aws: {
            credentials,
            reader,
            connection,
            state: () => unlessMissing(() => stackState(context)),
        },
        cluster: (of) => ({
            ...accessOf(of, options, environment),
            ...(credentials.state === "found"
                ? { aws: { keys: credentials.value, accountId: of.accountIds[0], ...connection } }
                : {}),
        }),
    });
    if (context.interrupted.aborted) throw new Interrupted();
    return report(diagnosis, { ...context, service: named as ServiceName | undefined });
}

/** What whoever calls has for the cluster; an option goes before the stack's settings, and these before the environment. */
export function accessOf(
    settings: DoctorSettings,
    options: Pick<DoctorOptions, "kubeconfig" | "context">,
    environment: Readonly<Record<string, string | undefined>>,
): DoctorAccess {
    return {
        kubeconfig: options.kubeconfig ?? settings.kubeconfig ?? kubectlsOwn(environment),
        context: options.context ?? settings.context,
        vault: settings.vault,
        vaultToken: vaultTokenIn(environment),
    };
}

/** In the local cloud nothing of the caller's own is used. */
function localEnvironment({ host, stack }: CommandContext): Readonly<Record<string, string | undefined>> {
    const cluster = host.cluster(stack, "deployer");
    return { KUBECONFIG: cluster && [cluster.kubeconfig].flat().join(delimiter), VAULT_TOKEN: cluster?.vaultToken };
}

/** What could not be had is not looked at, and the reason is said. */
async function unlessMissing<Value>(get: () => Promise<Value>): Promise<Look<Value>> {
    try {
        return { state: "found", value: await get() };
    } catch (error) {
        if (error instanceof InfraError) return { state: "unseen", why: error.reason };
        throw error;
    }
}

/** Says what was found, as JSON or in words, and returns the exit code for it. */
export function report(
    diagnosis: Diagnosis,
    { stack, service, json }: { readonly stack: string; readonly service?: ServiceName; readonly json: boolean },
): ExitCode {
    const { findings, looked, notSeen, unreachable } = diagnosis;
    if (json) printJson({ stack, service: service ?? null, findings, looked, notSeen });
    else say(diagnosisInWords(diagnosis, process.stderr.columns));
    if (unreachable) return exitCodes.unreachable;
    return findings.length === 0 ? exitCodes.held : exitCodes.failed;
}
