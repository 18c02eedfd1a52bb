import { Argument, type Command, Option } from "commander";

import { mlflow } from "../../services/mlflow";
import { addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";
import { pathOption } from "../cli/path-option";
import { type MigrateOptions } from "../creds/migrate-mlflow";

/** Adds `infra migrate`: from global credentials to the project's own (D6). */
export function registerMigrate(program: Command, host: Host): void {
    addStackCommand<MigrateOptions>(program, host, {
        name: "migrate",
        description:
            "move a project's .env from global AWS_* credentials to its own: shows the changes, tries the new keys, " +
            "asks, and writes",
        changes: "asked",
        arguments: [new Argument("<service>", "which service").choices([mlflow.name])],
        // Not --env-file: Node takes that for its own, wherever it stands, and loads a project's NODE_OPTIONS from it.
        options: [new Option("--file <file>", "the project's file").argParser(pathOption).default(".env")],
        examples: [
            ["infra migrate mlflow --stack dev --dry-run", "what would change"],
            ["infra migrate mlflow --stack dev --file ~/basketworld/.env", "shows it, asks, writes it"],
        ],
        run: async (context, options) => (await import("../creds/migrate-mlflow")).migrateMlflow(context, options),
    });
}
