import { setTimeout as sleep } from "node:timers/promises";

import { Agent, type Dispatcher, request } from "undici";

import { randomOf } from "../support/random";
import { body, isStream, path } from "./load";

/** Who is asked, and with which key. */
export interface Target {
    readonly urls: readonly string[];
    readonly key: string;
}

/** Requests that start when it is their time, whether or not earlier ones are answered. */
export interface Schedule {
    readonly target: Target;
    /** Requests a second, on average: they come at random, as those of many callers do. */
    readonly rate: number;
    readonly seconds: number;
    readonly outputTokens: number;
    /** The same seed is the same schedule. */
    readonly seed: number;
}

/** What became of requests. */
export interface Outcome {
    /** Milliseconds of each that was answered, in order of their times. */
    readonly latencies: readonly number[];
    readonly answered: number;
    /** Answers with 4xx, by status. */
    readonly refused: Readonly<Record<string, number>>;
    /** Answers with 5xx, and connections that broke. */
    readonly failed: number;
    readonly seconds: number;
}

/** Milliseconds that any answer may take. */
const patience = 120_000;

/** Counts from when a request should have started: one that had to wait for its turn has waited. */
export async function schedule({ target, rate, seconds, outputTokens, seed }: Schedule): Promise<Outcome> {
    const tally = new Tally();
    const draw = randomOf(seed, "arrivals");
    const start = performance.now() + 100;
    const running: Promise<void>[] = [];
    let due = start;
    for (let index = 0; ; index++) {
        due += (-Math.log(1 - draw()) / rate) * 1000;
        if (due > start + seconds * 1000) break;
        const early = due - performance.now();
        if (early > 0) await sleep(early);
        running.push(tally.send(target, index, body(outputTokens, isStream(index)), due));
    }
    await Promise.all(running);
    return tally.outcome(start);
}

/** Callers that all begin at once, each with a request after the other. */
export interface Burst {
    readonly target: Target;
    readonly callers: number;
    readonly requestsEach: number;
    readonly outputTokens: number;
    /** Every request is a stream, and whoever asks for it goes when its first bytes are there. */
    readonly leaving: boolean;
}

export async function burst({ target, callers, requestsEach, outputTokens, leaving }: Burst): Promise<Outcome> {
    const tally = new Tally();
    const start = performance.now();
    const caller = async (index: number) => {
        for (let turn = 0; turn < requestsEach; turn++) {
            const number = index + turn;
            const text = body(outputTokens, leaving || isStream(number));
            await tally.send(target, number, text, performance.now(), leaving);
        }
    };
    await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)));
    return tally.outcome(start);
}

/** Sends requests and counts what becomes of them. */
class Tally {
    private readonly agent = new Agent({
        headersTimeout: patience,
        bodyTimeout: patience,
        connect: { timeout: patience },
    });
    private readonly latencies: number[] = [];
    private readonly refused: Record<string, number> = {};
    private failed = 0;

    async send({ urls, key }: Target, index: number, text: string, due: number, leaving = false): Promise<void> {
        try {
            const answer = await request(urls[index % urls.length] + path, {
                method: "POST",
                headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
                body: text,
                dispatcher: this.agent,
            });
            await (leaving && answer.statusCode === 200 ? leave(answer.body) : answer.body.arrayBuffer());
            if (answer.statusCode === 200) this.latencies.push(performance.now() - due);
            else if (answer.statusCode >= 500) this.failed += 1;
            else this.refused[answer.statusCode] = (this.refused[answer.statusCode] ?? 0) + 1;
        } catch {
            this.failed += 1;
        }
    }

    async outcome(start: number): Promise<Outcome> {
        const seconds = (performance.now() - start) / 1000;
        await this.agent.destroy();
        const { latencies, refused, failed } = this;
        return { latencies, answered: latencies.length, refused, failed, seconds };
    }
}

/** Reads the first bytes of a stream and goes. */
async function leave(stream: Dispatcher.ResponseData["body"]): Promise<void> {
    for await (const bytes of stream) if ((bytes as Buffer).length > 0) break;
}
