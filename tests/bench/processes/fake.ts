import { type FakeOptions, startFakeBedrock } from "../../support/bedrock";
import { answerParent } from "./child";

/** What was billed once nothing ran any more. */
export interface Billed {
    readonly microUsd: bigint;
    readonly calls: number;
}

/** Begins the bill anew, or asks for it. */
export type FakeQuestion = { readonly wants: "new bill" | "bill" };

answerParent(async (options: FakeOptions) => {
    const fake = await startFakeBedrock({ ...options, quiet: true, keepCalls: 0 });
    return {
        ready: fake.url,
        answer: async ({ wants }: FakeQuestion): Promise<Billed> => {
            await fake.settled();
            if (wants === "new bill") fake.reset();
            return { microUsd: fake.bill.totalMicroUsd, calls: fake.bill.calls };
        },
    };
});
