// Errors without the values that the program keeps secret: the API server quotes what it refuses.

import { explain, Refusal } from "../errors";
import { FailedAfterCreation } from "../failed-after-creation";
import { isRecord, type Properties, type Value } from "../wire";

/** Shorter texts are words that stand in the message for another reason. */
const SHORTEST = 6;

export function withoutValues(error: unknown, declared: Properties, secrets: readonly string[]): unknown {
    const values = secrets.flatMap((key) => textsIn(declared[key])).filter((text) => text.length >= SHORTEST);
    if (error instanceof FailedAfterCreation) {
        const reason = withoutValues(error.reason, declared, secrets);
        return new FailedAfterCreation(reason, error.id, error.outputs, error.inputs);
    }
    const said = explain(error);
    const hidden = values.reduce((clean, value) => clean.replaceAll(value, "[secret]"), said);
    return hidden === said ? error : new Refusal(hidden);
}

/** Base64 text also as what it stands for. */
function textsIn(value: Value | undefined): string[] {
    if (typeof value === "string") {
        return [value, Buffer.from(value, "base64").toString(), Buffer.from(value).toString("base64")];
    }
    if (Array.isArray(value)) {
        return value.flatMap(textsIn);
    }
    return isRecord(value) ? Object.values(value).flatMap(textsIn) : [];
}
