import { Argument, type Command, Option } from "commander";

import { llmModels } from "../../../services/llm-models";
import { addStackCommand } from "../../cli/command";
import { type Host } from "../../cli/host";
import { pathOption } from "../path";
import { type EndpointsOptions } from "./run";

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
        run: async (context, options) => (await import("./run")).endpoints(context, options),
    });
}
