import { type Key, type Store, text } from "./core/store";

/** Instances of the gate that wait for requests, and cost money while they wait. */
export interface Instances {
    /** Asks for them; where they are there, nothing changes. */
    begin(): Promise<void>;
    /** Takes them away; where there are none, nothing changes. */
    end(): Promise<void>;
}

export interface ReadinessGround {
    readonly store: Store;
    readonly instances: Instances;
    readonly now: () => Date;
    readonly log: (event: string, facts: Readonly<Record<string, unknown>>) => void;
}

const useKey: Key = { partition: "gate", sort: "use" };

const minute = 60_000;

/** After how long a process asks for the instances again, in milliseconds: something may have taken them away. */
const askAgain = 5 * minute;

/** Keeps instances ready while the gate is used, and ends them when it is idle (E9). */
export class Readiness {
    private begunAt = -Infinity;

    constructor(
        private readonly idleMinutes: number,
        private readonly ground: ReadinessGround,
    ) {}

    /** A request has come. Nobody waits for what follows, and no request fails of it. */
    used(): void {
        void this.note().catch((error: Error) => this.ground.log("instances not kept ready", { error: error.message }));
    }

    private async note(): Promise<void> {
        const { store, instances, now } = this.ground;
        const lastUsedAt = text(await store.get(useKey), "lastUsedAt");
        const time = now();
        if (lastUsedAt !== undefined && time.getTime() - Date.parse(lastUsedAt) < minute) return;
        try {
            // What the keeper has ended begins again at once.
            if (lastUsedAt === undefined || time.getTime() - this.begunAt >= askAgain) {
                this.begunAt = time.getTime();
                await instances.begin();
            }
        } finally {
            await store.transact([{ key: useKey, set: { lastUsedAt: time.toISOString() } }]);
        }
    }

    /** Every few minutes, by the keeper. */
    async endIfIdle(): Promise<void> {
        const lastUsedAt = text(await this.ground.store.get(useKey), "lastUsedAt");
        // It is a minute behind.
        const idle = (this.idleMinutes + 1) * minute;
        if (lastUsedAt === undefined || this.ground.now().getTime() - Date.parse(lastUsedAt) < idle) return;
        await this.end();
    }

    /** Whoever uses the gate next begins them again. */
    async end(): Promise<void> {
        const { store, instances, log } = this.ground;
        await instances.end();
        log("instances ended", {});
        await store.transact([{ key: useKey, remove: ["lastUsedAt"] }]);
    }
}
