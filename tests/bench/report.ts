import Table from "cli-table3";

import { type LocalCloud } from "../../local/cloud";
import { ratio, slope, slopeRatio, typical, type Series } from "./statistics";

/** Everything that was measured. */
export interface Measurements {
    readonly startUp: Series;
    /** 1, 10 and 100 services. */
    readonly services: readonly { readonly count: number; readonly series: Series }[];
    readonly cloud: Pick<LocalCloud, "engine" | "providers">;
}

/** The goals of the project: at most this many times the cost by hand. What counts as linear is set here. */
export const goals = { startupRatio: 1.2, slopeRatio: 1.05, linearity: 1.25 } as const;

/** The figures, and what they were computed from. */
export function summarise({ startUp, services, cloud }: Measurements) {
    const [one, ten, hundred] = services.map(({ series }) => series);
    const linearity = (side: "ours" | "byHand") => slope(ten, hundred, side, "cpu") / slope(one, ten, side, "cpu");
    return {
        startupRatio: ratio(startUp, "wall"),
        startupCpuRatio: ratio(startUp, "cpu"),
        slopeRatio: slopeRatio(ten, hundred, "wall"),
        slopeCpuRatio: slopeRatio(ten, hundred, "cpu"),
        /** Processor time per resource from 10 to 100 services over that from 1 to 10: 1 is a straight line. */
        linearity: linearity("ours"),
        linearityByHand: linearity("byHand"),
        goals,
        startUp: describe(startUp),
        services: services.map(({ count, series }) => ({ count, ...describe(series) })),
        msPerResource: {
            ours: slope(ten, hundred, "ours", "wall"),
            byHand: slope(ten, hundred, "byHand", "wall"),
            oursCpu: slope(ten, hundred, "ours", "cpu"),
            byHandCpu: slope(ten, hundred, "byHand", "cpu"),
        },
        engine: cloud.engine,
        providers: cloud.providers,
    };
}

export type Summary = ReturnType<typeof summarise>;

function describe(series: Series) {
    const of = (side: "ours" | "byHand") => ({
        wallMs: typical(series, side, "wall"),
        cpuMs: typical(series, side, "cpu"),
        wallMsOfRuns: series.pairs.map((pair) => Math.round(pair[side].wall)),
        cpuMsOfRuns: series.pairs.map((pair) => Math.round(pair[side].cpu)),
    });
    return { resources: series.resources, runs: series.pairs.length, ours: of("ours"), byHand: of("byHand") };
}

/** The figures for people. */
export function renderTable(summary: Summary): string {
    return [figures(summary), previews(summary), notes(summary)].join("\n\n");
}

function figures(summary: Summary): string {
    const { startUp, msPerResource: per } = summary;
    const table = new Table({ head: ["goal", "measured", "processor time", "", "what"], style: plain });
    const line = (value: number, goal: number, cpu: string, what: string) =>
        table.push([`at most ${times(goal)}`, times(value), cpu, value <= goal ? "met" : "MISSED", what]);
    line(
        summary.startupRatio,
        goals.startupRatio,
        times(summary.startupCpuRatio),
        `start-up: one service, ${seconds(startUp.ours.wallMs)} against ${seconds(startUp.byHand.wallMs)} by hand`,
    );
    line(
        summary.slopeRatio,
        goals.slopeRatio,
        times(summary.slopeCpuRatio),
        `per resource: ${per.ours.toFixed(1)} ms against ${per.byHand.toFixed(1)} ms by hand`,
    );
    line(
        summary.linearity,
        goals.linearity,
        `by hand ${times(summary.linearityByHand)}`,
        "linear growth: per resource from 10 to 100 services over from 1 to 10, in processor time",
    );
    return table.toString();
}

function previews({ startUp, services }: Summary): string {
    const table = new Table({
        head: ["preview", "resources", "pairs", "ours", "by hand", "ours per resource", "by hand"],
        style: plain,
    });
    const rows = [
        { title: "rl-studio", ...startUp },
        ...services.map((service) => ({
            title: service.count === 1 ? "1 service" : `${service.count} services`,
            ...service,
        })),
    ];
    for (const { title, resources, runs, ours, byHand } of rows) {
        const per = (ms: number) => `${(ms / resources).toFixed(1)} ms`;
        table.push([
            title,
            resources,
            runs,
            seconds(ours.wallMs),
            seconds(byHand.wallMs),
            per(ours.wallMs),
            per(byHand.wallMs),
        ]);
    }
    return table.toString();
}

function notes({ engine, providers }: Summary): string {
    return [
        "Previews of an empty stack, since an update would mostly measure the provider; the repository's own is run as it",
        "stands, with no variable that shortens it. Taken in turn: ours, by hand, by hand, ours, …; the ratios are medians",
        "of each turn's ratio, the times are medians. Both sides register the same resources, which was compared; by hand",
        "is plain JavaScript, for which no TypeScript is loaded, with plain ComponentResources. Processor time is that of",
        "all processes together: where the machine is busy with something else, it is the more certain figure.",
        `Engine: ${engine.folder} (${engine.origin}).`,
        ...providers.map(({ name, origin }) => `Plugin ${name}, for both sides: ${origin}.`),
    ].join("\n");
}

const plain = { head: [], border: [], compact: true };
const times = (value: number) => `${value.toFixed(2)} times`;
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
