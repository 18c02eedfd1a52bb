import Table from "cli-table3";

import { findAws } from "../../local/found";
import { LocalError } from "../../local/paths";
import { elapsed } from "../../local/progress";
import { say } from "../../ops/common/output";
import { type Exception, readExceptions, sift, type Sifted } from "./exceptions";
import { type Extract, extractAll } from "./extract";
import { type Finding, type Judge, type Verdict } from "./judge";
import { apiServer, checkov, kubeconform } from "./manifests";
import { cloudsplaining, iamprover, parliament } from "./policies";
import { secretlint } from "./secrets";

const judges: readonly Judge[] = [parliament, cloudsplaining, iamprover, kubeconform, apiServer, checkov, secretlint];

/** What came of asking one judge; without `verdict` what it judges is not there. */
interface Asked extends Sifted {
    readonly judge: string;
    readonly took: string;
    readonly verdict?: Verdict;
}

async function ask(judge: Judge, extracts: readonly Extract[], all: readonly Exception[]): Promise<Asked> {
    const start = performance.now();
    const exceptions = all.filter((one) => one.judge === judge.name);
    const today = new Date().toISOString().slice(0, 10);
    try {
        const verdict = await judge.ask(extracts, exceptions);
        const sifted = verdict
            ? sift(unique(verdict.findings), exceptions, today)
            : { open: [], excepted: 0, faults: [] };
        return { judge: judge.name, took: elapsed(start), verdict, ...sifted };
    } catch (error) {
        const faults = [`could not be asked: ${error instanceof Error ? error.message : String(error)}`];
        return {
            judge: judge.name,
            took: elapsed(start),
            verdict: { asked: "", findings: [] },
            open: [],
            excepted: 0,
            faults,
        };
    }
}

/** Each once: some judges say the same of every statement. */
const unique = (findings: readonly Finding[]) => [
    ...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values(),
];

function render(results: readonly Asked[]): string {
    const table = new Table({
        head: ["judge", "looked at", "findings", "excepted", "took"],
        style: { head: [], border: [] },
    });
    for (const { judge, verdict, open, excepted, took } of results) {
        table.push([
            judge,
            verdict?.asked.replaceAll("; ", "\n") ?? "nothing: there is no cluster",
            open.length,
            excepted,
            took,
        ]);
    }
    const lines = results.flatMap(({ judge, open, faults }) => [
        ...open.map(({ of, rule, subject, detail }) => `${judge}: ${of}: ${rule}: ${subject}: ${detail}`),
        ...faults.map((fault) => `${judge}: ${fault}`),
    ]);
    return [table.toString(), ...lines].join("\n");
}

async function main(json: boolean): Promise<void> {
    const exceptions = readExceptions();
    const strangers = exceptions.filter(({ judge }) => !judges.some(({ name }) => name === judge));
    if (strangers.length > 0) {
        throw new LocalError(`exceptions name no judge: ${strangers.map((one) => one.judge).join(", ")}`);
    }
    const extracts = await extractAll(await findAws());
    const empty = extracts.filter(
        ({ details, resourcePolicies }) => !details.Policies.length || !resourcePolicies.length,
    );
    if (empty.length > 0) {
        throw new LocalError(`nothing to judge in ${empty.map(({ stack }) => stack).join(", ")}: npm run local`);
    }
    // One after the other: Z3, checkov and secretlint each take the processors that there are.
    const results: Asked[] = [];
    for (const judge of judges) {
        say(`  asking ${judge.name}`);
        results.push(await ask(judge, extracts, exceptions));
    }
    const held = ({ open, faults }: Asked) => open.length === 0 && faults.length === 0;
    const asked = results.filter(({ verdict }) => verdict);
    const [passed, skipped] = [asked.filter(held).length, results.length - asked.length];
    const failed = asked.length - passed;
    if (json) process.stdout.write(`${JSON.stringify({ results, passed, failed, skipped }, null, 2)}\n`);
    else say(render(results));
    say(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
    process.exitCode = failed === 0 ? 0 : 1;
}

main(process.argv.includes("--json")).catch((error: unknown) => {
    say(error instanceof LocalError ? error.message : String(error instanceof Error ? error.stack : error));
    process.exitCode = 1;
});
