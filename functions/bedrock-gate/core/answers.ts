import { counter, type Item, type Key, text, type Write } from "./store";

/** An answer that is kept. */
export interface KeptAnswer {
    readonly contentType: string;
    readonly body: Uint8Array;
    /** What it cost, in micro-dollars. */
    readonly microUsd: bigint;
}

/** Bytes of an answer that fit in an item, whose limit is 400 KB. Larger ones are not kept. */
export const largestAnswer = 380_000;

const answerKey = (key: string): Key => ({ partition: `answer#${key}`, sort: "answer" });
export { answerKey };

/** The kept answer, where there is one and it is not too old. */
export function keptAnswer(item: Item | undefined, now: Date): KeptAnswer | undefined {
    const body = item?.body;
    if (!(body instanceof Uint8Array) || counter(item, "freshUntil") <= BigInt(now.getTime())) return undefined;
    return { contentType: text(item, "contentType") ?? "application/json", body, microUsd: counter(item, "microUsd") };
}

/** Whether another request is asking for it at this moment. */
export function isPending(item: Item | undefined, now: Date): boolean {
    return counter(item, "pendingUntil") > BigInt(now.getTime());
}

/** Part of a request's admission: it alone asks for this answer until it is there or the request has run out. */
export function askFor(key: string, now: Date, until: Date): Write {
    return {
        key: answerKey(key),
        when: [{ attribute: "pendingUntil", is: "at most", value: BigInt(now.getTime()) }],
        set: { pendingUntil: BigInt(until.getTime()), expiresAt: seconds(until) },
    };
}

/** Part of its settlement: the answer is kept. */
export function keep(key: string, answer: KeptAnswer, until: Date): Write {
    return {
        key: answerKey(key),
        set: { ...answer, freshUntil: BigInt(until.getTime()), expiresAt: seconds(until) },
        remove: ["pendingUntil"],
    };
}

/** Part of its settlement where there is no answer to keep: another request may ask. */
export function giveUp(key: string): Write {
    return { key: answerKey(key), remove: ["pendingUntil"] };
}

const seconds = (time: Date) => BigInt(Math.ceil(time.getTime() / 1000));
