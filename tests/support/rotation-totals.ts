import { type Load } from "./load-clients";
import { type Victim, victims } from "./rotation-run";

/** What rotations in one cloud came to. */
interface Counts {
    readonly rotations: number;
    readonly kills: Readonly<Record<Victim, number>>;
    readonly runs: number;
    readonly refused: number;
    readonly lagged: number;
    readonly loads: readonly Load[];
}

/** What all of them came to. */
export interface Totals {
    readonly rotations: number;
    readonly kills: number;
    readonly killsOf: Readonly<Record<Victim, number>>;
    /** Runs of the tool, the killed ones included. */
    readonly runs: number;
    /** Of them refused, since the engine of a tool that was killed alone was still at its update. */
    readonly refused: number;
    /** Requests that were refused because a key was too new. */
    readonly lagged: number;
    readonly requests: number;
    readonly failures: number;
    readonly reconnected: number;
    /** Requests that were due and not made, since the machine was behind with a hundred. */
    readonly leftOut: number;
    /** Of the clients' requests, in milliseconds. */
    readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
    /** In seconds. */
    readonly wall: number;
    /** Wall time of a rotation, in seconds. */
    readonly each: number;
}

/** @param milliseconds that all of it took */
export function totalsOf(counts: readonly Counts[], milliseconds: number): Totals {
    const sum = (of: (count: Counts) => number) => counts.reduce((total, count) => total + of(count), 0);
    const loads = counts.flatMap((count) => count.loads);
    const sorted = loads.flatMap(({ latencies }) => latencies).sort((a, b) => a - b);
    const percentile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    const killsOf = { all: 0, tool: 0, engine: 0 };
    for (const victim of victims) killsOf[victim] = sum(({ kills }) => kills[victim]);
    const rotations = sum((count) => count.rotations);
    return {
        rotations,
        kills: victims.reduce((total, victim) => total + killsOf[victim], 0),
        killsOf,
        runs: sum((count) => count.runs),
        refused: sum((count) => count.refused),
        lagged: sum((count) => count.lagged),
        requests: loads.reduce((total, { requests }) => total + requests, 0),
        failures: loads.reduce((total, { failures }) => total + failures, 0),
        leftOut: loads.reduce((total, { leftOut }) => total + leftOut, 0),
        reconnected: loads.reduce((total, { reconnected }) => total + reconnected, 0),
        latency: { p50: percentile(0.5), p99: percentile(0.99), max: percentile(1) },
        wall: milliseconds / 1000,
        each: milliseconds / 1000 / Math.max(1, rotations),
    };
}

/** One line a number. */
export function totalsInWords({ latency: { p50, p99, max }, ...totals }: Totals): string {
    const rows: [string, string][] = [
        ["rotations", String(totals.rotations)],
        [
            "kills",
            `${totals.kills}: ${totals.killsOf.tool} of the tool alone, ${totals.killsOf.engine} of the engine alone`,
        ],
        ["runs of infra rotate", String(totals.runs)],
        ["of them refused by the engine's lock", String(totals.refused)],
        ["tries of too new keys refused", String(totals.lagged)],
        ["requests of clients", String(totals.requests)],
        ["of them failed", String(totals.failures)],
        ["left out by a machine that was behind", String(totals.leftOut)],
        ["sent again on a new connection", String(totals.reconnected)],
        ["latency p50, p99, max", [p50, p99, max].map((milliseconds) => `${Math.round(milliseconds)} ms`).join(", ")],
        ["wall time", `${Math.round(totals.wall)} s`],
        ["a rotation", `${totals.each.toFixed(1)} s`],
    ];
    const width = Math.max(...rows.map(([name]) => name.length));
    return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
