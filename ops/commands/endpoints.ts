import { resolve } from "node:path";

import { Argument, type Command, Option } from "commander";

import { llmModels } from "../../services/llm-models";
import { type GateUrls, llmModelsEndpoints } from "../../services/llm-models/endpoints";
import { addStackCommand, type CommandContext } from "../cli/command";
import { type Host } from "../cli/host";
import { pathOption } from "../cli/path-option";
import { type ExitCode, exitCodes, InfraError } from "../common/errors";
import { contentAt, unfit, writeFile } from "../common/files";
import { printJson, say } from "../common/output";
import { recorded } from "../stack/audit";
import { serviceOutputs, settingsWith } from "../stack/outputs";

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
    const { stack, json, dryRun } = context;
    const { environment, region, [llmModels.name]: settings } = settingsWith(context, llmModels.name);
    const { monthlyLimitUsd, alertPercent, gate: wanted } = settings!;
    const gate = wanted && (await gateUrls(context));
    const document = llmModelsEndpoints({ environment, region, monthlyLimitUsd, alertPercent, gate });
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

/** AWS names a gate's addresses, so only what is deployed has them. */
async function gateUrls(context: CommandContext): Promise<GateUrls> {
    const { stack, host } = context;
    const { gate } = await serviceOutputs(context, llmModels.name);
    if (!gate) {
        throw new InfraError(
            exitCodes.failed,
            `Stack ${stack} has a gate in its settings that is not deployed yet.`,
            `Deploy it: ${host.upCommand(stack)}`,
        );
    }
    const { functionUrlAt } = await import("../aws/gate");
    const at = (url: string) => functionUrlAt(host.aws.endpoint, url);
    return { url: at(gate.url), ...(gate.keysUrl === undefined ? {} : { keysUrl: at(gate.keysUrl) }) };
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
