import { type CostExplorerClient, GetCostAndUsageCommand } from "@aws-sdk/client-cost-explorer";

/** What AWS bills, by the name of the service, in micro-dollars. */
export type Bill = Readonly<Record<string, bigint>>;

/** The month's bill so far, without credits and refunds: some hours behind. One question costs 0.01 US dollars. */
export async function billOf(client: CostExplorerClient, start: Date, end: Date): Promise<Bill> {
    const { ResultsByTime = [] } = await client.send(
        new GetCostAndUsageCommand({
            TimePeriod: { Start: dayOf(start), End: dayOf(end) },
            Granularity: "MONTHLY",
            Metrics: ["UnblendedCost"],
            GroupBy: [{ Type: "DIMENSION", Key: "SERVICE" }],
            Filter: { Not: { Dimensions: { Key: "RECORD_TYPE", Values: ["Credit", "Refund"] } } },
        }),
    );
    const bill: Record<string, bigint> = {};
    for (const { Groups = [] } of ResultsByTime) {
        for (const { Keys = [], Metrics = {} } of Groups) {
            const [service = "?"] = Keys;
            bill[service] = (bill[service] ?? 0n) + microUsd(Metrics.UnblendedCost?.Amount ?? "0");
        }
    }
    return bill;
}

const dayOf = (time: Date) => time.toISOString().slice(0, 10);

/** A decimal of US dollars in micro-dollars; what is below them is cut off. */
function microUsd(amount: string): bigint {
    const [, sign, whole, decimals = ""] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE].*)?$/.exec(amount) ?? [];
    if (whole === undefined || /e/i.test(amount)) return BigInt(Math.trunc(Number(amount) * 1_000_000));
    const micro = BigInt(whole) * 1_000_000n + BigInt(decimals.padEnd(6, "0").slice(0, 6));
    return sign ? -micro : micro;
}
