import "../support/environment";

import Table from "cli-table3";

import { say } from "../../ops/common/output";
import { matricesOf } from "./matrix";
import { faultsOfEquivalents, Mutation, nameOf } from "./mutation";
import { runStack, stacks } from "./stacks";

/** At least so many mutants, and such a share of those that are no equivalents killed. */
const goals = { mutants: 300, score: 0.99 };

async function mutate(): Promise<void> {
    const json = process.argv.includes("--json");
    const mutation = new Mutation();
    for (const [file, variant] of stacks) {
        const stack = await runStack(file, variant);
        const before = mutation.verdicts.length;
        for (const matrix of await matricesOf(stack)) mutation.try(matrix, stack);
        say(`${stack.name}: ${mutation.verdicts.length - before} mutants that no stack before it had`);
    }
    const { verdicts } = mutation;
    const killed = verdicts.filter(({ killedBy }) => killedBy !== undefined);
    const equivalent = verdicts.filter((one) => one.equivalent !== undefined);
    const survivors = verdicts.filter((one) => one.killedBy === undefined && one.equivalent === undefined);
    const summary = {
        mutants: verdicts.length,
        killed: killed.length,
        equivalent: equivalent.length,
        score: killed.length / (verdicts.length - equivalent.length),
    };
    process.stdout.write(
        `${json ? JSON.stringify({ ...summary, survivors, equivalents: equivalent }, null, 2) : render(summary, survivors)}\n`,
    );
    const faults = faultsOfEquivalents(verdicts);
    for (const fault of faults) say(fault);
    const met = summary.mutants >= goals.mutants && summary.score >= goals.score && faults.length === 0;
    process.exitCode = met ? 0 : 1;
}

function render(
    summary: { mutants: number; killed: number; equivalent: number; score: number },
    survivors: Mutation["verdicts"],
) {
    const table = new Table({ head: ["mutants", "killed", "equivalent", "score"] });
    table.push([summary.mutants, summary.killed, summary.equivalent, `${(100 * summary.score).toFixed(2)} %`]);
    return [...survivors.map((one) => `survived: ${nameOf(one)}`), table.toString()].join("\n");
}

mutate().catch((error: unknown) => {
    say(error instanceof Error ? String(error.stack) : String(error));
    process.exitCode = 1;
});
