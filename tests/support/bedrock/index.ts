import { type Bill } from "./bill";
import { type RecordedCall } from "./calls";
import { type Fault } from "./faults";
import { type FakeOptions, settingsOf } from "./options";
import { Server } from "./server";

export type { Bill, BillLine } from "./bill";
export type { Operation, RecordedCall } from "./calls";
export type { ErrorName } from "./errors";
export type { Fault, FaultKind } from "./faults";
export type { FakeOptions, Overhead, Prices, ServiceTier } from "./options";
export type { Usage } from "./tokens";

/**
 * An Amazon Bedrock on this machine that speaks its wire formats, fails on command and keeps a bill of its own: what
 * was spent, whatever the callers were told. Signatures are not checked.
 */
export interface FakeBedrock {
    readonly url: string;
    readonly bill: Bill;
    /** In the order in which they came in. */
    readonly calls: readonly RecordedCall[];
    /** Lets the next calls fail; those of different kinds meet in one call. */
    fail(fault: Fault): void;
    /** Forgets the bill, the calls and the faults that are still to come. What still runs is on no bill. */
    reset(): void;
    /** Waits until no call runs: what clients have left behind is billed then. */
    settled(): Promise<void>;
    /** Ends every connection; what runs is billed at once. */
    close(): Promise<void>;
}

export async function startFakeBedrock(options: FakeOptions): Promise<FakeBedrock> {
    const settings = settingsOf(options);
    const server = new Server(settings);
    const url = await server.listen();
    if (!settings.quiet) process.stderr.write(`A fake Bedrock, for tests, listens on ${url}\n`);
    return {
        url,
        bill: server.bill,
        calls: server.calls,
        fail: (fault) => server.fail(fault),
        reset: () => server.reset(),
        settled: () => server.settled(),
        close: () => server.close(),
    };
}
