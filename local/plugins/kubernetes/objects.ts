// One object's life: what is declared is applied on the server, awaited, read back, and given up.

import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { withoutDefaultsKey, type Checked } from "../check";
import type { Difference } from "../diff";
import { Refusal } from "../errors";
import { FailedAfterCreation } from "../failed-after-creation";
import type { NameRequest } from "../names";
import type { Asked, Found, ResourceCalls } from "../package";
import { hasUnknown, send, type Properties, type Received } from "../wire";
import { apply, withPlace, type Application } from "./apply";
import { check, secretFields } from "./check";
import type { Cluster } from "./cluster";
import type { KubernetesContext } from "./context";
import { diff } from "./diff";
import { ApiFailure, isGone, Unreachable } from "./failure";
import { annotation, idOf, kindOf, parseId, spell, textAt, typeOf, type Identity, type TypeToken } from "./identity";
import { inputsOfImported, isOurs, MANAGER_PREFIX, managersOf } from "./imported";
import { declaredAsLive, FIELD_MANAGER, outputsOf } from "./live";
import { declaredIdentity, newIdentity, placed, refuseExisting, whileAppearing } from "./placement";
import { plannedCreate, plannedUpdate } from "./planned";
import { withoutValues } from "./secrets";
import { lackOf, waitUntilGone, waitUntilReady } from "./waits/wait";

const PROPAGATION = "pulumi.com/deletionPropagationPolicy";

export class Objects implements ResourceCalls {
    constructor(
        private readonly token: string,
        private readonly context: KubernetesContext,
    ) {}

    check({ values }: Received, olds: Properties | undefined, request: NameRequest): Checked {
        return check(this.typeFor(values), values, olds, request);
    }

    diff(oldInputs: Properties, newInputs: Properties, oldOutputs: Properties): Difference {
        const [olds, news] = [withoutDefaultsKey(oldInputs), withoutDefaultsKey(newInputs)];
        return diff(this.typeFor(news), this.context.settings, this.context.namespace, olds, news, oldOutputs);
    }

    async create(inputs: Received, asked: Asked): Promise<{ id: string; outputs: Struct }> {
        const declared = withoutDefaultsKey(inputs.values);
        const type = this.typeFor(declared);
        const secrets = [...inputs.secrets, ...secretFields(type, declared)];
        const manager = newManager();
        return withoutSecretValues(declared, secrets, async () => {
            if (asked.preview) {
                const live = await this.previewed(declared, (cluster) =>
                    this.previewCreate(cluster, type, declared, manager, asked),
                );
                return { id: "", outputs: send(plannedCreate(type, declared, live), secrets) };
            }
            const cluster = await this.context.cluster();
            const identity = await newIdentity(this.context, cluster, type, declared);
            await refuseExisting(this.context, cluster, type, identity);
            const application = { identity, declared, manager, known: {} };
            const made = await whileAppearing(cluster, () => apply(this.context, cluster, application, asked));
            const outputs = await this.settled(cluster, type, application, made, asked, inputs, secrets);
            return { id: idOf(identity), outputs };
        });
    }

    async read(id: string, state: Received, inputs: Received | undefined): Promise<Found | undefined> {
        const olds = withoutDefaultsKey(inputs?.values ?? {});
        const importing = Object.keys(olds).length === 0;
        const type = this.typeFor({ ...state.values, ...olds });
        const cluster = await this.context.cluster();
        const place = { ...kindOf(type, { ...state.values, ...olds }), ...parseId(id) };
        const identity = await placed(this.context, cluster, place);
        const live = await cluster.get(identity);
        if (live === undefined) {
            return undefined;
        }
        const applier = managersOf(live).find((one) => one.applies && isOurs(one));
        const manager = textAt(state.values, FIELD_MANAGER) ?? (importing ? applier?.name : undefined);
        const merged = importing ? inputsOfImported(type, live) : await drifted(cluster, identity, olds, live, manager);
        const inputSecrets = [...(inputs?.secrets ?? []), ...secretFields(type, merged)];
        const outputs = send(outputsOf(type, live, merged, manager), [...state.secrets, ...inputSecrets]);
        const found = { id: idOf(identity), outputs, inputs: send(merged, inputSecrets) };
        const lack = importing ? undefined : await lackOf(cluster, identity, merged, live);
        if (lack !== undefined) {
            // The engine notes it, and the next update waits again.
            throw new FailedAfterCreation(new Refusal(lack), found.id, found.outputs, found.inputs);
        }
        return found;
    }

    async update(id: string, oldInputs: Received, news: Received, state: Received, asked: Asked): Promise<Struct> {
        const declared = withoutDefaultsKey(news.values);
        const known = withoutDefaultsKey(oldInputs.values);
        const type = this.typeFor(declared);
        const secrets = [...news.secrets, ...secretFields(type, declared)];
        const manager = textAt(state.values, FIELD_MANAGER) ?? newManager();
        const place = { ...kindOf(type, declared), ...parseId(id) };
        return withoutSecretValues(declared, secrets, async () => {
            if (asked.preview) {
                const live = await this.previewed(declared, async (cluster) => {
                    const identity = await placed(this.context, cluster, place, true);
                    return (await cluster.get(identity, true)) === undefined
                        ? undefined
                        : apply(this.context, cluster, { identity, declared, manager, known }, asked);
                });
                return send(plannedUpdate(type, declared, live, state.values), secrets);
            }
            const cluster = await this.context.cluster();
            const identity = await placed(this.context, cluster, place);
            if ((await cluster.get(identity)) === undefined) {
                throw new Refusal(
                    `${spell(identity)} is gone. Run \`pulumi refresh\`, then \`pulumi up\` makes it anew.`,
                );
            }
            const application = { identity, declared, manager, known };
            const made = await apply(this.context, cluster, application, asked);
            return this.settled(cluster, type, application, made, asked, news, secrets);
        });
    }

    async delete(id: string, state: Received, oldInputs: Received, asked: Asked): Promise<void> {
        const known = { ...state.values, ...withoutDefaultsKey(oldInputs.values) };
        const type = this.typeFor(known);
        const cluster = await this.context.cluster();
        const identity = await placed(this.context, cluster, { ...kindOf(type, known), ...parseId(id) });
        if ((await cluster.get(identity)) === undefined) {
            return;
        }
        if (!type.patch) {
            await cluster.delete(identity, propagation(known));
            return waitUntilGone(cluster, identity, known, asked.timeoutSeconds);
        }
        const manager = textAt(state.values, FIELD_MANAGER);
        if (manager !== undefined) {
            // An apply of nothing gives up every field; what somebody else has set too stays.
            await cluster.apply(identity, withPlace({}, identity), { manager, force: false, dryRun: false });
        }
    }

    private typeFor(values: Properties): TypeToken {
        const type = typeOf(this.token, values);
        if (type === undefined) {
            throw new Refusal(`${this.token} is no type of an object.`);
        }
        return type;
    }

    /** Undefined where the object exists: it may be about to be replaced, and then nothing can be told. */
    private async previewCreate(
        cluster: Cluster,
        type: TypeToken,
        declared: Properties,
        manager: string,
        asked: Asked,
    ): Promise<Properties | undefined> {
        const identity = await placed(this.context, cluster, declaredIdentity(type, declared), true);
        const exists = (await cluster.get(identity, true)) !== undefined;
        return exists === type.patch || this.context.settings.upsert
            ? apply(this.context, cluster, { identity, declared, manager, known: {} }, asked)
            : undefined;
    }

    /** What the API server would make of it; undefined where it cannot be asked. */
    private async previewed(
        declared: Properties,
        ask: (cluster: Cluster) => Promise<Properties | undefined>,
    ): Promise<Properties | undefined> {
        if (hasUnknown(declared)) {
            return undefined;
        }
        const cluster = await this.context.clusterForPreview();
        try {
            return cluster === undefined ? undefined : await ask(cluster);
        } catch (error) {
            if (error instanceof Unreachable) {
                await this.context.warnUnreachable(error.message);
                return undefined;
            }
            // Its namespace or its kind is still to be made.
            if (isGone(error)) {
                return undefined;
            }
            throw error;
        }
    }

    /** The outputs once the object is as awaited. It exists by now: a failure must not lose it. */
    private async settled(
        cluster: Cluster,
        type: TypeToken,
        { identity, declared, manager }: Application,
        made: Properties,
        asked: Asked,
        inputs: Received,
        secrets: readonly string[],
    ): Promise<Struct> {
        const outputs = (live: Properties): Struct => send(outputsOf(type, live, declared, manager), secrets);
        try {
            return outputs(await waitUntilReady(cluster, identity, declared, made, asked.timeoutSeconds));
        } catch (error) {
            const live = (await cluster.get(identity, true).catch(() => undefined)) ?? made;
            throw new FailedAfterCreation(error, idOf(identity), outputs(live), send(inputs.values, secrets));
        }
    }
}

/** The declared fields as they are; what differs only in spelling is told apart by the API server's own answer. */
async function drifted(
    cluster: Cluster,
    identity: Identity,
    declared: Properties,
    live: Properties,
    manager: string | undefined,
): Promise<Properties> {
    const merged = declaredAsLive(declared, live);
    if (isDeepStrictEqual(merged, declared) || manager === undefined) {
        return merged;
    }
    const options = { manager, force: true, dryRun: true };
    const wanted = await cluster.apply(identity, withPlace(declared, identity), options).catch((error: unknown) => {
        // Whoever may only read, or holds what is no longer valid, gets the plain comparison.
        if (error instanceof ApiFailure) {
            return undefined;
        }
        throw error;
    });
    return wanted === undefined ? merged : declaredAsLive(declared, live, wanted.body);
}

async function withoutSecretValues<T>(
    declared: Properties,
    secrets: readonly string[],
    work: () => Promise<T>,
): Promise<T> {
    try {
        return await work();
    } catch (error) {
        throw withoutValues(error, declared, secrets);
    }
}

/** Each resource has a name of its own, so that two patches of one object do not take each other's fields away. */
function newManager(): string {
    return MANAGER_PREFIX + randomBytes(4).toString("hex");
}

const POLICIES: Record<string, string> = { orphan: "Orphan", background: "Background" };

function propagation(known: Properties): string {
    return POLICIES[(annotation(known, PROPAGATION) ?? "").toLowerCase()] ?? "Foreground";
}
