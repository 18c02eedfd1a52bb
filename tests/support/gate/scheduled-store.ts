import type * as fc from "fast-check";

import { type Item, type Key, type Refused, type Store, type Write } from "../../../functions/bedrock-gate/core/store";

/** What happens to its user at one call of the table, counted from 0. */
export interface Mishap {
    readonly call: number;
    /** It dies there and never goes on, or it is told that the call failed. */
    readonly kind: "dies" | "fails";
    /** Whether the table has done what it was asked for before. */
    readonly done: boolean;
}

/** What a user is told whose call failed. */
export const tableFails = "the table does not answer";

/** A table whose every call goes out and comes back when a scheduler says so, and whose user may die on the way. */
export class ScheduledStore implements Store {
    private calls = 0;

    constructor(
        private readonly inner: Store,
        private readonly scheduler: fc.Scheduler,
        private readonly mishaps: readonly Mishap[] = [],
    ) {}

    transact(writes: readonly Write[]): Promise<Refused | undefined> {
        return this.step(() => this.inner.transact(writes));
    }

    get(key: Key): Promise<Item | undefined> {
        return this.step(() => this.inner.get(key));
    }

    list(partition: string, before?: string): Promise<ReadonlyMap<string, Item>> {
        return this.step(() => this.inner.list(partition, before));
    }

    private async step<Result>(run: () => Promise<Result>): Promise<Result> {
        const call = this.calls++;
        const mishap = this.mishaps.find((one) => one.call === call);
        await this.scheduler.schedule(Promise.resolve(), "to the table");
        const result = mishap?.done === false ? undefined : await run();
        if (mishap?.kind === "dies") return new Promise(() => undefined);
        await this.scheduler.schedule(Promise.resolve(), "from the table");
        if (mishap) throw new Error(tableFails);
        return result as Result;
    }
}
