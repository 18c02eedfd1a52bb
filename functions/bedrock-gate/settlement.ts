import { type Admitted, type Ground } from "./call";
import { giveUp, keep, largestAnswer } from "./core/answers";
import { type Ask, serviceTiers } from "./core/ask";
import { type Charge, lateSettlement, release, settlement } from "./core/ledger";
import { type Reading } from "./core/meter";
import { costOf } from "./core/money";
import { findPrice, modelIdOf, type ModelPrice } from "./core/prices";
import { type GateSettings } from "./core/settings";
import { type Write } from "./core/store";

/** An answer as it came. */
export interface Received {
    readonly contentType: string;
    /** Undefined where it was cut off. */
    readonly body: Uint8Array | undefined;
    readonly reading: Reading | undefined;
}

/** Counts what was admitted: at its cost, at its ceiling, or as never sent. */
export class Settlement {
    constructor(
        private readonly settings: GateSettings,
        private readonly ground: Ground,
    ) {}

    /** Nothing is charged: it was never sent, or Bedrock did not run the model. */
    async release({ call, key, lease }: Admitted): Promise<void> {
        await this.end(call.requestId, release(lease), key === undefined ? undefined : giveUp(key));
    }

    /** It may be billed, and nothing says how much of it. */
    async chargeCeiling(admitted: Admitted): Promise<void> {
        await this.charge(admitted, atCeiling(admitted));
    }

    /** Charges what an answer used, and keeps the answer where it is whole. Answers the micro-dollars. */
    async settle(admitted: Admitted, { contentType, body, reading }: Received): Promise<bigint> {
        const { key } = admitted;
        const charge = this.chargeOf(admitted, reading);
        const { microUsd } = charge;
        const kept = key !== undefined && reading?.whole && body && body.length <= largestAnswer;
        const until = new Date(this.ground.now().getTime() + this.settings.cacheSeconds * 1000);
        await this.charge(admitted, charge, kept ? keep(key, { contentType, body, microUsd }, until) : undefined);
        return microUsd;
    }

    private chargeOf(admitted: Admitted, reading: Reading | undefined): Charge {
        if (!reading?.usage) return atCeiling(admitted);
        const { call, price, lease } = admitted;
        const { usage } = reading;
        const servedPrice = this.servedPrice(call.ask, price, reading.serviceTier);
        const cost = costOf(servedPrice ?? price, usage);
        // What served it has no price that is known: it may have cost all that was set aside.
        const microUsd = servedPrice === undefined && cost < lease.ceiling ? lease.ceiling : cost;
        if (microUsd > lease.ceiling) {
            this.ground.log("cost above ceiling", {
                requestId: call.requestId,
                microUsd: String(microUsd),
                ceiling: String(lease.ceiling),
            });
        }
        return {
            microUsd,
            model: modelIdOf(call.ask.model),
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

    /** Where that fails, its lease stays and is charged at its ceiling when it runs out. */
    private async charge({ call, key, lease }: Admitted, charge: Charge, kept?: Write): Promise<void> {
        const now = this.ground.now();
        const answer = kept ?? (key === undefined ? undefined : giveUp(key));
        await this.end(call.requestId, settlement(lease, charge, now), answer, lateSettlement(lease, charge, now));
        await this.ground
            .charged()
            .catch((error: Error) => this.ground.log("shut-off not looked at", { error: error.message }));
    }

    private async end(
        requestId: string,
        writes: readonly Write[],
        answer: Write | undefined,
        late?: readonly Write[],
    ): Promise<void> {
        const asked = answer ? [answer] : [];
        try {
            const refused = await this.ground.store.transact([...writes, ...asked]);
            if (!refused) return;
            if (late && !(await this.ground.store.transact([...late, ...asked]))) return;
            this.ground.log("lease gone", { requestId });
        } catch (error) {
            this.ground.log("not settled", { requestId, error: (error as Error).message });
        }
    }
}

const atCeiling = ({ lease: { ceiling, model, tokens } }: Admitted): Charge => ({
    microUsd: ceiling,
    model,
    inputTokens: tokens,
    outputTokens: 0n,
});
