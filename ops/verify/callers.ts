import { type ServiceName } from "../../services";
import { type Caller } from "../../services/checks";
import { type Keys } from "../aws/clients";
import { callsAtOnce, mapBounded } from "../aws/pool";
import { type Cluster } from "./cluster";
import { type Identity, notGiven, refused, vet, vetEnvironment } from "./identities";
import { NotGiven, outcomeInWords } from "./outcome";
import { type Planned } from "./plan";
import { type VerifyTarget } from "./target";
import { type TemporaryRights, temporaryUser } from "./temporary-users";

/** Who an identity is, for the map of identities. */
export function identityKey(caller: Caller, service: ServiceName): string {
    if (typeof caller === "object") return identityInWords(caller);
    return caller === "service" ? `service ${service}` : caller;
}

/** How a caller is called in the result. */
export function identityInWords(caller: Caller): string {
    if (typeof caller !== "object") return caller;
    if ("mayAssume" in caller) return `temporary user with sts:AssumeRole on ${caller.mayAssume}`;
    if ("temporaryMemberOf" in caller) return `temporary user in ${caller.temporaryMemberOf}`;
    if ("serviceAccount" in caller) return `service account ${caller.namespace}/${caller.serviceAccount}`;
    return `environment of the pods of ${caller.namespace}/${caller.environmentOf}`;
}

type TemporaryUser = Extract<Caller, { mayAssume: string } | { temporaryMemberOf: string }>;
type PodsEnvironment = Extract<Caller, { environmentOf: string }>;

export function isTemporary(caller: Caller): caller is TemporaryUser {
    return typeof caller === "object" && ("mayAssume" in caller || "temporaryMemberOf" in caller);
}

function isEnvironment(caller: Caller): caller is PodsEnvironment {
    return typeof caller === "object" && "environmentOf" in caller;
}

/** Finds out who everybody is that the checks need. */
export async function vetAll(
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
    await mapBounded(vetted, callsAtOnce, async ([name, work]) => void identities.set(name, await work()));
}

/** A service without static keys exports none. */
function keysOf(outputs: object | undefined): Keys | undefined {
    const { accessKeyId, secretAccessKey }: Partial<Keys> = outputs ?? {};
    return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
}

/** Makes the temporary users of the checks; `users` knows what removes each of them before it is made. */
export async function addUsers(
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
