import { type AccessKeySettings } from "../../components/scoped-identity/access-keys";
import { serviceFacts, type ServiceName } from "../../services";
import { type KeyFacts } from "../../services/access-keys";
import { type Settings } from "../../stacks/settings";
import { type LocalCloudStatus } from "../cli/host";
import { mayBeAlive, type UpdateLock } from "../recover/lock";
import { keySettings } from "../rotate/settings";
import { createdKeys, currentOutputs } from "../rotate/state";
import { type PastUpdate, type StackState } from "../stack/backend";

/** A stack at a glance, by what its backend and its settings say; AWS is asked for the shut-off alone. */
export interface Status {
    readonly stack: string;
    /** Where the stack's cloud is this machine's. */
    readonly localCloud?: LocalCloudStatus;
    readonly resources: number;
    readonly lastUpdate: PastUpdate | undefined;
    /** The last refresh, which looks for changes made by hand. */
    readonly lastRefresh: PastUpdate | undefined;
    readonly update: UpdateStatus;
    readonly services: readonly ServiceStatus[];
}

export type UpdateStatus =
    | { readonly state: "none" }
    /** `lock` is undefined where the backend does not tell who is at work. */
    | { readonly state: "running"; readonly lock: UpdateLock | undefined; readonly pending: number }
    | { readonly state: "interrupted"; readonly pending: number };

export interface ServiceStatus {
    readonly service: ServiceName;
    readonly deployed: boolean;
    /** Another version of the program has deployed it, and no more is known. @default false */
    readonly outdated?: boolean;
    /** Undefined where it has no static keys. */
    readonly keys?: KeyStatus;
    /** Whether its work is denied, its budget being used up; undefined where it has no such thing, or nobody said so. */
    readonly shutOff?: boolean;
}

export interface KeyStatus {
    readonly published: number;
    /** When the published key was made; undefined where the state has no such key. */
    readonly created?: Date;
    readonly maximumAgeDays: number;
    /** `due` where it is older than it may be. */
    readonly rotation: "at rest" | "due" | "under way";
    /** The generation that is on its way out, and whether AWS refuses it already. */
    readonly retiring?: { readonly generation: number; readonly inactive: boolean };
    /** When the last step of the rotation was taken. */
    readonly since?: string;
}

/** Everything but the local cloud and the shut-off, which have to be asked. */
export function statusOf(
    stack: string,
    settings: Settings,
    { exported, locks }: StackState,
    history: readonly PastUpdate[],
    now: Date,
): Status {
    const { resources = [], pending_operations: pending = [] } = exported.deployment;
    const { outputs, outdated } = currentOutputs(exported);
    return {
        stack,
        // The stack itself and the providers are no resources to people.
        resources: resources.filter(({ type }) => !type.startsWith("pulumi:")).length,
        lastUpdate: history.find(({ kind }) => kind !== "refresh"),
        lastRefresh: history.find(({ kind }) => kind === "refresh"),
        update: updateStatus(locks, pending.length),
        services: settings.services.map((service) => {
            const own = outputs[service];
            const facts = serviceFacts[service].keys as KeyFacts<NonNullable<typeof own>>;
            const user = own && facts.user(own);
            const keys = keySettings(settings, service, facts.settings);
            return {
                service,
                deployed: own !== undefined || outdated.some((one) => one.service === service),
                ...(own === undefined && outdated.some((one) => one.service === service) ? { outdated: true } : {}),
                ...(user !== undefined && keys
                    ? { keys: keyStatus(keys, createdKeys(exported, user), facts.maximumAgeDays, now) }
                    : {}),
            };
        }),
    };
}

function updateStatus(locks: readonly UpdateLock[] | undefined, pending: number): UpdateStatus {
    const running = locks?.find(mayBeAlive);
    // Where the backend does not tell, what is unfinished may be somebody's at work.
    if (running || (!locks && pending > 0)) return { state: "running", lock: running, pending };
    return locks?.length || pending > 0 ? { state: "interrupted", pending } : { state: "none" };
}

function keyStatus(
    { generations, published, retiring, since }: AccessKeySettings,
    created: ReadonlyMap<number, Date>,
    maximumAgeDays: number,
    now: Date,
): KeyStatus {
    const made = created.get(published);
    const days = made === undefined ? 0 : (now.getTime() - made.getTime()) / 86_400_000;
    return {
        published,
        created: made,
        maximumAgeDays,
        // A deletion that was written and not applied is not at its end.
        rotation: generations.length > 1 || created.size > 1 ? "under way" : days >= maximumAgeDays ? "due" : "at rest",
        retiring,
        since,
    };
}
