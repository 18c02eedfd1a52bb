import { type Load } from "./load-clients";

/** What rotations in one cloud came to. */
interface Counts {
    readonly rotations: number;
    readonly kills: number;
    readonly runs: number;
    readonly lagged: number;
    readonly loads: readonly Load[];
}

/** What all of them came to. */
export interface Totals {
    readonly rotations: number;
    readonly kills: number;
    /** Runs of the tool, the killed ones included. */
    readonly runs: number;
    /** Requests that were refused because a key was too new. */
    readonly lagged: number;
    readonly requests: number;
    readonly failures: number;
    readonly reconnected: number;
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
    const rotations = sum((count) => count.rotations);
    return {
        rotations,
        kills: sum((count) => count.kills),
        runs: sum((count) => count.runs),
        lagged: sum((count) => count.lagged),
        requests: loads.reduce((total, { requests }) => total + requests, 0),
        failures: loads.reduce((total, { failures }) => total + failures, 0),
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
        ["kills", String(totals.kills)],
        ["runs of infra rotate", String(totals.runs)],
        ["tries of too new keys refused", String(totals.lagged)],
        ["requests of clients", String(totals.requests)],
        ["of them failed", String(totals.failures)],
        ["sent again on a new connection", String(totals.reconnected)],
        ["latency p50, p99, max", [p50, p99, max].map((milliseconds) => `${Math.round(milliseconds)} ms`).join(", ")],
        ["wall time", `${Math.round(totals.wall)} s`],
        ["a rotation", `${totals.each.toFixed(1)} s`],
    ];
    const width = Math.max(...rows.map(([name]) => name.length));
    return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
