import Table from "cli-table3";

import { type LocalCloud } from "../../local/cloud";
import { type Cost } from "./preview";
import { median, type Measure } from "./statistics";

/** What was measured of one change. */
export interface Change {
    readonly what: string;
    /** The stacks that `infra affected` names. */
    readonly stacks: readonly string[];
    /** Of each run of `infra affected`. */
    readonly affected: readonly Cost[];
    /** Of the named stacks, where they were previewed after the change; else they count as they were before it. */
    readonly previews?: readonly Cost[];
}

export interface FleetMeasurements {
    /** The first is the one that the goal is about. */
    readonly changes: readonly Change[];
    /** Of every stack's preview, by its name. */
    readonly previews: ReadonlyMap<string, Cost>;
    readonly cloud: Pick<LocalCloud, "engine" | "providers">;
}

/** The goal of the project: previewing all of 100 stacks takes at least so many times what the change of one takes. */
export const fleetGoal = 50;

/** The figures, and what they were computed from. */
export function summariseFleet({ changes, previews, cloud }: FleetMeasurements) {
    const all = [...previews.values()];
    return {
        goal: fleetGoal,
        stacks: previews.size,
        allCpuMs: sum(all, "cpu"),
        allWallMs: sum(all, "wall"),
        previewCpuMs: [...previews].map(([stack, { cpu }]) => ({ stack, cpuMs: Math.round(cpu) })),
        changes: changes.map(({ what, stacks, affected, previews: after }) => {
            const named = after ?? stacks.map((stack) => previews.get(stack)!);
            const of = (measure: Measure) => ({
                affected: median(affected.map((cost) => cost[measure])),
                previews: sum(named, measure),
            });
            const [cpu, wall] = [of("cpu"), of("wall")];
            return {
                what,
                stacks: stacks.length,
                affectedCpuMs: cpu.affected,
                affectedCpuMsOfRuns: affected.map((cost) => Math.round(cost.cpu)),
                previewsCpuMs: cpu.previews,
                wallMs: wall.affected + wall.previews,
                times: sum(all, "cpu") / (cpu.affected + cpu.previews),
            };
        }),
        engine: cloud.engine,
        providers: cloud.providers,
    };
}

const sum = (costs: readonly Cost[], measure: Measure) => costs.reduce((total, cost) => total + cost[measure], 0);

export type FleetSummary = ReturnType<typeof summariseFleet>;

/** The figures for people. */
export function renderFleet(summary: FleetSummary): string {
    const { goal, stacks, allCpuMs, allWallMs, changes, previewCpuMs } = summary;
    const style = { head: [], border: [], compact: true };
    const [{ times }] = changes;
    const table = new Table({
        head: ["what is previewed", "stacks", "infra affected", "previews", "together", "all against it"],
        colAligns: ["left", "right", "right", "right", "right", "right"],
        style,
    });
    table.push(["every stack", stacks, "", seconds(allCpuMs), seconds(allCpuMs), ""]);
    for (const { what, stacks: named, affectedCpuMs, previewsCpuMs, times: less } of changes) {
        const together = affectedCpuMs + previewsCpuMs;
        table.push([
            `those touched by ${what}`,
            named,
            seconds(affectedCpuMs),
            seconds(previewsCpuMs),
            seconds(together),
            `${less.toFixed(1)} times`,
        ]);
    }
    const each = previewCpuMs.map(({ cpuMs }) => cpuMs);
    return [
        `Goal: with one of ${stacks} stacks changed, at least ${goal} times less processor time than previewing all. ` +
            `Measured: ${times.toFixed(1)} times less. ${times >= goal ? "Met." : "MISSED."}`,
        table.toString(),
        [
            "Processor time of all processes: the command; the engine, its language host, the program and the plugins. Each of",
            `the ${stacks} stacks was previewed once by the real engine, one after the other, in ${seconds(allWallMs)}: an empty stack on the`,
            `local AWS with some of the services, from ${seconds(Math.min(...each))} to ${seconds(Math.max(...each))}. The stack whose settings change has all of them,`,
            `and was previewed again after the change (${seconds(changes[0].wallMs)} of time with infra affected). infra affected was run`,
            `${changes[0].affectedCpuMsOfRuns.length} times after each change: the median. Where a change touches several stacks, their previews count as they`,
            "were measured before it.",
            `Engine: ${summary.engine.folder} (${summary.engine.origin}).`,
            ...summary.providers.map(({ name, origin }) => `Plugin ${name}: ${origin}.`),
        ].join("\n"),
    ].join("\n\n");
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
