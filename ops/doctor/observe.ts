import { type KubernetesObject, type V1Deployment, type V1Pod, type V1Secret } from "@kubernetes/client-node";
import { paginateListAccessKeys } from "@aws-sdk/client-iam";

import { type VaultAddress } from "../../services/checks";
import { clinicalAi } from "../../services/clinical-ai";
import { objects } from "../../services/clinical-ai/workload-checks";
import { type Connection, type Keys } from "../aws/clients";
import { ClusterFailure, inWords, type KubeconfigPaths } from "../kubernetes/access";
import { type AnyObject, Kubernetes, type ObjectReference } from "../kubernetes/client";
import { livePods } from "../kubernetes/pods";
import { Vault } from "../vault/client";
import { vet } from "../verify/identities";
import { outcomeInWords } from "../verify/outcome";
import { auditInWords, policyInWords } from "../verify/probes-vault";
import { type Declared, type Facts, type Look, type Marked, type Synced, type VaultFault } from "./facts";

/** What doctor looks with: as little as whoever asks has. */
export interface DoctorAccess {
    readonly kubeconfig: KubeconfigPaths;
    readonly context?: string;
    readonly vault: VaultAddress;
    /** Without it only Vault's health is asked. */
    readonly vaultToken?: string;
    /** Without it access keys are not compared. */
    readonly aws?: { readonly keys: Keys; readonly accountId: string } & Connection;
}

/** Looks at everything that can be looked at. */
export async function observe(access: DoctorAccess, declared: Declared): Promise<Facts> {
    const [api, vault] = await Promise.all([reachKubernetes(access), reachVault(access)]);
    const inCluster = <Value>(look: (kubernetes: Kubernetes) => Promise<Value | undefined>) =>
        "fault" in api ? unasked<Value>("the Kubernetes API cannot be asked") : looking(() => look(api.kubernetes));
    const inVault = <Value>(look: (opened: Vault) => Promise<Value | undefined>) =>
        vault.vault === undefined ? unasked<Value>(vault.why) : looking(() => look(vault.vault));
    const ofStatic = declared.mode === "static";
    const withKeys = ofStatic || declared.mode === "vaultDynamic";
    const ifKeys = <Value>(look: () => Promise<Look<Value>>): Promise<Look<Value>> =>
        withKeys ? look() : Promise.resolve({ state: "absent" });
    const name = { namespace: clinicalAi.namespace, deployment: clinicalAi.deployment };
    const [
        missingKinds,
        store,
        externalSecret,
        secret,
        deployment,
        pods,
        vaultVersion,
        policy,
        role,
        authMethod,
        audit,
    ] = await Promise.all([
        ifKeys(() => inCluster((kubernetes) => missing(kubernetes, declared))),
        ofStatic ? inCluster((kubernetes) => synced(kubernetes, objects.secretStore)) : absent,
        ifKeys(() => inCluster(externalSecretOf)),
        ifKeys(() => inCluster(secretOf)),
        inCluster(deploymentOf),
        inCluster(async (kubernetes) => (await livePods(kubernetes, name)).pods.map(podState)),
        ofStatic ? inVault(versionOf) : absent,
        ifKeys(() => inVault((opened) => policyOf(opened, declared))),
        ifKeys(() => inVault((opened) => roleOf(opened, declared))),
        ifKeys(() =>
            inVault(async (opened) => {
                const method = await opened.read(`sys/auth/${clinicalAi.vault.authMount}`).catch(unlessBadPath);
                return method && String(method.type);
            }),
        ),
        ifKeys(() => inVault(async (opened) => auditInWords((await opened.read("sys/audit")) ?? {}))),
    ]);
    const login = await ifKeys(() => inCluster((kubernetes) => loginOf(kubernetes, access.vault, declared)));
    return {
        now: new Date(),
        ...("fault" in api ? { kubernetesFault: api.fault } : {}),
        ...(vault.fault === undefined ? {} : { vaultFault: vault.fault }),
        missingKinds,
        store,
        externalSecret,
        secret,
        deployment,
        pods,
        vaultVersion,
        policy,
        role,
        authMethod,
        audit,
        // A Vault that does not answer has been found out already.
        login: vault.fault !== undefined && vault.fault.kind !== "token" ? { state: "unseen", why: vault.why } : login,
        keys: await keysOf(access, declared),
    };
}

const absent: Promise<{ readonly state: "absent" }> = Promise.resolve({ state: "absent" });

/** Vault says of an auth method that is not there that the request is wrong. */
function unlessBadPath(error: unknown): undefined {
    if (!(error instanceof ClusterFailure) || error.status !== 400) throw error;
}

async function unasked<Value>(why: string): Promise<Look<Value>> {
    return { state: "unseen", why };
}

async function looking<Value>(look: () => Promise<Value | undefined>): Promise<Look<Value>> {
    try {
        const value = await look();
        return value === undefined ? { state: "absent" } : { state: "found", value };
    } catch (error) {
        if (error instanceof ClusterFailure) return { state: "unseen", why: inWords(error) };
        throw error;
    }
}

async function reachKubernetes(access: DoctorAccess): Promise<{ kubernetes: Kubernetes } | { fault: string }> {
    try {
        const kubernetes = Kubernetes.connect(access);
        await kubernetes.whoAmI();
        return { kubernetes };
    } catch (error) {
        if (error instanceof ClusterFailure) return { fault: error.message };
        throw error;
    }
}

/** Vault where it can be asked, else why not; that nobody gave a token is no fault of it. */
type ReachedVault =
    | { readonly vault: Vault; readonly fault?: undefined; readonly why: string }
    | { readonly vault?: undefined; readonly fault?: VaultFault; readonly why: string };

async function reachVault({ vault: address, vaultToken }: DoctorAccess): Promise<ReachedVault> {
    const faulty = (kind: VaultFault["kind"], why: string) => ({ fault: { kind, why }, why });
    try {
        const { initialized, sealed } = await new Vault(address).health();
        if (!initialized) return faulty("uninitialized", "Vault is not initialised");
        if (sealed) return faulty("sealed", "Vault is sealed");
        if (vaultToken === undefined) return { why: "VAULT_TOKEN is not set" };
        const vault = new Vault(address, vaultToken);
        await vault.read("auth/token/lookup-self");
        return { vault, why: "" };
    } catch (error) {
        if (!(error instanceof ClusterFailure)) throw error;
        return faulty(error.status === 403 ? "token" : "unreachable", inWords(error));
    }
}

async function missing(kubernetes: Kubernetes, { mode }: Declared): Promise<string[]> {
    const wanted: readonly (readonly [groupVersion: string, resource: string])[] = [
        ["external-secrets.io/v1", "externalsecrets"],
        mode === "static"
            ? ["external-secrets.io/v1", "secretstores"]
            : ["generators.external-secrets.io/v1alpha1", "vaultdynamicsecrets"],
    ];
    const lacking: string[] = [];
    for (const [groupVersion, resource] of wanted) {
        if (!(await kubernetes.served(groupVersion)).includes(resource)) lacking.push(`${resource} of ${groupVersion}`);
    }
    return lacking;
}

interface WithConditions {
    readonly metadata?: { readonly generation?: number; readonly creationTimestamp?: string };
    readonly spec?: {
        readonly target?: {
            readonly template?: { readonly metadata?: { readonly annotations?: Record<string, string> } };
        };
    };
    readonly status?: {
        readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
        readonly refreshTime?: string | null;
        readonly syncedResourceVersion?: string;
    };
}

async function synced(kubernetes: Kubernetes, reference: ObjectReference): Promise<Synced | undefined> {
    const object = await kubernetes.read(reference);
    return object && syncedOf(kubernetes, reference, object);
}

async function syncedOf(kubernetes: Kubernetes, reference: ObjectReference, object: AnyObject): Promise<Synced> {
    const condition = (object as unknown as WithConditions).status?.conditions?.find(({ type }) => type === "Ready");
    if (!condition) return { messages: [] };
    const messages = [...(await warnings(kubernetes, reference)), condition.message ?? ""];
    return { ready: condition.status === "True", messages };
}

interface Event {
    readonly type?: string;
    readonly message?: string;
    readonly lastTimestamp?: string | null;
    readonly involvedObject?: { readonly kind?: string; readonly name?: string };
}

/** What was complained of about an object, the latest first. Whoever may not see events goes without. */
async function warnings(kubernetes: Kubernetes, { namespace = "", kind, name }: ObjectReference): Promise<string[]> {
    const events = await kubernetes.list("v1", "Event", namespace).catch((error: unknown) => {
        if (error instanceof ClusterFailure && error.status === 403) return [];
        throw error;
    });
    return (events as unknown as Event[])
        .filter(({ type, involvedObject: of }) => type === "Warning" && of?.kind === kind && of.name === name)
        .sort((one, other) => (other.lastTimestamp ?? "").localeCompare(one.lastTimestamp ?? ""))
        .map(({ message = "" }) => message);
}

async function externalSecretOf(kubernetes: Kubernetes) {
    const object = await kubernetes.read(objects.externalSecret);
    if (!object) return undefined;
    const { metadata, spec, status } = object as unknown as WithConditions;
    const { refreshTime, syncedResourceVersion } = status ?? {};
    return {
        ...(await syncedOf(kubernetes, objects.externalSecret, object)),
        ...marksOf(spec?.target?.template?.metadata?.annotations, "secret"),
        ...(refreshTime ? { refreshed: new Date(refreshTime) } : {}),
        // The operator writes which generation it acted on before a hash.
        seen: syncedResourceVersion?.split("-")[0] === String(metadata?.generation),
        created: new Date(metadata?.creationTimestamp ?? 0),
        changed: lastWrite(object, "f:spec") ?? new Date(0),
    };
}

/** When a part of an object was written last, which the API server notes for each of its writers. */
function lastWrite({ metadata }: KubernetesObject, part: string): Date | undefined {
    const times = (metadata?.managedFields ?? [])
        .filter(({ fieldsV1 }) => Object.hasOwn(fieldsV1 ?? {}, part))
        .flatMap(({ time }) => (time ? [new Date(time).getTime()] : []));
    return times.length === 0 ? undefined : new Date(Math.max(...times));
}

async function secretOf(kubernetes: Kubernetes) {
    const secret = (await kubernetes.read(objects.secret)) as V1Secret | undefined;
    if (!secret) return undefined;
    const { metadata, data } = secret;
    const keyId = data?.[clinicalAi.secretKeys.accessKeyId];
    const changed = lastWrite(secret, "f:data");
    return {
        ...marksOf(metadata?.annotations, "secret"),
        ...(keyId === undefined ? {} : { keyId: Buffer.from(keyId, "base64").toString("utf8") }),
        ...(changed ? { changed } : {}),
    };
}

async function deploymentOf(kubernetes: Kubernetes) {
    const deployment = (await kubernetes.read(objects.deployment)) as V1Deployment | undefined;
    if (!deployment) return undefined;
    const troubles = (deployment.status?.conditions ?? []).filter(({ type, status }) =>
        type === "ReplicaFailure" ? status === "True" : type === "Progressing" && status === "False",
    );
    return {
        trouble: troubles.map(({ reason, message }) => [reason, message].filter(Boolean).join(": ")),
        desired: deployment.spec?.replicas ?? 1,
        available: deployment.status?.availableReplicas ?? 0,
        ...marksOf(deployment.spec?.template.metadata?.annotations, "pod"),
    };
}

/** What every container waits for on its way; any other reason is trouble. */
const startingReasons = ["ContainerCreating", "PodInitializing"];

function podState({ metadata, status }: V1Pod) {
    const conditions = status?.conditions ?? [];
    const containers = (status?.containerStatuses ?? []).flatMap(({ state }) => {
        const { waiting } = state ?? {};
        if (!waiting || startingReasons.includes(waiting.reason ?? "")) return [];
        return [[waiting.reason, waiting.message].filter(Boolean).join(": ")];
    });
    const unscheduled = conditions
        .filter(({ type, status: is }) => type === "PodScheduled" && is === "False")
        .map(({ reason, message }) => [reason, message].filter(Boolean).join(": "));
    return {
        name: metadata?.name ?? "",
        ...marksOf(metadata?.annotations, "pod"),
        created: new Date(metadata?.creationTimestamp ?? 0),
        ready: conditions.some(({ type, status: is }) => type === "Ready" && is === "True"),
        waiting: [...unscheduled, ...containers],
    };
}

const { vault: names } = clinicalAi;

function marksOf(annotations: Readonly<Record<string, string>> | undefined, of: "secret" | "pod"): Marked {
    return {
        version: annotations?.[clinicalAi.versionAnnotations[of]],
        written: annotations?.[clinicalAi.writtenAnnotations[of]],
    };
}

/** Undefined where there is no secret, or its current version was deleted. */
async function versionOf(vault: Vault): Promise<number | undefined> {
    const metadata = await vault.read(`${names.mount}/metadata/${names.path}`);
    const current = metadata?.current_version as number | undefined;
    const versions = (metadata?.versions ?? {}) as Record<string, { deletion_time?: string; destroyed?: boolean }>;
    const { deletion_time: deleted = "", destroyed = false } = versions[String(current)] ?? {};
    return deleted !== "" || destroyed ? undefined : current;
}

async function policyOf(vault: Vault, { mode }: Declared): Promise<string | undefined> {
    const found = await vault.read(`sys/policies/acl/${mode === "static" ? names.policy : names.dynamicPolicy}`);
    return found && policyInWords(String(found.policy ?? ""));
}

const roleName = ({ mode }: Declared) => (mode === "static" ? names.role : names.dynamicRole);

async function roleOf(vault: Vault, declared: Declared): Promise<string[] | undefined> {
    const role = await vault.read(`auth/${names.authMount}/role/${roleName(declared)}`);
    if (!role) return undefined;
    const wanted: Readonly<Record<string, unknown>> = {
        bound_service_account_names: [clinicalAi.serviceAccount],
        bound_service_account_namespaces: [clinicalAi.namespace],
        audience: declared.audience,
        token_policies: [declared.mode === "static" ? names.policy : names.dynamicPolicy],
    };
    return Object.entries(wanted).flatMap(([key, value]) =>
        JSON.stringify(role[key]) === JSON.stringify(value)
            ? []
            : [`${key} is ${JSON.stringify(role[key])}, declared is ${JSON.stringify(value)}`],
    );
}

/** Logs in as the worker would, and out again; undefined is never said. */
async function loginOf(kubernetes: Kubernetes, address: VaultAddress, declared: Declared): Promise<string> {
    const { audience } = declared;
    const token = await kubernetes.tokenOf(clinicalAi.namespace, clinicalAi.serviceAccount, { audience });
    try {
        const opened = await new Vault(address).login(names.authMount, roleName(declared), token);
        await opened.revoke();
        return "logged in";
    } catch (error) {
        if (error instanceof ClusterFailure && error.words.startsWith("login refused")) return error.words;
        throw error;
    }
}

async function keysOf({ aws }: DoctorAccess, { mode, userName }: Declared): Promise<Facts["keys"]> {
    if (mode !== "static") return { state: "absent" };
    if (aws === undefined) return { state: "unseen", why: "there are no AWS credentials" };
    const identity = await vet(aws.keys, aws);
    try {
        const { iam } = identity.clients();
        const active: string[] = [];
        const inactive: string[] = [];
        for await (const { AccessKeyMetadata = [] } of paginateListAccessKeys(
            { client: iam },
            { UserName: userName },
        )) {
            for (const { AccessKeyId = "", Status } of AccessKeyMetadata) {
                (Status === "Active" ? active : inactive).push(AccessKeyId);
            }
        }
        return { state: "found", value: { active, inactive } };
    } catch (error) {
        return { state: "unseen", why: outcomeInWords(error) };
    } finally {
        identity.close();
    }
}
