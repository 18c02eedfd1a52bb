import { decide } from "../../ops/access/decide";
import { type World } from "../../ops/access/world";
import { type Case, matricesOf } from "../access/matrix";
import { runStack } from "../access/stacks";
import { median } from "./statistics";

/** Decisions a second of one core's time: the goal. */
const goal = 10_000;
const rounds = 5;
/** Every so many-th case of the matrix: all kinds of them are among these. */
const stride = 7;

/**
 * How many decisions the evaluator makes in a second of processor time, over cases of the access matrix of `dev`: of all
 * kinds, most of which no policy speaks of, and of those alone that a statement decides. Each round begins with policies
 * that were never read before.
 */
export async function measureAccess() {
    const [{ world, cases }] = await matricesOf(await runStack("dev", "as committed"));
    return {
        ofAllKinds: measure(
            world,
            cases.filter((_, index) => index % stride === 0),
        ),
        byStatements: measure(
            world,
            cases.filter(({ expected }) => expected.by !== undefined),
        ),
        goal,
    };
}

function measure(world: World, cases: readonly Case[]) {
    const rates = Array.from({ length: rounds }, () => rate(structuredClone(world), cases));
    return { decisions: cases.length, rounds, perSecond: Math.round(median(rates)) };
}

function rate(world: World, cases: readonly Case[]): number {
    const before = process.cpuUsage();
    for (const { request } of cases) decide(world, request);
    const { user, system } = process.cpuUsage(before);
    return cases.length / ((user + system) / 1e6);
}

export function renderAccess({ ofAllKinds, byStatements, goal }: Awaited<ReturnType<typeof measureAccess>>): string {
    const count = (value: number) => value.toLocaleString("en-US");
    const told = (name: string, { perSecond, decisions, rounds }: typeof ofAllKinds) =>
        `${name}: ${count(perSecond)} decisions a second on one core, the median of ${rounds} rounds of ${count(decisions)}`;
    return [
        told("of all kinds", ofAllKinds),
        told("decided by a statement", byStatements),
        `The goal: at least ${count(goal)}.`,
    ].join("\n");
}
