import { NotSent } from "./adapters/bedrock";
import { Admission } from "./admission";
import { type Admitted, type Answer, type Call, type Caller, counted, type Ground, Refused } from "./call";
import { answerKey, isPending, type KeptAnswer, keptAnswer } from "./core/answers";
import { tierHeader } from "./core/ask";
import { cacheKey } from "./core/cache-key";
import { callerWindowKey, savings } from "./core/ledger";
import { limitHeaders, tighter } from "./core/limit-headers";
import { readAnswer, StreamMeter } from "./core/meter";
import { type GateSettings } from "./core/settings";
import { counter } from "./core/store";
import { endOf } from "./core/time";
import { Settlement } from "./settlement";

/** Statuses with which Bedrock says that it did not run the model, and bills nothing. */
const notBilled = [400, 401, 403, 404, 413, 429, 503];

/** The status of a call that may be billed without an answer: clients try 408 and 5xx again, which is billed again. */
const onceOnly = 424;

/** How often a request looks again whether another one has its answer, in milliseconds. */
const answerPoll = 100;

/** For how long it waits for that, in milliseconds; then it asks itself. */
const answerPatience = 20_000;

/** Counts what requests to Bedrock can cost before they are sent, and what they did cost after. */
export class Gate {
    private readonly admission: Admission;
    private readonly settlement: Settlement;

    constructor(
        private readonly settings: GateSettings,
        private readonly ground: Ground,
    ) {
        this.admission = new Admission(settings, ground);
        this.settlement = new Settlement(settings, ground);
    }

    /**
     * Counts a request that costs nothing.
     *
     * @throws Refused where its caller has had all of an hour or a day
     */
    countFree(caller: Caller): Promise<void> {
        return this.admission.countFree(caller);
    }

    /**
     * Answers a request from the cache or from its model.
     *
     * @throws Refused where it is not sent
     */
    async answer(call: Call): Promise<Answer> {
        const price = this.admission.priceOf(call);
        let key = this.settings.cacheSeconds === 0 || call.noStore ? undefined : keyOf(call);
        const began = this.ground.now().getTime();
        let waited = false;
        for (;;) {
            if (key !== undefined) {
                const place = answerKey(key);
                const item = await counted(this.ground, () => this.ground.store.get(place));
                const kept = keptAnswer(item, this.ground.now());
                if (kept) return this.fromCache(call, kept);
                const pending = isPending(item, this.ground.now());
                if (pending && this.ground.now().getTime() - began < answerPatience) {
                    waited = true;
                    await new Promise((resolve) => setTimeout(resolve, answerPoll));
                    continue;
                }
                // Whoever was waited for has no answer that is kept: the next one would have none either.
                if (waited) key = undefined;
            }
            const admitted = await this.admission.admit(call, price, key);
            if (admitted === "answer pending") {
                waited = true;
                continue;
            }
            return this.send(admitted);
        }
    }

    private async fromCache({ caller, requestId }: Call, kept: KeptAnswer): Promise<Answer> {
        // What is saved is shown, not enforced: an answer does not fail because it was not counted.
        await this.ground.store
            .transact(savings(caller.id, kept.microUsd, this.ground.now()))
            .catch((error: Error) => this.ground.log("saving not counted", { requestId, error: error.message }));
        return {
            status: 200,
            headers: {
                "content-type": kept.contentType,
                "x-gate-cache": "hit",
                "x-gate-cost-microusd": "0",
                "x-gate-saved-microusd": String(kept.microUsd),
            },
            body: kept.body,
        };
    }

    private async send(admitted: Admitted): Promise<Answer> {
        const { call, key, outputTokens } = admitted;
        const { ask } = call;
        // Read while the model works: a transaction does not tell what its counters are now.
        const limits = this.limitHeaders(call.caller);
        const response = await this.callModel(admitted);
        const headers = {
            ...passedHeaders(response.headers),
            "x-gate-cache": key === undefined ? "bypass" : "miss",
            ...(outputTokens === undefined ? {} : { "x-gate-max-tokens": String(outputTokens) }),
            ...(await limits),
        };
        if (!response.ok) return { headers, ...(await this.failed(admitted, response)) };
        const { status } = response;
        if (ask.operation.endsWith("stream")) return { status, headers, body: this.stream(admitted, response) };
        const body = await readAll(response);
        const reading = body && readAnswer(ask.operation, response.headers, body);
        const cost = await this.settlement.settle(admitted, { contentType: typeOf(response), body, reading });
        if (body) return { status, headers: { ...headers, "x-gate-cost-microusd": String(cost) }, body };
        throw new Refused({
            status: onceOnly,
            code: "answer_cut",
            message: "Bedrock's answer was cut off. The call is billed, so it is charged at its ceiling",
        });
    }

    private async callModel(admitted: Admitted): Promise<Response> {
        const { call, price, outputTokens } = admitted;
        const { ask, headers } = call;
        // Where its caller names no limit, the model's own might be another than the one that was counted with.
        const limit = outputTokens ?? (ask.outputTokens === undefined ? price.maxOutputTokens : undefined);
        const body = Buffer.from(JSON.stringify(limit === undefined ? ask.body : ask.withOutputTokens(limit)));
        try {
            return await this.ground.models.send({ operation: ask.operation, model: ask.model, body, headers });
        } catch (error) {
            if (error instanceof NotSent) {
                await this.settlement.release(admitted);
                throw new Refused({ status: 503, code: "model_unavailable", message: error.message, retryAfter: 5 });
            }
            await this.settlement.chargeCeiling(admitted);
            throw new Refused({
                status: onceOnly,
                code: "model_timeout",
                message: "Bedrock did not answer in time. The call may be billed, so it is charged at its ceiling",
            });
        }
    }

    private async limitHeaders({ id, limits }: Caller): Promise<Record<string, string>> {
        const now = this.ground.now();
        const { requestsPerHour, requestsPerDay } = { ...this.settings, ...limits };
        const window = async (unit: "hour" | "day", limit: bigint) => {
            const item = await this.ground.store.get(callerWindowKey(id, unit, now));
            return { limit, used: counter(item, "requests"), endsAt: endOf(unit, now) };
        };
        try {
            const [hour, day] = await Promise.all([window("hour", requestsPerHour), window("day", requestsPerDay)]);
            return limitHeaders(tighter(hour, day), now);
        } catch {
            // They are information; the answer is what was paid for.
            return {};
        }
    }

    /** What Bedrock says of a call that it did not run, or of one that failed on its way and may be billed. */
    private async failed(admitted: Admitted, response: Response) {
        const { status } = response;
        const body = (await readAll(response)) ?? new Uint8Array();
        if (notBilled.includes(status)) {
            await this.settlement.release(admitted);
            return { status, body };
        }
        await this.settlement.chargeCeiling(admitted);
        return { status: onceOnly, body };
    }

    /**
     * Passes a stream on as it comes and reads it to its end, whether or not its caller is still there: what it used
     * stands at the end. It is charged before its caller sees the end.
     */
    private stream(admitted: Admitted, response: Response): ReadableStream<Uint8Array> {
        const { call, key } = admitted;
        const meter = new StreamMeter(response.headers.get(tierHeader) ?? undefined);
        const pieces: Uint8Array[] = [];
        let listening = true;
        const finish = async (broken: boolean) => {
            const reading = broken ? { ...meter.reading(), whole: false } : meter.reading();
            const body = Buffer.concat(pieces);
            await this.settlement.settle(admitted, { contentType: typeOf(response), body, reading });
        };
        return new ReadableStream<Uint8Array>({
            start: (controller) => {
                const pump = async () => {
                    let failure: unknown;
                    try {
                        for await (const piece of response.body!) {
                            meter.read(piece);
                            if (key !== undefined) pieces.push(piece);
                            if (listening) controller.enqueue(piece);
                        }
                    } catch (error) {
                        failure = error;
                    }
                    await finish(failure !== undefined);
                    if (!listening) return;
                    if (failure === undefined) controller.close();
                    else controller.error(failure);
                };
                void pump().catch((error: Error) => {
                    this.ground.log("stream not settled", { requestId: call.requestId, error: error.message });
                    if (listening) controller.error(error);
                });
            },
            cancel: () => {
                listening = false;
            },
        });
    }
}

const keyOf = ({ caller, ask: { operation, model, body }, headers }: Call) =>
    cacheKey({ caller: caller.id, operation, model, body, headers });

const typeOf = (response: Response) => response.headers.get("content-type") ?? "application/json";

const readAll = (response: Response): Promise<Uint8Array | undefined> =>
    response.arrayBuffer().then(
        (buffer) => new Uint8Array(buffer),
        () => undefined,
    );

/** What of Bedrock's headers is about the answer and not about the connection. */
function passedHeaders(headers: Headers): Record<string, string> {
    return Object.fromEntries(
        [...headers].filter(
            ([name]) => name === "content-type" || name.startsWith("x-amzn-") || name === "retry-after",
        ),
    );
}
