import { physicalName } from "../../components/naming";
import { type VaultAddress } from "../../services/checks";
import { clinicalAi } from "../../services/clinical-ai";
import { type Settings } from "../../stacks/settings";
import { settingsPath } from "../stack/repository";
import { type Declared } from "./facts";

/** What a stack's settings say to doctor. */
export interface DoctorSettings {
    readonly declared: Declared;
    readonly vault: VaultAddress;
    /** Undefined where it is the one that kubectl would use. */
    readonly kubeconfig?: string;
    readonly context?: string;
    readonly region: string;
    readonly accountIds: readonly string[];
}

/**
 * Reads what doctor needs off a stack's settings; undefined where the stack has no cluster.
 *
 * @param folder what paths in the settings are relative to
 */
export function doctorSettings(stack: string, settings: Settings, folder: string): DoctorSettings | undefined {
    const own = settings["clinical-ai"];
    if (!own?.cluster || !settings.services.includes(clinicalAi.name)) return undefined;
    const { identity, cluster } = own;
    const { kubernetes, vault, replicas } = cluster;
    const path = (file: string | undefined) => (file === undefined ? undefined : settingsPath(file, folder));
    const dynamic = identity.mode === "vaultDynamic" ? identity : undefined;
    return {
        declared: {
            stack,
            mode: identity.mode,
            replicas,
            audience: vault.audience,
            refreshSeconds: dynamic?.refreshSeconds ?? 3600,
            userName: identity.mode === "static" ? physicalName(clinicalAi.user, settings.environment) : undefined,
            awsMount: dynamic?.vaultAwsMount,
            makesAudit: vault.audit === "create",
        },
        vault: { address: vault.address, caCertFile: path(vault.caCertFile), namespace: vault.namespace },
        kubeconfig: path(kubernetes.kubeconfig),
        context: kubernetes.context,
        region: settings.region,
        accountIds: settings.allowedAccountIds,
    };
}
