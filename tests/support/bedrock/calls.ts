import { type IncomingHttpHeaders } from "node:http";

import { type Json } from "./json";
import { type Usage } from "./tokens";

export type Operation =
    | "Converse"
    | "ConverseStream"
    | "InvokeModel"
    | "InvokeModelWithResponseStream"
    | "ChatCompletions"
    | "ListFoundationModels"
    | "GetFoundationModel";

/** A call as it came in, and what became of it. */
export interface RecordedCall {
    /** When it came in, in milliseconds since 1970. */
    readonly time: number;
    readonly operation: Operation;
    /** As it was asked for, decoded; empty where the call names none. */
    readonly model: string;
    readonly headers: IncomingHttpHeaders;
    /** Undefined where it was no JSON object. */
    readonly body: Json | undefined;
    /** Whether the answer comes in pieces. */
    readonly stream: boolean;
    /** Of the answer, whether or not it arrived; undefined where the connection was ended without one. */
    readonly status: number | undefined;
    /** What was billed; undefined where nothing was. */
    readonly usage: Usage | undefined;
    readonly microUsd: bigint | undefined;
    /** Whether the client went away before it had its answer. */
    readonly clientGone: boolean;
}

/** A call while it runs. */
export type RunningCall = { -readonly [Key in keyof RecordedCall]: RecordedCall[Key] };
