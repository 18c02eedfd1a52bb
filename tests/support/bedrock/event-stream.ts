import { EventStreamCodec } from "@smithy/eventstream-codec";

import { type Frame } from "./api";
import { type Json } from "./json";

const codec = new EventStreamCodec(
    (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"),
    (text) => Buffer.from(text, "utf8"),
);

const string = (value: string) => ({ type: "string" as const, value });

export const eventStreamHeaders = { "content-type": "application/vnd.amazon.eventstream" };

/** An event in AWS's binary encoding. */
export function eventFrame(type: string, payload: Json, tokens?: number): Frame {
    const headers = {
        ":event-type": string(type),
        ":content-type": string("application/json"),
        ":message-type": string("event"),
    };
    return { bytes: codec.encode({ headers, body: Buffer.from(JSON.stringify(payload)) }), tokens };
}

/** What Bedrock sends where a model fails while it streams. */
export function streamErrorFrame(message: string): Frame {
    const headers = {
        ":exception-type": string("modelStreamErrorException"),
        ":content-type": string("application/json"),
        ":message-type": string("exception"),
    };
    const payload = { message, originalStatusCode: 500, originalMessage: message };
    return { bytes: codec.encode({ headers, body: Buffer.from(JSON.stringify(payload)) }) };
}

/** Bedrock pads its events to lengths that tell nothing of the text. */
export function padding(length: number): string {
    return "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".slice(0, 1 + (length % 62));
}
