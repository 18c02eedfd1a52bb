import { type Bill } from "./adapters/cost-explorer";
import { type CostReport, modelBill, percentOf, priced, projectedEnd, projectionMethod } from "./core/costs";
import { estimation, leasesPartition, modelsPartition, totalsKey } from "./core/ledger";
import { type KeeperSettings } from "./core/settings";
import { counter, type Item, type Key, type Store, text } from "./core/store";
import { nameOf } from "./core/time";
import { type TokenUsage } from "./core/usage";
import { type ShutOff } from "./shut-off";

export interface WatchGround {
    readonly store: Store;
    readonly shutOff: ShutOff;
    /** What Bedrock has counted since the month began. */
    readonly tokens: (start: Date, end: Date) => Promise<ReadonlyMap<string, TokenUsage>>;
    /** What AWS bills. */
    readonly bill: (start: Date, end: Date) => Promise<Bill>;
    readonly now: () => Date;
    readonly log: (event: string, facts: Readonly<Record<string, unknown>>) => void;
    readonly alert: (subject: string, message: string) => Promise<void>;
}

/** Tokens of a model that Bedrock has counted and the gate has not. */
export interface Unaccounted {
    readonly model: string;
    readonly tokens: bigint;
}

const reportKey = (day: string): Key => ({ partition: "costs", sort: day });

/** Looks at what AWS has counted: every few minutes tokens, and once a day money. */
export class Watch {
    constructor(
        private readonly settings: Pick<
            KeeperSettings,
            "environment" | "region" | "prices" | "microUsdPerMonth" | "budgetServices" | "hasGate" | "bypassShutsOff"
        >,
        private readonly ground: WatchGround,
    ) {}

    /** Every few minutes: compares the tokens with the gate's or, where there is none, counts what they cost. */
    async look(): Promise<void> {
        await (this.settings.hasGate ? this.lookForBypass() : this.estimate());
    }

    /** Alarms, once a day, where models were called past the gate, and shuts off where the settings say so. */
    private async lookForBypass(): Promise<void> {
        const { log, shutOff } = this.ground;
        const found = await this.unaccounted();
        if (found.length === 0) return;
        log(
            "tokens that did not pass the gate",
            Object.fromEntries(found.map(({ model, tokens }) => [model, String(tokens)])),
        );
        const models = found.map(({ model, tokens }) => `${model}: ${tokens} tokens`).join("; ");
        await this.alertOnceADay(
            "bypassAlertedOn",
            `Bedrock was called past the gate in ${this.settings.environment}`,
            `CloudWatch has counted more tokens this month than the gate has: ${models}. Look in CloudTrail for ` +
                "InvokeModel and Converse by anybody but the gate's role.",
        );
        if (this.settings.bypassShutsOff) await shutOff.engage("bypass");
    }

    /** Writes what the month's tokens cost into the ledger, and shuts off at its level. */
    private async estimate(): Promise<void> {
        const { store, tokens, now, shutOff } = this.ground;
        const { environment, region, prices } = this.settings;
        const { month, start } = monthOf(now());
        const { models, unpriced } = priced(await tokens(start, now()), region, prices);
        // Refused where a trial began or ended at this moment: in five minutes, it is tried again.
        await store.transact(estimation(month, await store.get(totalsKey(month)), sumOf(models.values()), now()));
        if (unpriced.length > 0) {
            await this.alertOnceADay(
                "unpricedAlertedOn",
                `Bedrock's costs in ${environment} are not all known`,
                `The price of ${unpriced.join(", ")} in ${region} is not known, so that what was spent on it this month ` +
                    "does not count towards the shut-off. State it in llm-models.prices.",
            );
        }
        await shutOff.look();
    }

    private async alertOnceADay(attribute: string, subject: string, message: string): Promise<void> {
        const { store, now, alert } = this.ground;
        const today = nameOf("day", now());
        const key = totalsKey(nameOf("month", now()));
        if (text(await store.get(key), attribute) === today) return;
        await alert(subject, message);
        await store.transact([{ key, set: { [attribute]: today } }]);
    }

    private async unaccounted(): Promise<Unaccounted[]> {
        const { store, tokens, now } = this.ground;
        const { month, start } = monthOf(now());
        // CloudWatch first: what is called meanwhile is in the ledger then, and not in it.
        const counted = await tokens(start, now());
        const ledger = await store.list(modelsPartition(month));
        const open = [...(await store.list(leasesPartition(month))).values()];
        const accounted = (model: string) =>
            tokensIn(ledger.get(model)) +
            sumOf(open.filter((lease) => text(lease, "model") === model).map((lease) => counter(lease, "tokens")));
        return [...counted].flatMap(([model, usage]) => {
            const missing = sumOf(Object.values(usage)) - accounted(model);
            return missing > 0n ? [{ model, tokens: missing }] : [];
        });
    }

    /** The report of today: made once a day, since each question to Cost Explorer costs 0.01 US dollars. */
    async report(): Promise<CostReport> {
        const { store, now } = this.ground;
        const kept = text(await store.get(reportKey(nameOf("day", now()))), "report");
        if (kept !== undefined) return JSON.parse(kept) as CostReport;
        const report = await this.makeReport();
        // One that lacks the bill is made again when it is next asked for.
        if ("unavailable" in report.costExplorer) return report;
        const expiresAt = BigInt(Math.ceil(now().getTime() / 1000) + 400 * 86_400);
        await store.transact([
            { key: reportKey(nameOf("day", now())), set: { report: JSON.stringify(report), expiresAt } },
        ]);
        return report;
    }

    /** Once a day: tells people where the month is or will be above its budget, or has spend that the budget does not see. */
    async daily(): Promise<CostReport> {
        const report = await this.report();
        const { sharePercent, projected, costExplorer } = report;
        const unseen = "unseen" in costExplorer ? costExplorer.unseen : [];
        const faults = [
            ...(sharePercent > 100 ? [`${sharePercent} % of the month's budget are spent.`] : []),
            ...(projected.sharePercent > 100
                ? [`The month is on its way to ${projected.sharePercent} % of its budget (${projected.method}).`]
                : []),
            ...(unseen.length > 0
                ? [`The budget does not count ${unseen.join(", ")}: add them to llm-models.budgetServices.`]
                : []),
        ];
        if (faults.length > 0) {
            await this.ground.alert(`Bedrock's costs in ${this.settings.environment}`, faults.join(" "));
        }
        return report;
    }

    private async makeReport(): Promise<CostReport> {
        const { store, tokens, now } = this.ground;
        const { region, prices, microUsdPerMonth: limit, budgetServices, hasGate } = this.settings;
        const { month, start } = monthOf(now());
        const [totals, ledger, counted, bill] = await Promise.all([
            store.get(totalsKey(month)),
            store.list(modelsPartition(month)),
            tokens(start, now()),
            this.bill(start),
        ]);
        const { models, unpriced } = priced(counted, region, prices);
        const cloudWatch = sumOf(models.values());
        const billed = "unavailable" in bill ? undefined : modelBill(bill.services, budgetServices);
        const billedSum = sumOf(Object.values(billed?.services ?? {}));
        const spent = counter(totals, "spent");
        const most = [spent, cloudWatch, billedSum].reduce((one, other) => (other > one ? other : one));
        const projected = projectedEnd(most, now());
        return {
            at: now().toISOString(),
            month,
            limitMicroUsd: String(limit),
            ...(hasGate
                ? {
                      ledger: {
                          spentMicroUsd: String(spent),
                          models: inText([...ledger].map(([model, item]) => [model, counter(item, "spent")])),
                      },
                  }
                : {}),
            cloudWatch: { spentMicroUsd: String(cloudWatch), models: inText([...models]), unpriced },
            costExplorer: billed
                ? {
                      spentMicroUsd: String(billedSum),
                      services: inText(Object.entries(billed.services)),
                      unseen: billed.unseen,
                  }
                : (bill as { unavailable: string }),
            spentMicroUsd: String(most),
            sharePercent: percentOf(most, limit),
            projected: {
                microUsd: String(projected),
                sharePercent: percentOf(projected, limit),
                method: projectionMethod,
            },
        };
    }

    /** Cost Explorer takes whole days: in the first of a month there is none. */
    private async bill(start: Date): Promise<{ readonly services: Bill } | { readonly unavailable: string }> {
        const { bill, now } = this.ground;
        const tomorrow = new Date(now().getTime() + 86_400_000);
        try {
            return { services: await bill(start, tomorrow) };
        } catch (error) {
            return { unavailable: (error as Error).message };
        }
    }
}

function monthOf(now: Date) {
    return { month: nameOf("month", now), start: new Date(`${nameOf("month", now)}-01T00:00:00Z`) };
}

const tokensIn = (item: Item | undefined) => counter(item, "inputTokens") + counter(item, "outputTokens");
const sumOf = (amounts: Iterable<bigint>) => [...amounts].reduce((sum, amount) => sum + amount, 0n);
const inText = (amounts: readonly (readonly [string, bigint])[]) =>
    Object.fromEntries(amounts.map(([name, amount]) => [name, String(amount)]));
