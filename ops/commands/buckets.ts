import { type Command, Option } from "commander";

import { type LookOptions, type SetOptions } from "../buckets";
import { addExamples, addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";
import { oneMore } from "../cli/one-more";
import { databaseUrlVariable } from "../postgres/url";

/** Adds `infra buckets show|diff|set`: the bucket names in clinical-ai's database (B7). */
export function registerBuckets(program: Command, host: Host): void {
    const buckets = program
        .command("buckets")
        .description("the bucket names in clinical-ai's PostgreSQL database")
        .helpCommand(false);
    addExamples(buckets, host, [
        ["infra buckets diff --stack dev", "whether each row names the bucket that it should"],
        ["infra buckets set --stack dev", "makes it so"],
    ]);
    addStackCommand<LookOptions>(buckets, host, {
        name: "show",
        description: "show the bucket that each declared row names, and whether it is one of this stack's",
        options: [databaseUrl()],
        examples: [["infra buckets show --stack dev", "a table"]],
        run: async (context, options) => (await import("../buckets")).show(context, options),
    });
    addStackCommand<LookOptions>(buckets, host, {
        name: "diff",
        description: "check that each declared row names its bucket: exit code 0, or 1 if a row differs",
        options: [databaseUrl()],
        examples: [
            ["infra buckets diff --stack dev", "a table"],
            [
                "infra buckets diff --stack dev --json | jq '.rows[] | select(.state != \"as declared\")'",
                "what differs",
            ],
        ],
        run: async (context, options) => (await import("../buckets")).diff(context, options),
    });
    addStackCommand<SetOptions>(buckets, host, {
        name: "set",
        description:
            "write the bucket names into the declared rows, or into the rows that you name, in one transaction",
        changes: "asked",
        options: [
            row("--source <name=bucket>", "this source only"),
            row("--destination <name=bucket>", "this destination only"),
            row("--connector <id=bucket>", "this connector only"),
            databaseUrl(),
        ],
        examples: [
            ["infra buckets set --stack dev --dry-run", "what would change"],
            ["infra buckets set --stack dev", "shows it, asks, changes it"],
            ["infra buckets set --stack dev --connector 42=clinical-ai-source-dev --yes", "one row, unasked"],
        ],
        run: async (context, options) => (await import("../buckets")).set(context, options),
    });
}

function databaseUrl(): Option {
    return new Option("--database-url <url>", `the database; better in ${databaseUrlVariable}`);
}

function row(flags: string, description: string): Option {
    return new Option(flags, `${description}; repeatable`).argParser(oneMore);
}
