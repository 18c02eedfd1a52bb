import { type ServiceName } from "../../services";
import { type Caller, type Check, type ClusterProbe, type ProbeKind } from "../../services/checks";
import { clientsFor } from "../aws/clients";
import { ClusterFailure } from "../kubernetes/access";
import { identityInWords, identityKey } from "./callers";
import { type Cluster } from "./cluster";
import { type Identity } from "./identities";
import { type Answer, failureAnswer } from "./outcome";
import { type Planned } from "./plan";
import {
    bedrockAccess,
    inferenceProfile,
    keeperShutOff,
    modelHealth,
    narrowedSession,
    shutOff,
} from "./probes-bedrock";
import { bucketDeclaration } from "./probes-bucket";
import { budgetAction, budgetDeclaration, topicDeclaration } from "./probes-budget";
import { taskDefinition } from "./probes-ecs";
import { gateCache, gateHealth, gateInstances, gateKey, gateShutOff, gateUsage, ledger, schedule } from "./probes-gate";
import { assumeRole, iamAccess, policyDeclaration, roleDeclaration, userDeclaration } from "./probes-iam";
import {
    clusterAccess,
    environmentOfPods,
    objectFields,
    objectState,
    ownRights,
    podAges,
    podSecurity,
    podVersions,
    servedResources,
} from "./probes-kubernetes";
import { leftovers, s3Access } from "./probes-s3";
import { alarm, subscription } from "./probes-telling";
import { secretSync, vaultFields, vaultLogin, vaultState } from "./probes-vault";
import { type ClusterExecutor, type Executor, type ProbeRun } from "./run";
import { type Scratch } from "./scratch";
import { shutOffTrial, type VerifyTarget } from "./target";

type ClusterKind = ClusterProbe["kind"];
type AwsKind = Exclude<ProbeKind, "account" | ClusterKind>;

/** What answers each kind of probe; who an identity is has been asked before. */
const executors: { readonly [Kind in AwsKind]: Executor<Kind> } = {
    s3: s3Access,
    bucket: bucketDeclaration,
    iam: iamAccess,
    user: userDeclaration,
    role: roleDeclaration,
    policy: policyDeclaration,
    assumeRole,
    bedrock: bedrockAccess,
    modelHealth,
    inferenceProfile,
    narrowedSession,
    gateCache,
    gateHealth,
    gateInstances,
    gateKey,
    gateShutOff,
    gateUsage,
    keeperShutOff,
    ledger,
    schedule,
    taskDefinition,
    budget: budgetDeclaration,
    budgetAction,
    topic: topicDeclaration,
    subscription,
    alarm,
    shutOff,
    leftovers,
};

/** The same for the cluster side. */
const clusterExecutors: { readonly [Kind in ClusterKind]: ClusterExecutor<Kind> } = {
    clusterAccess,
    servedResources,
    kubernetes: objectState,
    kubernetesFields: objectFields,
    podAges,
    podVersions,
    podSecurity,
    podEnvironment: environmentOfPods,
    ownRights,
    vault: vaultState,
    vaultFields,
    vaultLogin,
    secretSync,
};

/** What checks are answered with, during one run. */
export interface Session {
    readonly target: VerifyTarget;
    readonly identities: ReadonlyMap<string, Identity>;
    readonly cluster: Cluster;
    readonly scratch: Scratch;
    readonly stop: AbortSignal;
    /** Checks whose caller's keys were refused. */
    readonly refusals: Planned[];
}

/** A change of rights is felt at once in an emulator, and within a minute in AWS. */
export function settleMilliseconds({ endpoint }: VerifyTarget): number {
    return endpoint === undefined ? 60_000 : 2_000;
}

/** What a check's probe finds out. */
export async function answerTo(check: Check, service: ServiceName, session: Session): Promise<Answer> {
    if (isOfCluster(check.probe)) return answerOfCluster(check.probe, check.caller, session);
    const identityOf = (caller: Caller) => session.identities.get(identityKey(caller, service))!;
    const identity = identityOf(check.caller);
    if (check.probe.kind === "account" && identity.account !== undefined) {
        const got = `account ${identity.account}`;
        return identity.account === session.target.accountId ? { got } : { got, refused: true };
    }
    try {
        const run: ProbeRun = {
            clients: identity.clients(),
            deployer: () => identityOf("deployer").clients(),
            service: () => identityOf("service").clients(),
            clientsOf: (keys) => clientsFor(keys, session.target),
            scratch: session.scratch,
            accountId: session.target.accountId,
            settleMilliseconds: settleMilliseconds(session.target),
            whileShutOff: shutOffTrial(session.target),
            stop: session.stop,
        };
        const execute = executors[check.probe.kind as AwsKind] as Executor<ProbeKind>;
        return await execute(check.probe, run);
    } catch (error) {
        return failureAnswer(error);
    }
}

function isOfCluster(probe: Check["probe"]): probe is ClusterProbe {
    return Object.hasOwn(clusterExecutors, probe.kind);
}

async function answerOfCluster(probe: ClusterProbe, caller: Caller, session: Session): Promise<Answer> {
    const execute = clusterExecutors[probe.kind] as ClusterExecutor<ClusterKind>;
    try {
        return await execute(probe, { cluster: session.cluster, caller, runId: session.scratch.runId });
    } catch (error) {
        const answer = failureAnswer(error);
        return error instanceof ClusterFailure && error.detail
            ? { ...answer, note: `${error.system}: ${error.detail}.` }
            : answer;
    }
}

/** Whose eyes a check looked through: in the cluster, operator and deployer may be one. */
export function whoLooked(
    { caller, probe }: Pick<Check, "caller" | "probe">,
    { cluster }: Pick<VerifyTarget, "cluster">,
): string {
    const isOne = isOfCluster(probe) && (caller === "operator" || caller === "deployer");
    return (isOne && cluster?.[caller].who) || identityInWords(caller);
}
