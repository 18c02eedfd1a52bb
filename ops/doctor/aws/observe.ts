import { GetUserCommand, type IAMClient, paginateListAccessKeys } from "@aws-sdk/client-iam";
import { HeadBucketCommand, type S3Client } from "@aws-sdk/client-s3";

import { type ArnScope } from "../../../components/arn";
import { serviceFacts, type ServiceName } from "../../../services";
import { type KeyFacts } from "../../../services/access-keys";
import { type AwsResource } from "../../../services/resources";
import { type Settings } from "../../../stacks/settings";
import { type Caller, callerOf } from "../../aws/caller";
import { type Clients, clientsFor, closeClients, type Connection, type Keys as Credentials } from "../../aws/clients";
import { failureInWords, isNamed, isRefusal } from "../../aws/failures";
import { mapBounded } from "../../aws/pool";
import { interruptedKeyCreations } from "../../recover/state";
import { currentOutputs, keysInState } from "../../rotate/state";
import { type StackState } from "../../stack/backend";
import { resourcesOf } from "../../stack/resources";
import { hasLeftTrial } from "../../verify/left";
import { leftUsers } from "../../verify/temporary-users";
import { type Look } from "../facts";
import { observeDeclarations } from "./declarations";
import { type AwsDeclared, type AwsFacts, type Keys, type ServiceFacts, type UnfinishedUpdate } from "./facts";
import { type Need, needsOf } from "./needs";
import { type Judgement, policySourceOf, type Principal, principalOf, simulate } from "./simulate";

/** What doctor looks at AWS with. */
export interface AwsAccess {
    /** The deployer's credentials, or why there are none. */
    readonly credentials: Look<Credentials>;
    /** The read-only operator's, who sees more. @default the deployer's */
    readonly reader?: Credentials;
    readonly connection: Connection;
    /** The stack's state, asked for only with credentials of its account. */
    state(): Promise<Look<StackState>>;
}

/** What is looked at. */
export interface AwsWish {
    readonly services: readonly ServiceName[];
    readonly settings: Settings;
    readonly declared: AwsDeclared;
}

/** How many calls run side by side: IAM takes few simulations at once. */
const concurrency = 4;

/** Looks at everything that can be looked at; with credentials of another account at nothing. */
export async function observeAws(access: AwsAccess, wish: AwsWish): Promise<AwsFacts> {
    const absent = { state: "absent" } as const;
    const nothing = {
        now: new Date(),
        update: absent,
        leftUsers: absent,
        declarations: absent,
        outdated: [],
        services: [],
    } as const;
    const { credentials, connection } = access;
    if (credentials.state !== "found") {
        const why = credentials.state === "unseen" ? credentials.why : "there are no credentials";
        return { ...nothing, fault: { kind: "none", why } };
    }
    let caller: Caller;
    try {
        caller = await callerOf(credentials.value, connection);
    } catch (error) {
        const kind = isRefusal(error) ? "refused" : "unreachable";
        return { ...nothing, fault: { kind, why: failureInWords(error) } };
    }
    const { arn, accountId, partition } = caller;
    const principal = principalOf(arn);
    const seen = { ...nothing, caller: { arn, accountId, principal } };
    if (!wish.declared.accountIds.includes(accountId)) return seen;
    const clients = clientsFor(credentials.value, connection);
    try {
        const scope = { partition, accountId, region: wish.declared.region };
        const ask = await askerOf(clients.iam, principal, arn, connection);
        const state = await access.state();
        const look = (service: ServiceName) => lookAt(service, { wish, scope, clients, ask, state });
        const asker = { keys: access.reader ?? credentials.value, clients, connection, accountId, partition };
        return {
            ...seen,
            declarations:
                state.state === "found"
                    ? await looking(() => observeDeclarations(state.value.exported, wish.services, asker))
                    : state,
            outdated: state.state === "found" ? currentOutputs(state.value.exported).outdated : [],
            update: unfinishedUpdate(state),
            leftUsers: await looking(() => leftUsers(clients.iam, seen.now)),
            services: await mapBounded(wish.services, 1, look),
        };
    } finally {
        closeClients(clients);
    }
}

interface Session {
    readonly wish: AwsWish;
    readonly scope: ArnScope;
    readonly clients: Clients;
    readonly ask: (needs: readonly Need[]) => Promise<Look<readonly Judgement[]>>;
    readonly state: Look<StackState>;
}

function unfinishedUpdate(state: Look<StackState>): Look<UnfinishedUpdate> {
    if (state.state !== "found") return state;
    const { exported, locks } = state.value;
    const pending = (exported.deployment.pending_operations ?? []).map(
        ({ type, resource }) => `${type} ${resource.type} ${resource.urn.split("::").at(-1)}`,
    );
    if (locks?.length || pending.length > 0) return { state: "found", value: { locks, pending } };
    return locks
        ? { state: "absent" }
        : { state: "unseen", why: "only a backend in a folder tells who holds its locks" };
}

async function lookAt(service: ServiceName, session: Session): Promise<ServiceFacts> {
    const { wish, scope, clients, ask, state } = session;
    const resources = resourcesOf(service, wish.settings);
    const names = resources.filter(({ kind }) => kind === "bucket").map(({ name }) => name);
    const keys = await keysOf(service, state, clients.iam);
    const buckets = await mapBounded(names, concurrency, async (name) => ({
        name,
        region: await looking(() => regionOf(clients.s3, name)),
    }));
    return {
        service,
        permissions: await ask(needsOf(resources, scope)),
        buckets,
        unmanaged: await looking(() => unmanagedOf(resources, buckets, state, clients.iam)),
        keys,
        trialLeft:
            keys.state === "found" && (await hasLeftTrial(clients.iam, keys.value.userName).catch(() => undefined)),
    };
}

/** What exists under the service's names without being the stack's: an update fails to create it. */
async function unmanagedOf(
    resources: readonly AwsResource[],
    buckets: ServiceFacts["buckets"],
    state: Look<StackState>,
    iam: IAMClient,
): Promise<string[] | undefined> {
    if (state.state !== "found") return undefined;
    const managed = new Set(
        (state.value.exported.deployment.resources ?? []).flatMap(({ type, inputs }) => {
            if (type === "aws:s3/bucket:Bucket") return [`bucket ${String(inputs?.bucket)}`];
            return type === "aws:iam/user:User" ? [`user ${String(inputs?.name)}`] : [];
        }),
    );
    const users = resources.filter(({ kind, name }) => kind === "user" && !managed.has(`user ${name}`));
    const there = await mapBounded(users, concurrency, async ({ name }) => {
        const found = await iam.send(new GetUserCommand({ UserName: name })).catch((error: unknown) => {
            if (isNamed(error, "NoSuchEntity", "NoSuchEntityException")) return undefined;
            throw error;
        });
        return found ? [`user ${name}`] : [];
    });
    const found = buckets.flatMap(({ name, region }) => (region.state === "found" ? [`bucket ${name}`] : []));
    return [...found.filter((what) => !managed.has(what)), ...there.flat()];
}

async function looking<Value>(look: () => Promise<Value | undefined>): Promise<Look<Value>> {
    try {
        const value = await look();
        return value === undefined ? { state: "absent" } : { state: "found", value };
    } catch (error) {
        return { state: "unseen", why: failureInWords(error) };
    }
}

/** What asks IAM about the caller's own rights. */
async function askerOf(iam: IAMClient, principal: Principal, arn: string, { endpoint }: Connection) {
    if (principal.kind === "root") return async () => ({ state: "absent" }) as const;
    if (principal.kind === "other") {
        const why = `IAM cannot be asked about the policies of ${arn}`;
        return async () => ({ state: "unseen", why }) as const;
    }
    const source = await policySourceOf(iam, principal);
    return async (needs: readonly Need[]): Promise<Look<readonly Judgement[]>> => {
        try {
            const one = (need: Need) =>
                need.passedTo && endpoint !== undefined
                    ? Promise.resolve(need.actions.map((action) => notSimulated(action, need.resource)))
                    : simulate(iam, source, need);
            return { state: "found", value: (await mapBounded(needs, concurrency, one)).flat() };
        } catch (error) {
            return { state: "unseen", why: `iam:SimulatePrincipalPolicy on ${source}: ${failureInWords(error)}` };
        }
    };
}

function notSimulated(action: string, resource: string): Judgement {
    const why = "the emulator's simulation does not look at conditions such as iam:PassedToService";
    return { action, resource, verdict: "unknown", why };
}

/** Where a bucket is; S3 says it with a refusal too. Undefined where there is none. */
async function regionOf(s3: S3Client, Bucket: string): Promise<string | undefined> {
    try {
        return (await s3.send(new HeadBucketCommand({ Bucket }))).BucketRegion;
    } catch (error) {
        const { $response } = error as { $response?: { headers?: Readonly<Record<string, string>> } };
        const region = $response?.headers?.["x-amz-bucket-region"];
        if (region) return region;
        if (isNamed(error, "NotFound", "NoSuchBucket")) return undefined;
        throw error;
    }
}

async function keysOf(service: ServiceName, state: Look<StackState>, client: IAMClient): Promise<Look<Keys>> {
    if (state.state !== "found") return state;
    const { exported } = state.value;
    const own = currentOutputs(exported).outputs[service];
    const { keys } = serviceFacts[service];
    const userName = own && (keys as KeyFacts<typeof own>).user(own);
    const { accessKeyId: published, accessKeyIds: known } = (own ?? {}) as Published;
    if (userName === undefined || published === undefined) return { state: "absent" };
    return looking(async () => {
        const inIam: { id: string; active: boolean; created?: Date }[] = [];
        for await (const page of paginateListAccessKeys({ client }, { UserName: userName })) {
            for (const { AccessKeyId: id = "", Status, CreateDate: created } of page.AccessKeyMetadata ?? []) {
                inIam.push({ id, active: Status === "Active", created });
            }
        }
        const inState = keysInState(exported, userName).map(({ accessKeyId }) => accessKeyId);
        return {
            userName,
            published,
            known: [...new Set([...(known ?? [published]), ...inState])],
            unfinished: interruptedKeyCreations(exported).some(({ user }) => user === userName),
            inIam,
            maximumAgeDays: keys.maximumAgeDays,
        };
    });
}

/** A service without static keys exports none. */
interface Published {
    readonly accessKeyId?: string;
    readonly accessKeyIds?: readonly string[];
}
