import { type ServiceName } from "../../services";
import { type Caller, type Check, type ClusterProbe, type ProbeKind } from "../../services/checks";
import { ClusterFailure } from "../kubernetes/access";
import { Cluster } from "./cluster";
import { type Identity, notGiven, refused, vet, vetEnvironment } from "./identities";
import { endLeftTrials, removeLeftUsers } from "./left";
import { type Answer, failureAnswer, NotGiven, outcomeInWords, settle } from "./outcome";
import { plan, type Planned } from "./plan";
import { mapBounded } from "../aws/pool";
import { bedrockAccess, modelHealth, shutOff } from "./probes-bedrock";
import { bucketDeclaration } from "./probes-bucket";
import { budgetAction, budgetDeclaration, topicDeclaration } from "./probes-budget";
import { taskDefinition } from "./probes-ecs";
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
import { assumeRole, iamAccess, policyDeclaration, roleDeclaration, userDeclaration } from "./probes-iam";
import { leftovers, s3Access } from "./probes-s3";
import { secretSync, vaultFields, vaultLogin, vaultState } from "./probes-vault";
import { whileInterruptible } from "./restore";
import { type ClusterExecutor, type Executor, type ProbeRun } from "./run";
import { removeLeftObjects, Scratch, type ScratchPlace } from "./scratch";
import { type CheckResult, shutOffTrial, type VerifyTarget } from "./target";
import { type Keys } from "../aws/clients";
import { type TemporaryRights, temporaryUser } from "./temporary-users";

export { type CheckResult, type ClusterAccess, type VerifyTarget } from "./target";
export { type Keys } from "../aws/clients";
export { renderTable, toJson } from "./table";

const concurrency = 8;

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
    taskDefinition,
    budget: budgetDeclaration,
    budgetAction,
    topic: topicDeclaration,
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

/** Kinds that run after everything else, in this order: what changes rights, then what clears up. */
const late: readonly ProbeKind[] = ["shutOff", "leftovers"];

/**
 * Proves by live calls what must hold for a stack.
 *
 * Every identity is first asked for its account, and not used when it is another than the stack's. What is written is
 * removed again, and what is attached detached, also upon failure.
 */
export function verify(target: VerifyTarget, progress?: Progress): Promise<CheckResult[]> {
    return runChecks(plan(target), target, progress);
}

/** Told after each check how many of how many are done. */
export type Progress = (done: number, of: number) => void;

/** Runs these checks; the results stand in their order, then what could not be cleared up. */
export async function runChecks(
    planned: readonly Planned[],
    target: VerifyTarget,
    progress: Progress = () => undefined,
): Promise<CheckResult[]> {
    const scratch = new Scratch();
    const cluster = new Cluster(target.cluster);
    const identities = new Map<string, Identity>();
    const users = new Map<string, () => Promise<void>>();
    const results = new Array<CheckResult>(planned.length);
    const refusals: Planned[] = [];
    let done = 0;
    const clear = async () => {
        const faults = await clearUp(identities, users, scratch);
        // Seen also when the run was interrupted and returns no results.
        for (const { name, got } of faults) process.stderr.write(`verify: ${name}: expected removed, got ${got}\n`);
        results.push(...faults);
    };
    try {
        await whileInterruptible(async (stop) => {
            await vetAll(planned, target, cluster, identities);
            results.push(...(await leftByOthers(planned, target, identities)));
            await addUsers(planned, identities, users, { runId: scratch.runId, target, stop });
            const keep = async (one: Planned) => {
                if (stop.aborted) return;
                results[one.index] = await runCheck(one, { target, identities, cluster, scratch, stop, refusals });
                progress(++done, planned.length);
            };
            const early = planned.filter(({ check }) => !late.includes(check.probe.kind));
            const inOrder = async (sequence: readonly Planned[]) => {
                for (const one of sequence) await keep(one);
            };
            await mapBounded(sequences(early), concurrency, inOrder, stop);
            for (const kind of late) await inOrder(planned.filter(({ check }) => check.probe.kind === kind));
            tellRefusalsOnce(refusals, results);
        }, clear);
    } finally {
        for (const identity of identities.values()) identity.close();
        await cluster.close();
    }
    return results;
}

/**
 * Of an identity whose keys were refused one check tells so, if there is one the check of whose keys they are; its others
 * were not tried.
 */
function tellRefusalsOnce(refusals: readonly Planned[], results: CheckResult[]): void {
    const byIdentity = new Map<string, Planned[]>();
    for (const one of refusals) {
        const { caller } = one.check;
        // The deployer makes the temporary users.
        const key = isTemporary(caller) ? "deployer" : identityKey(caller, one.service);
        byIdentity.set(key, [...(byIdentity.get(key) ?? []), one]);
    }
    for (const checks of byIdentity.values()) {
        const told = checks.find(({ check }) => check.probe.kind === "account") ?? checks[0];
        for (const { index } of checks.filter((one) => one !== told)) {
            results[index] = { ...results[index], got: `not tried: ${results[index].got}`, notTried: true };
        }
    }
}

/** Who an identity is, for the map of identities. */
function identityKey(caller: Caller, service: ServiceName): string {
    if (typeof caller === "object") return identityInWords(caller);
    return caller === "service" ? `service ${service}` : caller;
}

/** How a caller is called in the result. */
function identityInWords(caller: Caller): string {
    if (typeof caller !== "object") return caller;
    if ("mayAssume" in caller) return `temporary user with sts:AssumeRole on ${caller.mayAssume}`;
    if ("temporaryMemberOf" in caller) return `temporary user in ${caller.temporaryMemberOf}`;
    if ("serviceAccount" in caller) return `service account ${caller.namespace}/${caller.serviceAccount}`;
    return `environment of the pods of ${caller.namespace}/${caller.environmentOf}`;
}

type TemporaryUser = Extract<Caller, { mayAssume: string } | { temporaryMemberOf: string }>;
type PodsEnvironment = Extract<Caller, { environmentOf: string }>;

function isTemporary(caller: Caller): caller is TemporaryUser {
    return typeof caller === "object" && ("mayAssume" in caller || "temporaryMemberOf" in caller);
}

function isEnvironment(caller: Caller): caller is PodsEnvironment {
    return typeof caller === "object" && "environmentOf" in caller;
}

async function vetAll(
    planned: readonly Planned[],
    target: VerifyTarget,
    cluster: Cluster,
    identities: Map<string, Identity>,
): Promise<void> {
    const people = (["operator", "deployer"] as const).map((who): [string, () => Promise<Identity>] => {
        const keys = target.credentials[who];
        return [who, async () => (keys ? vet(keys, target) : notGiven(`no ${who}`))];
    });
    const services = target.services.map((service): [string, () => Promise<Identity>] => [
        identityKey("service", service),
        () => vet(target.serviceKeys?.[service] ?? keysOf(target.outputs[service]), target),
    ]);
    const environments = new Map(
        planned.flatMap(({ check: { caller } }) => (isEnvironment(caller) ? [[identityInWords(caller), caller]] : [])),
    );
    const vetted: [string, () => Promise<Identity>][] = [
        ...people,
        ...services,
        ...[...environments].map(
            ([name, { environmentOf: deployment, namespace }]): [string, () => Promise<Identity>] => [
                name,
                () => vetEnvironment(() => cluster.environment({ deployment, namespace }), target),
            ],
        ),
    ];
    await mapBounded(vetted, concurrency, async ([name, work]) => void identities.set(name, await work()));
}

/** A service without static keys exports none. */
function keysOf(outputs: object | undefined): Keys | undefined {
    const { accessKeyId, secretAccessKey }: Partial<Keys> = outputs ?? {};
    return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
}

/** Makes the temporary users of the checks; `users` knows what removes each of them before it is made. */
async function addUsers(
    planned: readonly Planned[],
    identities: Map<string, Identity>,
    users: Map<string, () => Promise<void>>,
    { runId, target, stop }: { runId: string; target: VerifyTarget; stop: AbortSignal },
): Promise<void> {
    const wanted = new Map(
        planned.flatMap(({ check: { caller }, service }): [string, TemporaryRights][] =>
            isTemporary(caller) ? [[identityKey(caller, service), rightsOf(caller)]] : [],
        ),
    );
    for (const [key, rights] of wanted) {
        if (stop.aborted) return;
        try {
            const register = (remove: () => Promise<void>) => void users.set(key, remove);
            identities.set(key, await temporaryUser(identities.get("deployer")!, rights, runId, target, register));
        } catch (error) {
            const reason = `the deployer could not make the user: ${outcomeInWords(error)}`;
            identities.set(key, error instanceof NotGiven ? notGiven(error.message) : refused(reason));
        }
    }
}

function rightsOf(caller: TemporaryUser): TemporaryRights {
    return "mayAssume" in caller ? caller : { group: caller.temporaryMemberOf };
}

/**
 * What may run side by side. The checks of a temporary user are one sequence: the first of them is allowed something,
 * and once it is, AWS knows the membership and a later denial means what it says.
 */
function sequences(planned: readonly Planned[]): Planned[][] {
    const found = new Map<string, Planned[]>();
    for (const one of planned) {
        const { caller } = one.check;
        const key = isTemporary(caller) ? identityKey(caller, one.service) : `check ${one.index}`;
        found.set(key, [...(found.get(key) ?? []), one]);
    }
    return [...found.values()];
}

interface Session {
    readonly target: VerifyTarget;
    readonly identities: ReadonlyMap<string, Identity>;
    readonly cluster: Cluster;
    readonly scratch: Scratch;
    readonly stop: AbortSignal;
    /** Checks whose caller's keys were refused. */
    readonly refusals: Planned[];
}

async function runCheck(planned: Planned, session: Session): Promise<CheckResult> {
    const { service, check } = planned;
    const { id, name, caller, expected } = check;
    const gap = session.target.gaps?.find((one) => one.id === id && one.name === name);
    const tolerated = [...(check.tolerated ?? []), ...(gap ? [gap.answers] : [])];
    const patience = isTemporary(caller) ? settleMilliseconds(session.target) : 0;
    const answer = await settle(() => answerTo(check, service, session), expected, patience, session.stop);
    if (answer.refused) session.refusals.push(planned);
    const lacks = gap && `The emulator lacks ${gap.lacks}.`;
    const notes = [check.note, lacks ?? emulatedNote(check, session.target), answer.note].filter(Boolean);
    return {
        id,
        service,
        name,
        identity: whoLooked(check, session.target),
        expected: [expected, ...tolerated].join(", or "),
        got: answer.got,
        ok: [expected, ...tolerated].includes(answer.got),
        ...(answer.notTried ? { notTried: true } : {}),
        ...(notes.length > 0 ? { note: notes.join(" ") } : {}),
    };
}

/** Whose eyes a check looked through: in the cluster, operator and deployer may be one. */
export function whoLooked(
    { caller, probe }: Pick<Check, "caller" | "probe">,
    { cluster }: Pick<VerifyTarget, "cluster">,
): string {
    const isOne = isOfCluster(probe) && (caller === "operator" || caller === "deployer");
    return (isOne && cluster?.[caller].who) || identityInWords(caller);
}

/** Where an emulator is asked in another way than AWS. */
function emulatedNote({ probe }: Check, { endpoint }: VerifyTarget): string | undefined {
    if (endpoint !== undefined && probe.kind === "modelHealth") return "The emulator answers in place of the model.";
    if (endpoint === undefined || probe.kind !== "s3" || !probe.plaintext) return undefined;
    return "The emulator was told by the header x-forwarded-proto that the request came without TLS.";
}

/** A change of rights is felt at once in an emulator, and within a minute in AWS. */
function settleMilliseconds({ endpoint }: VerifyTarget): number {
    return endpoint === undefined ? 60_000 : 2_000;
}

async function answerTo(check: Check, service: ServiceName, session: Session): Promise<Answer> {
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

/** Removes what runs before this one have left; what cannot be removed becomes a failed line of its own. */
async function leftByOthers(
    planned: readonly Planned[],
    { removing = (_target, _what, work) => work() }: VerifyTarget,
    identities: ReadonlyMap<string, Identity>,
): Promise<CheckResult[]> {
    const deployer = () => identities.get("deployer")!.clients();
    const trials = planned.flatMap(({ check: { probe } }) => (probe.kind === "shutOff" ? [probe] : []));
    const removals: Removal[] = [
        // First what keeps a service from its work.
        {
            what: "shut-offs that killed runs tried",
            remove: async () => endLeftTrials(deployer().iam, trials, removing),
            staying: [],
        },
        { what: "users of killed runs", remove: async () => removeLeftUsers(deployer().iam, removing), staying: [] },
        ...placesOf(planned).map((place) => ({
            what: `objects of killed runs in ${place.bucket}/${place.under}`,
            remove: async () => removeLeftObjects(deployer().s3, place, new Date(), removing),
            staying: [],
        })),
    ];
    return (await mapBounded(removals, concurrency, faultOf)).flat();
}

/** Where runs of these checks put objects: in what they clear up, under what they try. */
function placesOf(planned: readonly Planned[]): ScratchPlace[] {
    const probes = planned.map(({ check }) => check.probe);
    const cleared = probes.flatMap((probe) => (probe.kind === "leftovers" ? [probe.bucket] : []));
    const places = probes.flatMap((probe) =>
        probe.kind === "s3" && cleared.includes(probe.bucket)
            ? [{ bucket: probe.bucket, under: probe.under ?? "" }]
            : [],
    );
    return [...new Map(places.map((place) => [`${place.bucket}/${place.under}`, place])).values()];
}

/** Removes what a run made; what could not be removed becomes a failed line of its own. */
async function clearUp(
    identities: ReadonlyMap<string, Identity>,
    users: ReadonlyMap<string, () => Promise<void>>,
    scratch: Scratch,
): Promise<CheckResult[]> {
    const tasks: Removal[] = [
        ...scratch.buckets.map((bucket) => ({
            what: `objects in ${bucket}`,
            remove: async () => scratch.remove(identities.get("deployer")!.clients().s3, bucket),
            staying: scratch.stayingIn(bucket).map((key) => `s3://${bucket}/${key}`),
        })),
        ...[...users].map(([what, remove]) => ({ what, remove, staying: [] })),
    ];
    return (await mapBounded(tasks, concurrency, faultOf)).flat();
}

interface Removal {
    readonly what: string;
    readonly remove: () => Promise<unknown>;
    /** What their writers could not remove themselves. */
    readonly staying: readonly string[];
}

async function faultOf({ what, remove, staying }: Removal): Promise<CheckResult[]> {
    try {
        await remove();
        return [];
    } catch (error) {
        const answer = failureAnswer(error);
        // Where the deployer is nobody, or refused, its checks say so.
        if ((answer.notTried || answer.refused) && staying.length === 0) return [];
        const note = staying.length > 0 ? { note: `Left there: ${staying.join(", ")}.` } : {};
        return [
            { id: "clean-up", name: what, identity: "deployer", expected: "removed", ok: false, ...answer, ...note },
        ];
    }
}
