import { type Load } from "./load-clients";

/** What some rotations came to. */
export interface Totals {
    rotations: number;
    kills: number;
    /** Runs of the tool, the killed ones included. */
    runs: number;
    /** Requests that were refused because a key was too new. */
    lagged: number;
    /** In milliseconds. */
    wall: number;
}

/** One line a number. */
export function totalsInWords({ rotations, kills, runs, lagged, wall }: Totals, load: Load): string {
    const sorted = [...load.latencies].sort((a, b) => a - b);
    const percentile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    const rows: [string, string][] = [
        ["rotations", String(rotations)],
        ["kills", String(kills)],
        ["runs of infra rotate", String(runs)],
        ["tries of too new keys refused", String(lagged)],
        ["requests of clients", String(load.requests)],
        ["of them failed", String(load.failures)],
        ["latency p50, p99, max", [0.5, 0.99, 1].map((share) => `${Math.round(percentile(share))} ms`).join(", ")],
        ["wall time", `${Math.round(wall / 1000)} s`],
        ["a rotation with its kill", `${(wall / 1000 / Math.max(1, rotations)).toFixed(1)} s`],
    ];
    const width = Math.max(...rows.map(([name]) => name.length));
    return rows.map(([name, value]) => `      ${name.padEnd(width)}  ${value}`).join("\n");
}
