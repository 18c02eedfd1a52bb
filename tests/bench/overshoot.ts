import Table from "cli-table3";

import { step } from "../../local/progress";
import { installLiteLlm, liteLlmVersion } from "./litellm";
import { type Outcome } from "./open-loop";
import { type Child } from "./processes/child";
import { type DriverQuestion } from "./processes/driver";
import { type Billed, type FakeQuestion } from "./processes/fake";
import { type GateEvents } from "./processes/gate";
import {
    countAfter,
    Emulator,
    gateInMemory,
    gateInTable,
    liteLlm,
    startDriver,
    startFake,
    type Subject,
} from "./subjects";

/** In micro-dollars: the limit, most of which is spent when the callers come. */
const limit = 1_000_000n;
/** One after the other before they come: 19 answers of 49,536 micro-dollars. */
const before = { callers: 1, requestsEach: 19, outputTokens: 3_300, leaving: false } as const;
/** Of each caller, which costs 9,036 micro-dollars: six more fit. */
const each = { requestsEach: 3, outputTokens: 600 } as const;
const crowds: readonly Crowd[] = [
    { callers: 128, leaving: false },
    { callers: 1_000, leaving: false },
    { callers: 128, leaving: true },
];

interface Crowd {
    readonly callers: number;
    /** They ask for streams only, and go when one begins. */
    readonly leaving: boolean;
}

/** What one crowd brought about. */
export interface Overshoot extends Crowd {
    readonly subject: string;
    readonly answered: number;
    readonly refused: number;
    readonly failed: number;
    readonly billedMicroUsd: number;
    /** What was billed beyond the limit; 0 where it was kept. */
    readonly overshootMicroUsd: number;
    readonly overshootPercent: number;
    /** How much of the limit was of use. */
    readonly usedPercent: number;
    /** What the gate's log said. */
    readonly events: GateEvents;
}

/** A Bedrock whose bill is the truth, and what loads those in front of it. */
interface Ground {
    readonly bedrock: string;
    readonly fake: Child<FakeQuestion, Billed>;
    readonly driver: Child<DriverQuestion, Outcome>;
}

export async function measureOvershoot() {
    const installed = await installLiteLlm();
    const emulator = await Emulator.start();
    try {
        const subjects = [
            countAfter,
            ...(installed ? [liteLlm(installed, "provider"), liteLlm(installed, "key")] : []),
            gateInMemory(4),
            ...(emulator ? [gateInTable(2, emulator)] : []),
        ];
        const rows = await onGround(async (ground) => {
            const measured: Overshoot[] = [];
            for (const one of crowds) {
                for (const subject of subjects) measured.push(await crowd(ground, subject, one));
            }
            return measured;
        });
        return { limitMicroUsd: Number(limit), rows, liteLlm: installed?.version ?? null };
    } finally {
        await emulator?.stop();
    }
}

/** The most that the gate lets through beyond the limit, for those who measure something else as well. */
export async function gateOvershoot(): Promise<number> {
    const { overshootMicroUsd } = await onGround((ground) => crowd(ground, gateInMemory(4), crowds[0]));
    return overshootMicroUsd;
}

async function onGround<Result>(work: (ground: Ground) => Promise<Result>): Promise<Result> {
    // A model takes its time, and its streams too: so many requests are under way at once.
    const { child: fake, ready: bedrock } = await startFake({ latency: 300, chunkDelay: 25 });
    const driver = await startDriver();
    try {
        return await work({ bedrock, fake, driver });
    } finally {
        await driver.stop();
        await fake.stop();
    }
}

async function crowd({ bedrock, fake, driver }: Ground, subject: Subject, one: Crowd): Promise<Overshoot> {
    return step(`${nameOf(one)}: ${subject.title}`, async (doing) => {
        await fake.ask({ wants: "new bill" });
        const running = await subject.start(bedrock, limit);
        try {
            const { target } = running;
            doing("spending most of the limit");
            const spent = await driver.ask({ kind: "burst", target, ...before });
            if (spent.answered !== before.requestsEach) {
                throw new Error(
                    `${subject.title} answered ${spent.answered} of ${before.requestsEach} requests that fit`,
                );
            }
            // LiteLLM counts when it has answered.
            await new Promise((resolve) => setTimeout(resolve, 1_000));
            doing("all at once");
            const outcome = await driver.ask({ kind: "burst", target, ...one, ...each });
            const billed = await fake.ask({ wants: "bill" });
            return overshootOf(subject.title, one, outcome, billed, await running.events());
        } finally {
            await running.stop();
        }
    });
}

const nameOf = ({ callers, leaving }: Crowd) => `${callers}${leaving ? " who leave" : ""}`;

function overshootOf(
    subject: string,
    crowd: Crowd,
    { answered, refused, failed }: Outcome,
    { microUsd }: Billed,
    events: GateEvents,
): Overshoot {
    const percent = (amount: bigint) => Number((amount * 10_000n) / limit) / 100;
    const over = microUsd > limit ? microUsd - limit : 0n;
    return {
        subject,
        ...crowd,
        answered,
        refused: Object.values(refused).reduce((sum, count) => sum + count, 0),
        failed,
        billedMicroUsd: Number(microUsd),
        overshootMicroUsd: Number(over),
        overshootPercent: percent(over),
        usedPercent: percent(microUsd - over),
        events,
    };
}

export type OvershootSummary = Awaited<ReturnType<typeof measureOvershoot>>;

export function renderOvershoot({ rows, limitMicroUsd, liteLlm: version }: OvershootSummary): string {
    const table = new Table({
        head: ["callers", "subject", "answered", "refused", "failed", "billed", "overshoot", "of the limit", "used"],
        style: { head: [], border: [], compact: true },
        colAligns: ["right", "left", "right", "right", "right", "right", "right", "right", "right"],
    });
    const microUsd = (amount: number) => `${amount.toLocaleString("en-US")} µUSD`;
    for (const row of rows) {
        table.push([
            nameOf(row),
            row.subject,
            row.answered,
            row.refused,
            row.failed,
            microUsd(row.billedMicroUsd),
            microUsd(row.overshootMicroUsd),
            `${row.overshootPercent.toFixed(2)} %`,
            `${row.usedPercent.toFixed(2)} %`,
        ]);
    }
    const said = rows.flatMap((row) =>
        Object.entries(row.events).map(
            ([event, count]) => `${row.subject}, ${nameOf(row)}: ${count} × "${event}" in the log`,
        ),
    );
    return [
        table.toString(),
        "",
        `The limit is ${microUsd(limitMicroUsd)}, of which 941,184 are spent when the callers come: all at once, each with`,
        `${each.requestsEach} requests one after the other, every fourth a stream, each for ${each.outputTokens} tokens at most, which it gets. What was billed`,
        "is the fake Bedrock's own bill, whatever anybody counted; used is what of the limit was billed. Those who leave ask",
        "for streams only and go when one begins; the model runs on, and all of its answer is billed.",
        version === null
            ? "LiteLLM could not run here."
            : `LiteLLM's proxy ${liteLlmVersion} is one process that counts in its memory: of a provider by provider_budget_config, of a\n` +
              "key by max_budget with its reservations. The key comes from custom_auth, since a database needs Prisma's engines.",
        ...said,
    ].join("\n");
}
