import { resolve } from "node:path";

import { Argument, type Command, Option } from "commander";

import { llmModels } from "../../services/llm-models";
import { llmModelsEndpoints } from "../../services/llm-models/endpoints";
import { addStackCommand, type CommandContext } from "../cli/command";
import { type Host } from "../cli/host";
import { pathOption } from "../cli/path-option";
import { type ExitCode, exitCodes } from "../common/errors";
import { contentAt, unfit, writeFile } from "../common/files";
import { printJson, say } from "../common/output";
import { recorded } from "../stack/audit";
import { settingsWith } from "../stack/outputs";

/** Adds `infra endpoints`: where the models of an environment answer (E12). */
export function registerEndpoints(program: Command, host: Host): void {
    addStackCommand<EndpointsOptions>(program, host, {
        name: "endpoints",
        description: "print or write the endpoints file of an environment: addresses, authentication, limit; no secret",
        changes: "unasked",
        arguments: [new Argument("<service>", "whose endpoints").choices([llmModels.name])],
        options: [new Option("--out <file>", "write it here; default: standard output").argParser(pathOption)],
        examples: [
            ["infra endpoints llm-models --stack prod", "prints it"],
            ["infra endpoints llm-models --stack prod --out endpoints.prod.json", "writes it"],
        ],
        run: endpoints,
    });
}

interface EndpointsOptions {
    readonly out?: string;
}

/** `infra endpoints llm-models`: prints the file, or writes it. */
export async function endpoints(context: CommandContext, { out }: EndpointsOptions): Promise<ExitCode> {
    const { stack, json, dryRun, host } = context;
    settingsWith(context, llmModels.name);
    const { environment, region, [llmModels.name]: settings } = host.settings(stack);
    const document = llmModelsEndpoints({ environment, region, ...settings! });
    const text = `${JSON.stringify(document, null, 4)}\n`;
    if (out === undefined) {
        if (json) printJson(document);
        else process.stdout.write(text);
        return exitCodes.held;
    }
    const file = resolve(out);
    const found = contentAt(file)?.content.toString();
    const changed = found !== text;
    if (found !== undefined && changed) requireOurs(file, found);
    if (changed && !dryRun) {
        const changes = [{ file, was: found === undefined ? "missing" : "differs" }];
        await recorded({ command: "endpoints", stack, target: file, changes }, async () =>
            writeFile(file, text, 0o644),
        );
    }
    if (json) printJson({ stack, service: llmModels.name, file, dryRun, changed, content: document });
    else if (!changed) say(`${file} is current; nothing ${dryRun ? "would be" : "was"} changed.`);
    else say(`${dryRun ? "Would write" : "Wrote"} ${file}.`);
    return exitCodes.held;
}

/** A slip of the keyboard does not cost another file. */
function requireOurs(file: string, text: string): void {
    if (isEndpointsFile(text)) return;
    throw unfit(`${file} is another file than one of endpoints.`, "Name another one, or remove it.");
}

function isEndpointsFile(text: string): boolean {
    try {
        return Object.hasOwn(JSON.parse(text) as object, "endpoints");
    } catch {
        return false;
    }
}
