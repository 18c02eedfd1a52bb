import { physicalName } from "../../components/naming";
import { clinicalAi, type ClinicalAiSettings } from "../../services/clinical-ai";
import { type PodSources } from "../../services/credential-sources";
import { type Settings } from "../../stacks/settings";
import { type CommandContext } from "../cli/command";
import { type ExitCode, exitCodes, InfraError } from "../common/errors";
import { printJson, say } from "../common/output";
import { linesOf } from "./summary";

type Mode = ClinicalAiSettings["identity"]["mode"];

const bySecret = `by External Secrets into Secret ${clinicalAi.secret}, whose values are in the pods' environment`;

/** How the pods get their credentials, by the identity mode of the stack's settings; of the user or role of this name. */
const ways: Readonly<Record<Mode, (name: string) => string>> = {
    static: (user) =>
        `keys of IAM user ${user}, from Vault ${clinicalAi.vault.mount}/${clinicalAi.vault.path} ` + bySecret,
    irsa: (role) => `sessions of IAM role ${role}, for which AWS takes the service account's token`,
    podIdentity: (role) => `sessions of IAM role ${role}, from the agent of EKS Pod Identity`,
    vaultDynamic: (role) => `keys that Vault makes of IAM role ${role}, ` + bySecret,
};

/** Of a command's options those that matter to it. */
interface PodsOptions {
    readonly exec?: boolean;
    readonly session?: number;
    readonly format?: string;
    readonly quiet?: boolean;
}

/** Of a service whose pods alone have credentials: how they get them. Nothing is run as them from here. */
export function podCredentials(
    { stack, json, host }: CommandContext,
    { exec, session, format, quiet }: PodsOptions,
    settings: Settings,
    { namespace, deployment }: PodSources,
): ExitCode {
    const { identity, cluster } = settings[clinicalAi.name]!;
    if (exec || session !== undefined || format) {
        throw new InfraError(
            exitCodes.usage,
            `${clinicalAi.name}'s credentials are in its pods alone; nothing else runs with them.`,
            host.onlyStack === undefined
                ? `Run the command in a pod: kubectl exec -n ${namespace} deploy/${deployment} -- COMMAND`
                : "Run the command as the pod: npm run local -- worker COMMAND",
        );
    }
    const production = identity.mode === "static" ? clinicalAi.user : clinicalAi.role;
    const way = ways[identity.mode](physicalName(production, settings.environment));
    const deployed = cluster !== undefined;
    const tell = quiet ? () => undefined : say;
    tell(`Credentials of ${clinicalAi.name}, stack ${stack}:`);
    tell(
        linesOf([
            ["identity mode", identity.mode],
            ["credentials", way],
            ["pods", deployed ? `Deployment ${deployment}, namespace ${namespace}` : "none: the stack has no cluster"],
        ]),
    );
    if (json) {
        const pods = deployed ? { namespace, deployment } : null;
        printJson({ stack, service: clinicalAi.name, identityMode: identity.mode, way, pods });
    }
    return exitCodes.held;
}
