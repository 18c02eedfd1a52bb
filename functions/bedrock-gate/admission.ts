import { type Admitted, type Call, type Caller, counted, type Ground, Refused, requireModel } from "./call";
import { askFor } from "./core/answers";
import { type Ask, BadRequest } from "./core/ask";
import { admission, leaseFor, type Limits, type Refusal, refusalOf, windows } from "./core/ledger";
import { affordableOutput, ceilingOf } from "./core/money";
import { findPrice, modelIdOf, type ModelPrice } from "./core/prices";
import { refusalError } from "./core/refusal";
import { type GateSettings } from "./core/settings";
import { modelTier } from "./core/tiers";
import { endOf } from "./core/time";

/** How often a request whose answer was made shorter tries to fit into what is left. */
const shorterTries = 3;

/** For how long a refusal is given again without asking the table, in milliseconds: an operator can restore a budget, and an update raise a limit. */
const remembered = 2000;

/** Decides which requests may be sent, and sets aside what each of them can cost. */
export class Admission {
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
     * What a request is priced by.
     *
     * @throws Refused where its model is not this environment's or not its caller's, costs more than it may use, or has no
     * price that is known
     */
    priceOf({ caller, ask: { model, serviceTier } }: Pick<Call, "caller" | "ask">): ModelPrice {
        const id = modelIdOf(model);
        const { models, region, prices, tiers } = this.settings;
        if (!models.includes(id)) {
            throw forbidden(
                "model_not_allowed",
                `${model} is not among this environment's models: ${models.join(", ")}`,
            );
        }
        requireModel(id, caller);
        const price = findPrice({ model: id, region, tier: serviceTier }, prices);
        if (!price) {
            throw forbidden(
                "price_unknown",
                `The price of ${id} in ${region} (service tier ${serviceTier}) is not known, so it is not sent. ` +
                    "The platform's operators can state it in the setting llm-models.prices",
            );
        }
        const tier = modelTier(price);
        if (tiers.includes(tier)) return price;
        throw forbidden(
            "tier_not_allowed",
            `${id} is of tier ${tier}, and this environment may use ${tiers.join(", ")} (gate.tiers)`,
        );
    }

    /**
     * Counts a request that costs nothing.
     *
     * @throws Refused where its caller has had all of an hour or a day
     */
    async countFree({ id, limits: own }: Caller): Promise<void> {
        const limits = { ...this.limits, ...own };
        const now = this.ground.now();
        const refused = await counted(this.ground, () => this.ground.store.transact(windows(id, limits, now)));
        if (!refused) return;
        const unit = refused[1] ? "day" : "hour";
        throw new Refused(refusalError({ code: `${unit}_limit`, until: endOf(unit, now) }, limits, now));
    }

    /**
     * Sets aside what the request can cost, with a shorter answer where it does not fit otherwise.
     *
     * @throws Refused where it may not be sent
     */
    async admit(call: Call, price: ModelPrice, key: string | undefined): Promise<Admitted | "answer pending"> {
        const { ask, caller } = call;
        const limits = { ...this.limits, ...caller.limits };
        const longest = longestAnswer(ask, price);
        const inputTokens = boundedBy(ask.inputTokens, contextOf(price));
        const ceiling = (maxOutputTokens: number) =>
            ceilingOf(price, { inputTokens, maxOutputTokens: BigInt(maxOutputTokens) });
        this.refuseAgain(caller.id, ceiling(1), limits);
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
            const refused = await counted(this.ground, () => this.ground.store.transact([...writes, ...asking]));
            if (!refused) {
                return { call, price, key, lease, outputTokens: outputTokens < longest ? outputTokens : undefined };
            }
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

    private refuseAgain(caller: string, floor: bigint, limits: Limits): void {
        const known = this.refused.get(caller);
        const now = this.ground.now();
        if (!known || known.until <= now.getTime() || floor < known.floor) return;
        throw new Refused(refusalError(known.refusal, limits, now));
    }

    private remember(caller: string, refusal: Refusal, least: bigint, now: Date): void {
        if (refusal.code !== "budget_exceeded" && refusal.code !== "hour_limit" && refusal.code !== "day_limit") return;
        const until = Math.min(refusal.until.getTime(), now.getTime() + remembered);
        if (this.refused.size > 10_000) this.refused.clear();
        // What is left of a budget that is not shut off may do for a smaller request.
        const floor = refusal.code === "budget_exceeded" && refusal.shutOffAt === undefined ? least : 0n;
        this.refused.set(caller, { refusal, floor, until });
    }
}

/** A refusal that is given again without asking the table. */
interface Remembered {
    readonly refusal: Refusal;
    /** It holds for requests that cost at least so much. */
    readonly floor: bigint;
    readonly until: number;
}

const forbidden = (code: string, message: string) => new Refused({ status: 403, code, message });

/** @throws BadRequest where it is not known, or longer than the model's longest */
function longestAnswer({ outputTokens, model }: Ask, { maxOutputTokens }: ModelPrice): number {
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

/** No prompt is longer. A price for longer ones says that there are some: a model's own limit can be raised for a call. */
const contextOf = ({ contextTokens, longContext }: ModelPrice) =>
    contextTokens !== undefined && longContext && longContext.from >= contextTokens ? undefined : contextTokens;

const boundedBy = (tokens: bigint, most: number | undefined) =>
    most !== undefined && tokens > BigInt(most) ? BigInt(most) : tokens;
