import { join } from "node:path";

import { root } from "../../local/paths";
import { step } from "../../local/progress";
import { inOwnCloud } from "./own-cloud";
import { type Bench, type Cost, costOfPreview } from "./preview";
import { type Program } from "./projects";
import { median } from "./statistics";

const pack = ["--policy-pack", join(root, "policy-pack", "serve.js")];
const pairs = 9;

interface Pair {
    readonly without: Cost;
    readonly with: Cost;
}

/** Measures previews of stack `local` with the policy pack and without, in turn. */
export async function measurePolicyPack() {
    return inOwnCloud(async ({ engine, pulumi }) => {
        const bench: Bench = { engine: engine.folder, env: pulumi.env };
        const program: Program = { folder: root, stackFile: pulumi.stackFile };
        const measured = await step("previews with the policy pack and without", async (doing) => {
            // Brings the files of both into memory.
            await costOfPreview(bench, program, pack);
            const all: Pair[] = [];
            for (let round = 1; round <= pairs; round++) {
                doing(`round ${round} of ${pairs}`);
                all.push(await costOfPair(bench, program, round));
            }
            return all;
        });
        return summarise(measured);
    });
}

/** Who comes first alternates. */
async function costOfPair(bench: Bench, program: Program, round: number): Promise<Pair> {
    const first = await costOfPreview(bench, program, round % 2 === 1 ? pack : []);
    const second = await costOfPreview(bench, program, round % 2 === 1 ? [] : pack);
    return round % 2 === 1 ? { with: first, without: second } : { with: second, without: first };
}

function summarise(measured: readonly Pair[]) {
    const typical = (side: keyof Pair, measure: keyof Cost) => median(measured.map((pair) => pair[side][measure]));
    const ratio = (measure: keyof Cost) => median(measured.map((pair) => pair.with[measure] / pair.without[measure]));
    return {
        pairs: measured.length,
        wallRatio: ratio("wall"),
        cpuRatio: ratio("cpu"),
        wallMs: { with: typical("with", "wall"), without: typical("without", "wall") },
        cpuMs: { with: typical("with", "cpu"), without: typical("without", "cpu") },
    };
}

/** The figures for people. */
export function renderPolicyPack({
    pairs: count,
    wallRatio,
    cpuRatio,
    wallMs,
    cpuMs,
}: Awaited<ReturnType<typeof measurePolicyPack>>): string {
    const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
    return [
        `Preview of a new stack with all services, ${count} pairs, medians:`,
        `with the policy pack ${seconds(wallMs.with)}, without ${seconds(wallMs.without)}, ratio ${wallRatio.toFixed(2)}`,
        `processor time: ${seconds(cpuMs.with)}, without ${seconds(cpuMs.without)}, ratio ${cpuRatio.toFixed(2)}`,
    ].join("\n");
}
