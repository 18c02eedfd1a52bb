import { z } from "zod";

import { keyLife } from "./core/key-life";
import { type Store } from "./core/store";
import { createKey, listKeys, revokeKey } from "./keys";
import { type Readiness } from "./readiness";
import { type ShutOff } from "./shut-off";
import { type Watch } from "./watch";

const limit = z.int().min(1).max(1_000_000_000).optional();
const keyName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "1 to 63 small letters, digits and hyphens");

/** What the keeper can be asked for. */
export const task = z.discriminatedUnion("task", [
    /** Every few minutes, and as a month begins. */
    z.strictObject({ task: z.literal("keep") }),
    /** Once a day. */
    z.strictObject({ task: z.literal("daily") }),
    /** The report of today's costs. */
    z.strictObject({ task: z.literal("costs") }),
    z.strictObject({
        task: z.literal("restore"),
        reason: z.string().min(1).max(500),
        by: z.string().min(1),
        until: z.iso.datetime().optional(),
    }),
    /** For whoever verifies. */
    z.strictObject({ task: z.literal("beginTrial"), seconds: z.int().min(1).max(600) }),
    z.strictObject({ task: z.literal("endTrial") }),
    /** The same: as if the gate had been idle for its time. */
    z.strictObject({ task: z.literal("endInstances") }),
    z.strictObject({
        task: z.literal("createKey"),
        name: keyName,
        hash: z.string().regex(/^[0-9a-f]{64}$/),
        by: z.string().min(1),
        requestsPerHour: limit,
        requestsPerDay: limit,
        /** Ids of models or inference profiles; left out, it may call all of the environment's. */
        models: z.array(z.string().regex(/^\S+$/)).min(1).readonly().optional(),
        /** Left out, it is valid until it is revoked. */
        validSeconds: z.int().min(keyLife.shortest).max(keyLife.longest).optional(),
    }),
    z.strictObject({ task: z.literal("revokeKey"), name: keyName }),
    z.strictObject({ task: z.literal("listKeys") }),
]);

export type Task = z.infer<typeof task>;

interface ControlGround {
    readonly shutOff: ShutOff;
    readonly watch: Watch;
    /** Left out where there is no gate. */
    readonly readiness?: Readiness;
    readonly store: Store;
    readonly now: () => Date;
}

/** Does what the keeper's schedules and operators ask for: it alone writes the ledger, beside a gate. */
export async function control(asked: Task, { shutOff, watch, readiness, store, now }: ControlGround): Promise<unknown> {
    switch (asked.task) {
        case "keep":
            await shutOff.keep();
            await readiness?.endIfIdle();
            return watch.look();
        case "daily":
            return watch.daily();
        case "costs":
            return watch.report();
        case "restore": {
            const { reason, by, until } = asked;
            return shutOff.restore({ reason, by, ...(until === undefined ? {} : { until: new Date(until) }) });
        }
        case "beginTrial":
            return shutOff.beginTrial(asked.seconds * 1000);
        case "endTrial":
            return shutOff.endTrial();
        case "endInstances":
            return readiness?.end();
        case "createKey":
            return createKey(store, asked, now());
        case "revokeKey":
            return revokeKey(store, asked.name, now());
        case "listKeys":
            return listKeys(store);
    }
}
