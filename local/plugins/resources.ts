// One resource's life: what is planned by pure functions, done by its type, and told to the engine.

import type { ResourceType } from "./declare";
import { Refusal } from "./errors";
import { FailedAfterCreation } from "./failed-after-creation";
import type { NameRequest } from "./names";
import type { Asked, Configured, Found, ResourceCalls } from "./package";
import * as plan from "./plan";
import { allTags, tagsAllChanged } from "./tags";
import { send, type Properties, type Received } from "./wire";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** AWS may not show at once what it just made; as long as this the official plugin waits too. */
const READ_AFTER_CREATE_ATTEMPTS = 10;
const READ_AFTER_CREATE_PAUSE_MS = 1000;

export class Resources<Context> implements ResourceCalls {
    constructor(
        private readonly type: ResourceType<Context>,
        private readonly settings: Configured<Context>,
    ) {}

    check(news: Received, olds: Properties | undefined, request: NameRequest): plan.Checked {
        return plan.check(this.type, news.values, olds, request);
    }

    diff(oldInputs: Properties, newInputs: Properties, oldOutputs: Properties): plan.Difference {
        const olds = this.withRegion(oldInputs, oldOutputs["region"]);
        const difference = plan.diff(this.type, olds, this.withRegion(newInputs, this.settings.region));
        const tagsShown = difference.changes.some(({ path }) => plan.rootOf(path) === "tags");
        if (
            this.type.tagged === true &&
            !tagsShown &&
            tagsAllChanged(this.settings.defaultTags, newInputs, oldOutputs)
        ) {
            difference.changes.push({ path: "tagsAll", kind: "update", replace: false });
        }
        return difference;
    }

    async create(inputs: Received, { preview }: Asked): Promise<{ id: string; outputs: Struct }> {
        const declared = plan.withoutDefaultsKey(inputs.values);
        const secrets = plan.secretOutputs(this.type, inputs.secrets);
        if (preview) {
            const planned = plan.plannedCreate(
                this.type,
                this.withRegion(declared, this.settings.region),
                this.settings.defaultTags,
            );
            return { id: "", outputs: send(planned, secrets) };
        }
        const life = this.lifecycle();
        const context = this.contextOf(declared);
        let made: { id: string; once: Properties } | undefined;
        try {
            await life.create(context, this.tagged(declared), (id, once = {}) => {
                made = { id, once };
            });
            const created = made as { id: string; once: Properties } | undefined;
            if (created === undefined) {
                throw new Refusal(`${this.type.token} was created without an id.`);
            }
            const live = await this.readNew(context, created.id, { ...declared, ...created.once });
            return {
                id: created.id,
                outputs: send(plan.outputsAfterRead(this.type, declared, live, created.once), secrets),
            };
        } catch (error) {
            const created = made as { id: string; once: Properties } | undefined;
            if (created === undefined) {
                throw error;
            }
            const live = await life.read(context, created.id, { ...declared, ...created.once }).catch(() => undefined);
            const outputs = plan.outputsAfterRead(this.type, declared, live ?? declared, created.once);
            throw new FailedAfterCreation(
                error,
                created.id,
                send(outputs, secrets),
                send(inputs.values, inputs.secrets),
            );
        }
    }

    async read(id: string, state: Received, inputs: Received | undefined): Promise<Found | undefined> {
        const importing = Object.keys(state.values).length === 0 && Object.keys(inputs?.values ?? {}).length === 0;
        const known = { ...state.values, ...plan.withoutDefaultsKey(inputs?.values ?? {}) };
        const life = this.lifecycle();
        const live = await life.read(
            this.contextOf(known),
            id,
            state.values["id"] === undefined ? known : { ...known, ...state.values },
        );
        if (live === undefined) {
            return undefined;
        }
        const olds = importing ? undefined : (inputs?.values ?? {});
        const merged = plan.inputsAfterRead(this.type, olds, live, this.settings.defaultTags);
        if (merged["region"] === this.settings.region && olds?.["region"] === undefined) {
            delete merged["region"];
        }
        const inputSecrets = new Set([...(inputs?.secrets ?? []), ...(this.type.secretOutputs ?? [])]);
        const secrets = new Set([...plan.secretOutputs(this.type, inputSecrets), ...state.secrets]);
        const outputs = plan.outputsAfterRead(this.type, plan.withoutDefaultsKey(merged), live, state.values);
        return {
            id: life.identify?.(live) ?? id,
            outputs: send(outputs, secrets),
            inputs: send(merged, inputSecrets),
        };
    }

    async update(
        id: string,
        oldInputs: Received,
        news: Received,
        state: Received,
        { preview }: Asked,
    ): Promise<Struct> {
        const declared = plan.withoutDefaultsKey(news.values);
        const secrets = plan.secretOutputs(this.type, news.secrets);
        if (preview) {
            const olds = plan.withoutDefaultsKey(oldInputs.values);
            return send(
                plan.plannedUpdate(this.type, olds, declared, state.values, this.settings.defaultTags),
                secrets,
            );
        }
        const life = this.lifecycle();
        const context = this.contextOf({ ...state.values, ...declared });
        if (life.update === undefined) {
            throw new Refusal(`${this.type.token} has nothing that can be changed in place.`);
        }
        await life.update(context, id, this.tagged(declared), state.values);
        const live = await life.read(context, id, { ...state.values, ...declared });
        if (live === undefined) {
            throw new Refusal(`${this.type.token} ${id} was gone right after it was updated.`);
        }
        return send(plan.outputsAfterRead(this.type, declared, live, state.values), secrets);
    }

    async delete(id: string, state: Received, oldInputs: Received): Promise<void> {
        const known = { ...plan.withoutDefaultsKey(oldInputs.values), ...state.values };
        await this.lifecycle().delete(this.contextOf(known), id, known);
    }

    private lifecycle(): Required<Pick<ResourceType<Context>, "create" | "read" | "delete">> & ResourceType<Context> {
        const { previewOnly, create, read, delete: remove } = this.type;
        if (create === undefined || read === undefined || remove === undefined) {
            throw new Refusal(previewOnly ?? `${this.type.token} can only be previewed.`);
        }
        return { ...this.type, create, read, delete: remove };
    }

    private async readNew(context: Context, id: string, known: Properties): Promise<Properties> {
        const { read } = this.lifecycle();
        for (let attempt = 1; ; attempt++) {
            const live = await read(context, id, known);
            if (live !== undefined) {
                return live;
            }
            if (attempt === READ_AFTER_CREATE_ATTEMPTS) {
                throw new Refusal(`${this.type.token} ${id} was created but cannot be found.`);
            }
            await new Promise((resolve) => setTimeout(resolve, READ_AFTER_CREATE_PAUSE_MS));
        }
    }

    /** `tags` with the default tags in them: what AWS is to have. */
    private tagged(inputs: Properties): Properties {
        return this.type.tagged === true
            ? { ...inputs, tags: allTags(this.settings.defaultTags, inputs["tags"]) }
            : inputs;
    }

    private contextOf(values: Properties): Context {
        const region = values["region"];
        return this.settings.context(typeof region === "string" ? region : undefined);
    }

    /** A resource that says no region has its provider's; where that changes, the resource must be made anew. */
    private withRegion(inputs: Properties, region: unknown): Properties {
        const regional = this.type.inputs["region"] !== undefined && typeof region === "string";
        return regional && inputs["region"] === undefined ? { ...inputs, region } : inputs;
    }
}
