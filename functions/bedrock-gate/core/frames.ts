import { EventStreamCodec, type Message } from "@smithy/eventstream-codec";

const codec = new EventStreamCodec(
    (bytes) => Buffer.from(bytes as Uint8Array).toString("utf8"),
    (text) => Buffer.from(text, "utf8"),
);

/** Bytes of an event: at least its lengths and checksums, at most 24 MiB (the format's own limit). */
const smallest = 16;
const largest = 24 * 1024 * 1024;

/** Reads the events of `application/vnd.amazon.eventstream` as its bytes come in, in pieces of any size. */
export class FrameReader {
    private rest = Buffer.alloc(0);

    /** The events that are whole with these bytes. @throws Error where they are no event stream or a checksum is wrong */
    read(bytes: Uint8Array): StreamEvent[] {
        this.rest = Buffer.concat([this.rest, bytes]);
        const events: StreamEvent[] = [];
        while (this.rest.length >= 4) {
            const length = this.rest.readUInt32BE(0);
            if (length < smallest || length > largest) throw new Error(`An event of ${length} bytes`);
            if (this.rest.length < length) break;
            events.push(eventOf(codec.decode(this.rest.subarray(0, length))));
            this.rest = this.rest.subarray(length);
        }
        return events;
    }

    /** Whether the stream ended between two events. */
    get isWhole(): boolean {
        return this.rest.length === 0;
    }
}

/** One event: its type, or that of an exception, and what it says. */
export interface StreamEvent {
    readonly type: string;
    readonly isException: boolean;
    readonly content: unknown;
}

function eventOf({ headers, body }: Message): StreamEvent {
    const header = (name: string) => String(headers[name]?.value ?? "");
    const isException = header(":message-type") !== "event";
    const text = Buffer.from(body).toString("utf8");
    return {
        type: header(isException ? ":exception-type" : ":event-type"),
        isException,
        content: text === "" ? {} : (JSON.parse(text) as unknown),
    };
}

/** An event of the stream as AWS writes it. */
export function frame(type: string, content: unknown): Uint8Array {
    return codec.encode({
        headers: {
            ":event-type": { type: "string", value: type },
            ":content-type": { type: "string", value: "application/json" },
            ":message-type": { type: "string", value: "event" },
        },
        body: Buffer.from(JSON.stringify(content)),
    });
}
