// What went wrong, said so that a person can act on it, and without any credential.

import * as grpc from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** Refused by the stand-in itself; its text is all there is to say. */
export class Refusal extends Error {}

/** Refused as AWS would refuse it, with AWS's own error code, where an emulator lets it pass. */
export class AwsRefusal extends Error {
    constructor(
        readonly operation: string,
        code: string,
        message: string,
        readonly status: number,
    ) {
        super(message);
        this.name = code;
    }
}

/** What AWS's SDK throws, as far as it is used here. */
interface SdkError {
    name?: string;
    message?: string;
    Code?: string;
    code?: string;
    operation?: string;
    status?: number;
    $metadata?: { httpStatusCode?: number; requestId?: string };
    $response?: { headers?: Record<string, string> };
}

const asSdkError = (error: unknown): SdkError => (typeof error === "object" && error !== null ? error : {});

/** Whether the error is one of these, by AWS's name for it. */
export function isError(error: unknown, ...names: string[]): boolean {
    const { name, Code } = asSdkError(error);
    return (name !== undefined && names.includes(name)) || (Code !== undefined && names.includes(Code));
}

/** The answer, or undefined if AWS says that there is no such thing. */
export async function unless<T>(answer: Promise<T>, ...gone: string[]): Promise<T | undefined> {
    try {
        return await answer;
    } catch (error) {
        if (isError(error, ...gone)) {
            return undefined;
        }
        throw error;
    }
}

/** Operation, AWS's name for the error, its message, HTTP status and request id: a message alone can be "UnknownError". */
export function explain(error: unknown, secrets: readonly string[] = []): string {
    if (error instanceof Refusal) {
        return hide(error.message, secrets);
    }
    const { name, message, code, operation, status, $metadata, $response } = asSdkError(error);
    const httpCode = $metadata?.httpStatusCode ?? status;
    const facts = [
        httpCode === undefined ? undefined : `HTTP ${httpCode}`,
        $metadata?.requestId === undefined ? undefined : `request id ${$metadata.requestId}`,
        httpCode === 301 ? bucketRegionHint($response?.headers?.["x-amz-bucket-region"]) : undefined,
    ].filter((fact) => fact !== undefined);
    const parts = [operation, name === "Error" || name === "AggregateError" ? code : name, said(error, message)];
    const sentence = parts.filter((part) => part !== undefined && part !== "").join(": ");
    return hide(facts.length === 0 ? sentence : `${sentence} (${facts.join(", ")})`, secrets);
}

/** A connection that failed on every address of a host says so only in the errors within. */
function said(error: unknown, message: string | undefined): string {
    const within = error instanceof AggregateError ? error.errors.map((one: unknown) => explain(one)) : [];
    return message || within.join("; ") || (message === undefined ? String(error) : "");
}

function bucketRegionHint(region: string | undefined): string {
    return region === undefined ? "the bucket is in another region" : `the bucket is in region ${region}`;
}

/** Real credentials are longer than this; an emulator's "test" would take innocent words out of the message. */
const SHORTEST_SECRET = 16;

function hide(text: string, secrets: readonly string[]): string {
    return secrets
        .filter((secret) => secret.length >= SHORTEST_SECRET)
        .reduce((clean, secret) => clean.replaceAll(secret, "[secret]"), text);
}

export function failure(message: string, code: grpc.status = grpc.status.UNKNOWN): grpc.ServiceError {
    return Object.assign(new Error(message), { code, details: message, metadata: new grpc.Metadata() });
}

/** The resource exists but is not as it should be: the engine keeps its id, and the next `up` updates it. */
export function failureAfterCreation(message: string, id: string, outputs: Struct, inputs: Struct): grpc.ServiceError {
    const detail = new ErrorResourceInitFailed();
    detail.setId(id);
    detail.setProperties(outputs);
    detail.setInputs(inputs);
    detail.setReasonsList([message]);
    const packed = new Any();
    packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(message);
    status.addDetails(packed);
    const error = failure(message);
    error.metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    return error;
}
