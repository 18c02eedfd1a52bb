import { type Command, InvalidArgumentError, Option } from "commander";

import { addExamples } from "../cli/command";
import { type Host } from "../cli/host";

/** Adds `infra affected`: the stacks that a change can touch, for the matrix of CI. */
export function registerAffected(program: Command, host: Host): void {
    // It is about the stack files of the repository, of which the local cloud has one.
    if (host.onlyStack !== undefined) return;
    const affected = program
        .command("affected")
        .description(
            "name the stacks whose preview can differ after the changes since a revision, committed or not, and why: by their " +
                "settings, by the code and the packages that they load, and by what every preview depends on. Never leaves " +
                "out a stack whose preview differs; what cannot be told touches every stack",
        )
        .addOption(
            new Option("--since <revision>", "the revision to compare the files with, as git names it")
                .argParser(revision)
                .makeOptionMandatory(),
        )
        .option("--json", "one JSON document on standard output")
        .action(async ({ json = false, since }: { json?: boolean; since: string }) => {
            process.exitCode = await (await import("../affected")).affected(json, { since });
        });
    addExamples(affected, host, [
        ["infra affected --since HEAD", "what is not committed yet"],
        ["infra affected --since $(git merge-base origin/main HEAD)", "a pull request"],
        ["infra affected --since HEAD~1 --json | jq -c .stacks", "the matrix of a job in CI"],
    ]);
}

function revision(text: string): string {
    if (text !== "" && !text.startsWith("-")) return text;
    throw new InvalidArgumentError("Expected a revision, as HEAD~1 or origin/main.");
}
