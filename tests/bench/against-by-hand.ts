import { type LocalCloud } from "../../local/cloud";
import { step } from "../../local/progress";
import { say } from "../../ops/common/output";
import { inOwnCloud } from "./own-cloud";
import { type Bench, costOfPreview, countSameResources } from "./preview";
import { type Program, Projects } from "./projects";
import { type Measurements, type Summary, summarise } from "./report";
import { type Pair, type Series } from "./statistics";

const pairsOf = { startUp: 11, services: 5 } as const;
const serviceCounts = [1, 10, 100] as const;

/** Measures everything with a local cloud; the programs are written to `folder`. */
async function measure({ engine, providers, pulumi }: LocalCloud, folder: string): Promise<Measurements> {
    const bench: Bench = { engine: engine.folder, env: pulumi.env };
    const projects = new Projects(folder, pulumi.stackFile, engine.folder, pulumi.env.PATH);

    say("Measuring");
    const [startUp] = await interleave(bench, "start-up", pairsOf.startUp, [
        { ours: projects.repository(), byHand: projects.byHand() },
    ]);
    const services = await interleave(
        bench,
        `${serviceCounts.join(", ")} services`,
        pairsOf.services,
        serviceCounts.map((count) => ({ ours: projects.withComponents(count), byHand: projects.inLoop(count) })),
    );
    return {
        startUp,
        services: serviceCounts.map((count, index) => ({ count, series: services[index] })),
        cloud: { engine, providers },
    };
}

/**
 * Measures the pairs of programs in turn, so that a machine that gets slower does so for all of them. First each pair is
 * compared, which also brings its files into memory.
 */
async function interleave(
    bench: Bench,
    title: string,
    rounds: number,
    programs: readonly { readonly ours: Program; readonly byHand: Program }[],
): Promise<Series[]> {
    return step(title, async (doing) => {
        doing("comparing resources");
        const resources: number[] = [];
        for (const { ours, byHand } of programs) resources.push(await countSameResources(bench, ours, byHand));
        const pairs: Pair[][] = programs.map(() => []);
        for (let round = 1; round <= rounds; round++) {
            doing(`round ${round} of ${rounds}`);
            for (const [index, pair] of programs.entries()) pairs[index].push(await costOfPair(bench, pair, round));
        }
        return programs.map((_, index) => ({ resources: resources[index], pairs: pairs[index] }));
    });
}

/** Who comes first alternates. */
async function costOfPair(
    bench: Bench,
    { ours, byHand }: { readonly ours: Program; readonly byHand: Program },
    round: number,
): Promise<Pair> {
    if (round % 2 === 1) {
        const first = await costOfPreview(bench, ours);
        return { ours: first, byHand: await costOfPreview(bench, byHand) };
    }
    const first = await costOfPreview(bench, byHand);
    return { ours: await costOfPreview(bench, ours), byHand: first };
}

/** Measures what the program costs, compared with the same resources registered by hand. */
export const measureAgainstByHand = (): Promise<Summary> =>
    inOwnCloud(async (cloud, folder) => summarise(await measure(cloud, folder)));
