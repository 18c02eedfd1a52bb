import { type Operation } from "./ask";
import { FrameReader, type StreamEvent } from "./frames";
import { type TokenUsage } from "./money";
import { converseUsage, invokeUsage, isRecord, metricsUsage } from "./usage";

/** What an answer says of itself. */
export interface Reading {
    /** Undefined where it does not say what it used: it is charged at its ceiling then. */
    readonly usage: TokenUsage | undefined;
    /** The service tier that answered, where it says so: one that is not known here too. */
    readonly serviceTier: string | undefined;
    /** Whether the model came to its end: neither cut off by a limit nor by an error. */
    readonly whole: boolean;
}

/** Reads an answer that came in one piece. */
export function readAnswer(operation: Operation, headers: Headers, bytes: Uint8Array): Reading {
    const body = parsed(bytes);
    const tier = isRecord(body.serviceTier) ? body.serviceTier.type : headers.get("x-amzn-bedrock-service-tier");
    const usage = operation === "converse" ? converseUsage(body.usage) : invokeUsage(headers);
    return {
        usage,
        serviceTier: typeof tier === "string" ? tier : undefined,
        whole: usage !== undefined && areEnds(stopReasons(body)),
    };
}

/** Reads an answer that comes as an event stream. */
export class StreamMeter {
    private readonly frames = new FrameReader();
    private usage: TokenUsage | undefined;
    private failed = false;
    private readonly stops: unknown[] = [];

    /** @param serviceTier that which the head of the answer names */
    constructor(private serviceTier: string | undefined) {}

    /** Takes the next bytes and answers the events that are whole with them. */
    read(bytes: Uint8Array): readonly StreamEvent[] {
        try {
            const events = this.frames.read(bytes);
            events.forEach((event) => this.note(event));
            return events;
        } catch {
            this.failed = true;
            return [];
        }
    }

    /** What the stream said, once it has ended. */
    reading(): Reading {
        const whole = !this.failed && this.frames.isWhole && this.usage !== undefined && areEnds(this.stops);
        return { usage: this.usage, serviceTier: this.serviceTier, whole };
    }

    private note({ type, isException, content }: StreamEvent): void {
        if (isException) this.failed = true;
        if (!isRecord(content)) return;
        if (type === "chunk" && typeof content.bytes === "string") {
            const chunk = parsed(Buffer.from(content.bytes, "base64"));
            this.usage = metricsUsage(chunk["amazon-bedrock-invocationMetrics"]) ?? this.usage;
            this.stops.push(...stopReasons(chunk));
        }
        if (type === "messageStop") this.stops.push(content.stopReason);
        if (type === "metadata") {
            this.usage = converseUsage(content.usage) ?? this.usage;
            const tier = isRecord(content.serviceTier) ? content.serviceTier.type : undefined;
            if (typeof tier === "string") this.serviceTier = tier;
        }
    }
}

/** Names under which the families say why an answer ended. */
const stopFields = ["stopReason", "stop_reason", "finish_reason", "finishReason", "completionReason"];

/** Why an answer ended, at whatever depth its family says so. */
function stopReasons(value: unknown): unknown[] {
    if (Array.isArray(value)) return value.flatMap(stopReasons);
    if (!isRecord(value)) return [];
    return Object.entries(value).flatMap(([name, inner]) =>
        stopFields.includes(name) ? (inner === null ? [] : [inner]) : stopReasons(inner),
    );
}

/** Reasons for which a model has come to its end by itself. Any other may be a limit, a filter or a failure. */
const ends = ["end_turn", "stop", "stop_sequence", "tool_use", "tool_calls", "complete", "finish"];

/** Whether an answer says why it ended, and that it is whole. */
const areEnds = (reasons: readonly unknown[]) =>
    reasons.length > 0 && reasons.every((reason) => typeof reason === "string" && ends.includes(reason.toLowerCase()));

function parsed(bytes: Uint8Array): Record<string, unknown> {
    try {
        const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
        return isRecord(value) ? value : {};
    } catch {
        return {};
    }
}
