import { type RecordedCall } from "./calls";
import { type ErrorName } from "./errors";
import { type ServiceTier } from "./options";

/** What goes wrong, by its kind. */
interface Faults {
    /** Answers with an error. Billed only where `billed` says so: a model may time out when it has done its work. */
    readonly refuse: { readonly error: ErrorName; readonly message?: string; readonly billed?: boolean };
    /** Resets the connection before anything is billed. */
    readonly reset: object;
    /** Bills the call whole, then ends the connection without an answer. @default afterMs 0 */
    readonly timeOut: { readonly afterMs?: number };
    /**
     * Ends a stream after so many of its pieces of text. With `billing` all that the model would have made, or what
     * was sent. By `ending` the connection is ended, the stream ends as if it were complete, or by an exception in it.
     * @default billing "generated", ending "connection"
     */
    readonly cut: {
        readonly afterChunks: number;
        readonly billing?: "generated" | "whole";
        readonly ending?: "connection" | "complete" | "exception";
    };
    /** Takes so much longer. */
    readonly slow: { readonly ms: number };
    /**
     * Leaves the counts out that Bedrock gives: usage, headers, metadata event, invocation metrics.
     * With `everywhere` those too that a model's own format has in its body.
     * @default everywhere false
     */
    readonly missingUsage: { readonly everywhere?: boolean };
    /**
     * Counts what is written to the cache twice, in streams, as seen of Bedrock: in `inputTokens` besides, as it does
     * for OpenAI's models, or twice as much as was written, as for Claude's when they think. The bill is right.
     * @default how "inInput"
     */
    readonly wrongUsage: { readonly how?: "inInput" | "doubled" };
    /** Serves, bills and says another tier than was asked for. */
    readonly tier: { readonly served: ServiceTier };
}

export type FaultKind = keyof Faults;
export type FaultOf<Kind extends FaultKind> = { readonly kind: Kind } & Faults[Kind] & FaultScope;

/** Which calls a fault meets. */
interface FaultScope {
    /** How many of those that `when` names. @default 1 */
    readonly times?: number;
    /** @default every call of a model; for `cut` and `wrongUsage` every stream */
    readonly when?: (call: RecordedCall) => boolean;
}

export type Fault = { [Kind in FaultKind]: FaultOf<Kind> }[FaultKind];

/** What meets one call: of each kind at most one. */
export type FaultsOfCall = { readonly [Kind in FaultKind]?: FaultOf<Kind> };

const none: FaultsOfCall = {};
/** Kinds that only a stream can have. */
const ofStreams: ReadonlySet<FaultKind> = new Set<FaultKind>(["cut", "wrongUsage"]);

/** The faults that are still to come, in the order in which they were asked for. */
export class FaultQueue {
    private waiting: { readonly fault: Fault; left: number }[] = [];

    add(fault: Fault): void {
        this.waiting.push({ fault, left: fault.times ?? 1 });
    }

    clear(): void {
        this.waiting = [];
    }

    /** Takes those that meet this call. */
    take(call: RecordedCall): FaultsOfCall {
        if (this.waiting.length === 0) return none;
        const taken: Partial<Record<FaultKind, Fault>> = {};
        for (const entry of this.waiting) {
            const { kind, when } = entry.fault;
            const met = entry.left > 0 && (call.stream || !ofStreams.has(kind)) && (!when || when(call));
            if (!met || taken[kind]) continue;
            taken[kind] = entry.fault;
            entry.left -= 1;
        }
        this.waiting = this.waiting.filter(({ left }) => left > 0);
        return taken as FaultsOfCall;
    }
}
