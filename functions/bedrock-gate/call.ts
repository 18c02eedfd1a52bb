import { type Models } from "./adapters/bedrock";
import { type Ask } from "./core/ask";
import { type Lease, type Limits } from "./core/ledger";
import { type ModelPrice } from "./core/prices";
import { cannotCount, type GateError } from "./core/refusal";
import { type Store } from "./core/store";

/** Who asks, and what it may. */
export interface Caller {
    /** Stable: a user, a role or a gate key; never a session, whose name its holder chooses. */
    readonly id: string;
    /** Limits of its own. @default the gate's */
    readonly limits?: Partial<Pick<Limits, "requestsPerHour" | "requestsPerDay">>;
    /** Which models it may call. @default all of the environment's */
    readonly models?: readonly string[];
}

/** One request. */
export interface Call {
    readonly requestId: string;
    readonly caller: Caller;
    readonly ask: Ask;
    /** Headers of the caller that Bedrock reads. */
    readonly headers: Readonly<Record<string, string>>;
    /** Neither answered from the cache nor kept in it. */
    readonly noStore: boolean;
    readonly idempotencyKey?: string;
}

/** One request that may be sent: what it can cost is set aside. */
export interface Admitted {
    readonly call: Call;
    readonly price: ModelPrice;
    /** Where its answer is kept; undefined where it is not. */
    readonly key: string | undefined;
    readonly lease: Lease;
    /** The answer's limit, where it was made shorter. */
    readonly outputTokens: number | undefined;
}

/** What the caller gets. */
export interface Answer {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body: Uint8Array | ReadableStream<Uint8Array>;
}

/** What the gate stands on. */
export interface Ground {
    readonly store: Store;
    readonly models: Models;
    readonly now: () => Date;
    /** One line of its log. */
    readonly log: (event: string, facts: Readonly<Record<string, unknown>>) => void;
    /** Told after each charge; the shut-off looks at the totals then. */
    readonly charged: () => Promise<void>;
}

/** Thrown for everything that the gate refuses; a surface writes it in its own error format. */
export class Refused extends Error {
    override readonly name = "Refused";
    constructor(readonly error: GateError) {
        super(error.message);
    }
}

/** Fails closed: what cannot be counted is not sent. */
export async function counted<Result>({ log }: Pick<Ground, "log">, count: () => Promise<Result>): Promise<Result> {
    try {
        return await count();
    } catch (error) {
        log("cannot count", { error: (error as Error).message });
        throw new Refused(cannotCount);
    }
}

/** @throws Refused where a caller may not call a model, by its id */
export function requireModel(id: string, { models }: Caller): void {
    if (models === undefined || models.includes(id)) return;
    throw new Refused({
        status: 403,
        code: "model_not_allowed",
        message: `${id} is not among the models that this key may call: ${models.join(", ")}`,
    });
}
