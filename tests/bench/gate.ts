import Table from "cli-table3";

import { step } from "../../local/progress";
import { stopIfInterrupted } from "../../ops/common/interrupt";
import { installLiteLlm } from "./litellm";
import { type Outcome } from "./open-loop";
import { gateOvershoot } from "./overshoot";
import { type Child } from "./processes/child";
import { type DriverQuestion } from "./processes/driver";
import { median } from "./statistics";
import {
    direct,
    Emulator,
    gateInMemory,
    gateInTable,
    liteLlm,
    type RunningSubject,
    startDriver,
    startFake,
    type Subject,
} from "./subjects";

/** More than is ever spent here, in micro-dollars. */
const budget = 1_000_000_000_000n;
const outputTokens = 100;
/** Requests a second that every subject keeps up with, for how long, and how often in turn. */
const load = { rate: 20, seconds: 10, rounds: 5 } as const;
/** Rates that are tried for one subject, each for so many seconds. */
const ladder = { rates: [25, 35, 50, 70, 100, 140, 200, 280, 400, 560, 800], seconds: 3 } as const;
/** The goal of the project: at most this share of what LiteLLM adds at the median. */
const goal = 0.5;

/** What one subject took, in milliseconds: medians of its rounds. */
interface Figures {
    readonly subject: string;
    readonly p50Ms: number;
    readonly p99Ms: number;
    /** Beyond what the same schedule took without it, round by round. */
    readonly addedP50Ms: number;
    readonly addedP99Ms: number;
    readonly addedP50MsOfRounds: readonly number[];
    readonly failed: number;
    /** The highest rate that was tried and kept up with. */
    readonly requestsPerSecond: number;
}

export async function measureGate() {
    const installed = await installLiteLlm();
    const emulator = await Emulator.start();
    const { child: fake, ready: bedrock } = await startFake({ latency: 50 });
    const driver = await startDriver();
    const running: RunningSubject[] = [];
    try {
        const gate = gateInMemory(1);
        const other = installed && liteLlm(installed, "key");
        const table = emulator && gateInTable(1, emulator);
        const subjects = [direct, gate, ...(other ? [other] : []), ...(table ? [table] : [])];
        for (const subject of subjects) {
            running.push(await step(`start: ${subject.title}`, () => subject.start(bedrock, budget)));
        }
        const figures = await measureSubjects(driver, subjects, running);
        const of = (subject: Subject | undefined) => figures.find((row) => row.subject === subject?.title);
        const ours = of(gate)!;
        return {
            addedP50Ms: ours.addedP50Ms,
            addedP99Ms: ours.addedP99Ms,
            litellmAddedP50Ms: of(other)?.addedP50Ms ?? null,
            litellmAddedP99Ms: of(other)?.addedP99Ms ?? null,
            requestsPerSecond: ours.requestsPerSecond,
            litellmRequestsPerSecond: of(other)?.requestsPerSecond ?? null,
            overshootMicroUsd: await step("overshoot of the gate", gateOvershoot),
            goal: { addedP50OfLiteLlm: goal },
            load,
            figures,
            liteLlm: installed?.version ?? null,
        };
    } finally {
        for (const { stop } of running) await stop();
        await driver.stop();
        await fake.stop();
        await emulator?.stop();
    }
}

/** @param subjects the first of them without anything in between */
async function measureSubjects(
    driver: Child<DriverQuestion, Outcome>,
    subjects: readonly Subject[],
    running: readonly RunningSubject[],
): Promise<Figures[]> {
    const ask = ({ target }: RunningSubject, rate: number, seconds: number, seed: number) => {
        stopIfInterrupted();
        return driver.ask({ kind: "schedule", target, rate, seconds, outputTokens, seed });
    };
    await step("warming up", async () => {
        for (const subject of running) await ask(subject, load.rate, load.seconds, 0);
    });
    const rounds: Outcome[][] = [];
    await step("latency", async (doing) => {
        for (let round = 1; round <= load.rounds; round++) {
            doing(`round ${round} of ${load.rounds}`);
            const outcomes: Outcome[] = [];
            for (const subject of running) outcomes.push(await ask(subject, load.rate, load.seconds, round));
            rounds.push(outcomes);
        }
    });
    const figures: Figures[] = [];
    for (const [index, { title }] of subjects.entries()) {
        const requestsPerSecond = await step(`requests a second: ${title}`, () =>
            highestRate((rate) => ask(running[index], rate, ladder.seconds, rate)),
        );
        figures.push(
            describe(
                title,
                rounds.map((outcomes) => outcomes[index]),
                rounds.map(([bare]) => bare),
                requestsPerSecond,
            ),
        );
    }
    return figures;
}

/** The highest rate of the ladder at which nothing fails and no queue grows: half of the answers come within 250 ms. */
async function highestRate(at: (rate: number) => Promise<Outcome>): Promise<number> {
    let kept = 0;
    for (const rate of ladder.rates) {
        const { latencies, failed, refused } = await at(rate);
        if (failed > 0 || Object.keys(refused).length > 0 || percentile(latencies, 0.5) > 250) break;
        kept = rate;
    }
    return kept;
}

function describe(
    subject: string,
    rounds: readonly Outcome[],
    bare: readonly Outcome[],
    requestsPerSecond: number,
): Figures {
    const of = (share: number) => median(rounds.map(({ latencies }) => percentile(latencies, share)));
    const added = (share: number) =>
        rounds.map(({ latencies }, round) => percentile(latencies, share) - percentile(bare[round].latencies, share));
    const fine = (ms: number) => Math.round(ms * 100) / 100;
    return {
        subject,
        p50Ms: fine(of(0.5)),
        p99Ms: fine(of(0.99)),
        addedP50Ms: fine(median(added(0.5))),
        addedP99Ms: fine(median(added(0.99))),
        addedP50MsOfRounds: added(0.5).map(fine),
        failed: rounds.reduce((sum, { failed, refused }) => sum + failed + total(refused), 0),
        requestsPerSecond,
    };
}

const total = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);

/** The value that `share` of all are not above; NaN of none. */
function percentile(values: readonly number[], share: number): number {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export type GateSummary = Awaited<ReturnType<typeof measureGate>>;

export function renderGate(summary: GateSummary): string {
    const table = new Table({
        head: ["subject", "p50", "p99", "added p50", "added p99", "failed", "keeps up with"],
        style: { head: [], border: [], compact: true },
        colAligns: ["left", "right", "right", "right", "right", "right", "right"],
    });
    const ms = (value: number) => `${value.toFixed(1)} ms`;
    for (const row of summary.figures) {
        const added = (value: number) => (row.subject === direct.title ? "" : ms(value));
        table.push([
            row.subject,
            ms(row.p50Ms),
            ms(row.p99Ms),
            added(row.addedP50Ms),
            added(row.addedP99Ms),
            row.failed,
            `${row.requestsPerSecond}/s`,
        ]);
    }
    return [table.toString(), "", goalLine(summary), "", ...notes(summary)].join("\n");
}

function goalLine({ addedP50Ms, litellmAddedP50Ms }: GateSummary): string {
    const wanted = `Goal: at the median the gate adds at most ${goal} times what LiteLLM does.`;
    if (litellmAddedP50Ms === null) return `${wanted} LiteLLM could not run here.`;
    const share = addedP50Ms / litellmAddedP50Ms;
    return `${wanted} Measured: ${share.toFixed(2)} times, ${share <= goal ? "met" : "MISSED"}.`;
}

const notes = ({ overshootMicroUsd, liteLlm: version }: GateSummary) => [
    `Overshoot of the gate with 128 callers at its limit: ${overshootMicroUsd} µUSD (npm run bench -- overshoot compares it).`,
    `Open loop: ${load.rate} requests a second come at random, in ${load.rounds} rounds of ${load.seconds} s in turn, the same schedule for each`,
    "subject of a round; the time counts from when a request should have started to the last byte of its answer. Figures",
    "are medians of the rounds, what is added is the median of each round's difference to direct. Every fourth request is",
    `a stream; each answer has ${outputTokens} tokens. The fake Bedrock answers after 50 ms; it, the subject and what loads them are`,
    "processes of their own on this machine. No answer is kept, so that each request takes the whole way.",
    `Keeps up with: the highest of ${ladder.rates.join(", ")} requests a second, ${ladder.seconds} s each, at which nothing failed and half`,
    "of the answers came within 250 ms.",
    ...(version === null
        ? []
        : [
              `LiteLLM's proxy ${version}: one process, a virtual key with max_budget and its reservations, counted in its memory;`,
              "the key comes from custom_auth and not from a database, which would take longer.",
          ]),
];
