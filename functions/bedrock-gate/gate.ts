import { type Models, NotSent } from "./adapters/bedrock";
import { answerKey, askFor, giveUp, isPending, keep, type KeptAnswer, keptAnswer, largestAnswer } from "./core/answers";
import { type Ask, BadRequest, serviceTiers, tierHeader } from "./core/ask";
import { cacheKey } from "./core/cache-key";
import {
    admission,
    callerWindowKey,
    type Charge,
    lateSettlement,
    type Lease,
    leaseFor,
    type Limits,
    type Refusal,
    refusalOf,
    release,
    savings,
    settlement,
    windows,
} from "./core/ledger";
import { limitHeaders, tighter } from "./core/limit-headers";
import { readAnswer, type Reading, StreamMeter } from "./core/meter";
import { affordableOutput, ceilingOf, costOf } from "./core/money";
import { findPrice, modelIdOf, type ModelPrice } from "./core/prices";
import { modelTier } from "./core/tiers";
import { cannotCount, type GateError, refusalError } from "./core/refusal";
import { type GateSettings } from "./core/settings";
import { counter, type Store, type Write } from "./core/store";
import { endOf } from "./core/time";

/** Who asks, and what it may. */
export interface Caller {
    /** Stable: a user, a role or a gate key; never a session, whose name its holder chooses. */
    readonly id: string;
    /** Limits of its own. @default the gate's */
    readonly limits?: Partial<Pick<Limits, "requestsPerHour" | "requestsPerDay">>;
}

/** One request. */
export interface Call {
    readonly requestId: string;
    readonly caller: Caller;
    readonly ask: Ask;
    /** Headers of the caller that Bedrock reads. */
    readonly headers: Readonly<Record<string, string>>;
    /** Neither answered from the cache nor kept in it. */
    readonly noStore: boolean;
    readonly idempotencyKey?: string;
}

/** What the caller gets. */
export interface Answer {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body: Uint8Array | ReadableStream<Uint8Array>;
}

/** What the gate stands on. */
export interface Ground {
    readonly store: Store;
    readonly models: Models;
    readonly now: () => Date;
    /** One line of its log. */
    readonly log: (event: string, facts: Readonly<Record<string, unknown>>) => void;
    /** Told after each charge; the shut-off looks at the totals then. */
    readonly charged: () => Promise<void>;
}

/** Thrown for everything that the gate refuses; a surface writes it in its own error format. */
export class Refused extends Error {
    override readonly name = "Refused";
    constructor(readonly error: GateError) {
        super(error.message);
    }
}

/** Statuses with which Bedrock says that it did not run the model, and bills nothing. */
const notBilled = [400, 401, 403, 404, 413, 429, 503];

/** The status of a call that may be billed without an answer: clients try 408 and 5xx again, which is billed again. */
const onceOnly = 424;

/** How often a request whose answer was made shorter tries to fit into what is left. */
const shorterTries = 3;

/** How long a request waits before it looks again whether another one has its answer, in milliseconds. */
const answerPoll = 100;

/** For how long it waits for that, in milliseconds; then it asks itself. */
const answerPatience = 20_000;

/** Counts what requests to Bedrock can cost before they are sent, and what they did cost after. */
export class Gate {
    private readonly limits: Limits;
    /** Refusals that no waiting ends soon, by caller: a flood of them does not reach the table. */
    private readonly refused = new Map<string, Remembered>();

    constructor(
        private readonly settings: GateSettings,
        private readonly ground: Ground,
    ) {
        this.limits = settings;
    }

    /**
     * Answers a request from the cache or from its model.
     *
     * @throws Refused where it is not sent
     */
    async answer(call: Call): Promise<Answer> {
        const price = this.priceOf(call.ask);
        let key = this.settings.cacheSeconds === 0 || call.noStore ? undefined : this.keyOf(call);
        const began = this.ground.now().getTime();
        let waited = false;
        for (;;) {
            if (key !== undefined) {
                const place = answerKey(key);
                const item = await this.count(() => this.ground.store.get(place));
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
            const admitted = await this.admit(call, price, key);
            if (admitted === "answer pending") {
                waited = true;
                continue;
            }
            return this.send(call, price, key, admitted.lease, admitted.outputTokens);
        }
    }

    /**
     * Counts a request that costs nothing.
     *
     * @throws Refused where its caller has had all of an hour or a day
     */
    async countFree({ id, limits: own }: Caller): Promise<void> {
        const limits = { ...this.limits, ...own };
        const now = this.ground.now();
        const refused = await this.count(() => this.ground.store.transact(windows(id, limits, now)));
        if (!refused) return;
        const unit = refused[1] ? "day" : "hour";
        throw new Refused(refusalError({ code: `${unit}_limit`, until: endOf(unit, now) }, limits, now));
    }

    private priceOf({ model, serviceTier }: Ask): ModelPrice {
        const id = modelIdOf(model);
        if (!this.settings.models.includes(id)) {
            throw new Refused({
                status: 403,
                code: "model_not_allowed",
                message: `${model} is not among this environment's models: ${this.settings.models.join(", ")}`,
            });
        }
        const price = findPrice({ model: id, region: this.settings.region, tier: serviceTier }, this.settings.prices);
        if (price) return this.allowed(id, price);
        throw new Refused({
            status: 403,
            code: "price_unknown",
            message:
                `The price of ${id} in ${this.settings.region} (service tier ${serviceTier}) is not known, so it is not ` +
                "sent. The platform's operators can state it in the setting llm-models.prices",
        });
    }

    private allowed(model: string, price: ModelPrice): ModelPrice {
        const tier = modelTier(price);
        if (this.settings.tiers.includes(tier)) return price;
        throw new Refused({
            status: 403,
            code: "tier_not_allowed",
            message: `${model} is of tier ${tier}, and this environment may use ${this.settings.tiers.join(", ")} (gate.tiers)`,
        });
    }

    private keyOf({ caller, ask, headers }: Call): string {
        const { operation, model, body } = ask;
        return cacheKey({ caller: caller.id, operation, model, body, headers });
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

    /** Sets aside what the request can cost, with a shorter answer where it does not fit otherwise. */
    private async admit(call: Call, price: ModelPrice, key: string | undefined): Promise<Admitted | "answer pending"> {
        const { ask, caller } = call;
        const limits = { ...this.limits, ...caller.limits };
        const longest = this.outputTokensOf(ask, price);
        const inputTokens = boundedBy(ask.inputTokens, contextOf(price));
        const ceiling = (maxOutputTokens: number) =>
            ceilingOf(price, { inputTokens, maxOutputTokens: BigInt(maxOutputTokens) });
        const known = this.refused.get(caller.id);
        if (known && known.until > this.ground.now().getTime() && ceiling(1) >= known.floor) {
            throw new Refused(refusalError(known.refusal, limits, this.ground.now()));
        }
        let outputTokens = longest;
        for (let attempt = 1; ; attempt++) {
            const now = this.ground.now();
            const request = {
                id: call.requestId,
                caller: caller.id,
                ceiling: ceiling(outputTokens),
                floor: ceiling(1),
                model: modelIdOf(ask.model),
                tokens: inputTokens + BigInt(outputTokens),
                ...(call.idempotencyKey === undefined ? {} : { idempotencyKey: call.idempotencyKey }),
            };
            const lease = leaseFor(request, now, this.settings.leaseSeconds * 1000);
            const writes = admission(lease, limits, now);
            const asking = key === undefined ? [] : [askFor(key, now, lease.expiresAt)];
            const refused = await this.count(() => this.ground.store.transact([...writes, ...asking]));
            if (!refused) return { lease, outputTokens: outputTokens < longest ? outputTokens : undefined };
            if (refused.slice(writes.length).some((reason) => reason)) return "answer pending";
            const refusal = refusalOf(refused, lease, limits, now);
            const shorter = this.shorter(refusal, price, inputTokens, request.ceiling);
            if (shorter === undefined || attempt > shorterTries) {
                this.remember(caller.id, refusal, request.floor, now);
                throw new Refused(refusalError(refusal, limits, now));
            }
            outputTokens = Math.min(shorter, outputTokens);
        }
    }

    /** The longest answer that fits into what is left, where only what is spent stands in the way. */
    private shorter(refusal: Refusal, price: ModelPrice, inputTokens: bigint, ceiling: bigint): number | undefined {
        if (refusal.code !== "budget_busy" || refusal.spent + ceiling <= this.limits.microUsdPerMonth) return undefined;
        const tokens = affordableOutput(price, inputTokens, refusal.left);
        return tokens === undefined ? undefined : Number(tokens);
    }

    private outputTokensOf({ outputTokens, model }: Ask, { maxOutputTokens }: ModelPrice): number {
        const tokens = outputTokens ?? maxOutputTokens;
        if (tokens === undefined) {
            throw new BadRequest(`The longest answer of ${model} is not known here: say how many tokens it may have`);
        }
        if (maxOutputTokens !== undefined && tokens > maxOutputTokens) {
            throw new BadRequest(
                `The answer may have ${tokens} tokens, expected at most ${maxOutputTokens}, the most of ${model}`,
            );
        }
        return tokens;
    }

    private remember(caller: string, refusal: Refusal, least: bigint, now: Date): void {
        if (refusal.code !== "budget_exceeded" && refusal.code !== "hour_limit" && refusal.code !== "day_limit") return;
        // An operator can restore a budget, and an update raise a limit: it is asked again after two seconds.
        const until = Math.min(refusal.until.getTime(), now.getTime() + 2000);
        if (this.refused.size > 10_000) this.refused.clear();
        // What is left of a budget that is not shut off may do for a smaller request.
        const floor = refusal.code === "budget_exceeded" && refusal.shutOffAt === undefined ? least : 0n;
        this.refused.set(caller, { refusal, floor, until });
    }

    private async send(
        call: Call,
        price: ModelPrice,
        key: string | undefined,
        lease: Lease,
        shortened: number | undefined,
    ): Promise<Answer> {
        const { ask, headers } = call;
        // Read while the model works: a transaction does not tell what its counters are now.
        const limits = this.limitHeaders(call.caller);
        // Where its caller names no limit, the model's own might be another than the one that was counted with.
        const limit = shortened ?? (ask.outputTokens === undefined ? price.maxOutputTokens : undefined);
        const body = Buffer.from(JSON.stringify(limit === undefined ? ask.body : ask.withOutputTokens(limit)));
        const about: Record<string, string> = {
            "x-gate-cache": key === undefined ? "bypass" : "miss",
            ...(shortened === undefined ? {} : { "x-gate-max-tokens": String(shortened) }),
        };
        let response: Response;
        try {
            response = await this.ground.models.send({ operation: ask.operation, model: ask.model, body, headers });
        } catch (error) {
            if (error instanceof NotSent) {
                await this.end(call, release(lease), key);
                throw new Refused({ status: 503, code: "model_unavailable", message: error.message, retryAfter: 5 });
            }
            await this.charge(call, lease, key, this.atCeiling(lease));
            throw new Refused({
                status: onceOnly,
                code: "model_timeout",
                message: "Bedrock did not answer in time. The call may be billed, so it is charged at its ceiling",
            });
        }
        const contentType = response.headers.get("content-type") ?? "application/json";
        const passed = {
            status: response.status,
            headers: { ...passedHeaders(response.headers), ...about, ...(await limits) },
        };
        if (!response.ok) return { ...passed, ...(await this.failed(call, lease, key, response)) };
        if (ask.operation.endsWith("stream")) {
            return { ...passed, body: this.stream(call, price, key, lease, contentType, response) };
        }
        const bytes = await this.readAll(response);
        const reading = bytes && readAnswer(ask.operation, response.headers, bytes);
        const charge = this.chargeOf(call, price, lease, reading);
        const kept = bytes && reading?.whole && { contentType, body: bytes, microUsd: charge.microUsd };
        await this.charge(call, lease, key, charge, kept || undefined);
        if (!bytes) {
            throw new Refused({
                status: onceOnly,
                code: "answer_cut",
                message: "Bedrock's answer was cut off. The call is billed, so it is charged at its ceiling",
            });
        }
        return {
            ...passed,
            headers: { ...passed.headers, "x-gate-cost-microusd": String(charge.microUsd) },
            body: bytes,
        };
    }

    private async limitHeaders({ id, limits }: Caller): Promise<Record<string, string>> {
        const now = this.ground.now();
        const { requestsPerHour, requestsPerDay } = { ...this.limits, ...limits };
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
    private async failed(call: Call, lease: Lease, key: string | undefined, response: Response) {
        const { status } = response;
        const body = (await this.readAll(response)) ?? new Uint8Array();
        if (notBilled.includes(status)) {
            await this.end(call, release(lease), key);
            return { status, body };
        }
        await this.charge(call, lease, key, this.atCeiling(lease));
        return { status: onceOnly, body };
    }

    private async readAll(response: Response): Promise<Uint8Array | undefined> {
        return response.arrayBuffer().then(
            (buffer) => new Uint8Array(buffer),
            () => undefined,
        );
    }

    /**
     * Passes a stream on as it comes and reads it to its end, whether or not its caller is still there: what it used
     * stands at the end. It is charged before its caller sees the end.
     */
    private stream(
        call: Call,
        price: ModelPrice,
        key: string | undefined,
        lease: Lease,
        contentType: string,
        response: Response,
    ): ReadableStream<Uint8Array> {
        const meter = new StreamMeter(response.headers.get(tierHeader) ?? undefined);
        const pieces: Uint8Array[] = [];
        let listening = true;
        const finish = async (broken: boolean) => {
            const reading = broken ? { ...meter.reading(), whole: false } : meter.reading();
            const charge = this.chargeOf(call, price, lease, reading);
            const kept = reading.whole && { contentType, body: Buffer.concat(pieces), microUsd: charge.microUsd };
            await this.charge(call, lease, key, charge, kept || undefined);
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

    private chargeOf({ ask, requestId }: Call, price: ModelPrice, lease: Lease, reading: Reading | undefined): Charge {
        if (!reading?.usage) return this.atCeiling(lease);
        const { usage } = reading;
        const model = modelIdOf(ask.model);
        const servedPrice = this.servedPrice(ask, price, reading.serviceTier);
        const cost = costOf(servedPrice ?? price, usage);
        // What served it has no price that is known: it may have cost all that was set aside.
        const microUsd = servedPrice === undefined && cost < lease.ceiling ? lease.ceiling : cost;
        if (microUsd > lease.ceiling) {
            this.ground.log("cost above ceiling", {
                requestId,
                microUsd: String(microUsd),
                ceiling: String(lease.ceiling),
            });
        }
        return {
            microUsd,
            model,
            inputTokens: usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h,
            outputTokens: usage.output,
        };
    }

    private servedPrice(ask: Ask, price: ModelPrice, served: string | undefined): ModelPrice | undefined {
        if (served === undefined || served === ask.serviceTier) return price;
        const tier = serviceTiers.find((one) => one === served);
        const { region, prices } = this.settings;
        return tier && findPrice({ model: modelIdOf(ask.model), region, tier }, prices);
    }

    private atCeiling({ ceiling, model, tokens }: Lease): Charge {
        return { microUsd: ceiling, model, inputTokens: tokens, outputTokens: 0n };
    }

    /** Counts what a call cost. Where that fails, its lease stays and is charged at its ceiling when it runs out. */
    private async charge(
        call: Call,
        lease: Lease,
        key: string | undefined,
        charge: Charge,
        kept?: KeptAnswer,
    ): Promise<void> {
        const now = this.ground.now();
        const fits = kept && kept.body.length <= largestAnswer;
        const answer =
            key !== undefined && fits
                ? keep(key, kept, new Date(now.getTime() + this.settings.cacheSeconds * 1000))
                : undefined;
        await this.end(call, settlement(lease, charge, now), key, answer, lateSettlement(lease, charge, now));
        await this.ground
            .charged()
            .catch((error: Error) => this.ground.log("shut-off not looked at", { error: error.message }));
    }

    private async end(
        { requestId }: Call,
        writes: readonly Write[],
        key: string | undefined,
        answer?: Write,
        late?: readonly Write[],
    ): Promise<void> {
        const asked = answer ? [answer] : key === undefined ? [] : [giveUp(key)];
        try {
            const refused = await this.ground.store.transact([...writes, ...asked]);
            if (!refused) return;
            if (late && !(await this.ground.store.transact([...late, ...asked]))) return;
            this.ground.log("lease gone", { requestId });
        } catch (error) {
            this.ground.log("not settled", { requestId, error: (error as Error).message });
        }
    }

    /** Fails closed: what cannot be counted is not sent. */
    private async count<Result>(write: () => Promise<Result>): Promise<Result> {
        try {
            return await write();
        } catch (error) {
            this.ground.log("cannot count", { error: (error as Error).message });
            throw new Refused(cannotCount);
        }
    }
}

interface Admitted {
    readonly lease: Lease;
    /** The answer's limit, where it was made shorter. */
    readonly outputTokens: number | undefined;
}

/** A refusal that is given again without asking the table. */
interface Remembered {
    readonly refusal: Refusal;
    /** It holds for requests that cost at least so much. */
    readonly floor: bigint;
    readonly until: number;
}

/** No prompt is longer. A price for longer ones says that there are some: a model's own limit can be raised for a call. */
const contextOf = ({ contextTokens, longContext }: ModelPrice) =>
    contextTokens !== undefined && longContext && longContext.from >= contextTokens ? undefined : contextTokens;

const boundedBy = (tokens: bigint, most: number | undefined) =>
    most !== undefined && tokens > BigInt(most) ? BigInt(most) : tokens;

/** What of Bedrock's headers is about the answer and not about the connection. */
function passedHeaders(headers: Headers): Record<string, string> {
    return Object.fromEntries(
        [...headers].filter(
            ([name]) => name === "content-type" || name.startsWith("x-amzn-") || name === "retry-after",
        ),
    );
}
