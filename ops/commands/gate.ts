import { Argument, type Command, InvalidArgumentError, Option } from "commander";

import { addExamples, addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";
import { oneMore } from "../cli/one-more";
import { keyLifeInWords, keySeconds } from "../creds/duration";
import { type CreateOptions } from "../gate/keys";

/** Adds `infra gate keys create|list|revoke`: who may call Bedrock's gate without AWS keys (E6). */
export function registerGate(program: Command, host: Host): void {
    const gate = program.command("gate").description("the gate in front of llm-models' models").helpCommand(false);
    addExamples(gate, host, [["infra gate keys list --stack dev", "who may call it without AWS keys"]]);
    const keys = gate
        .command("keys")
        .description("keys for callers that have no AWS keys; the gate takes them where gate.keys is set")
        .helpCommand(false);
    addExamples(keys, host, [
        ["infra gate keys create team-a --stack dev", "a key, shown once"],
        ["infra gate keys list --stack dev", "which there are"],
    ]);
    addStackCommand<CreateOptions>(keys, host, {
        name: "create",
        description: "create a key and print it: it is stored as a hash, and cannot be shown again",
        changes: "unasked",
        arguments: [name()],
        options: [
            new Option("--per-hour <requests>", "its own limit of requests an hour; default: the gate's").argParser(
                count,
            ),
            new Option("--per-day <requests>", "its own limit of requests a day; default: the gate's").argParser(count),
            new Option("--model <id>", "a model that it may call; repeatable; default: all").argParser(oneMore),
            new Option(
                "--expires <duration>",
                `how long it is valid, ${keyLifeInWords}; default: until revoked`,
            ).argParser(keySeconds),
        ],
        examples: [
            ["infra gate keys create team-a --stack dev --per-hour 100", "a key with a limit of its own"],
            ["infra gate keys create demo --stack dev --model ID --expires 1h", "one model, for an hour"],
        ],
        run: async (context, options, named) => (await import("../gate/keys")).create(context, options, named),
    });
    addStackCommand(keys, host, {
        name: "list",
        description: "show the keys: names, ages and limits; the keys themselves are not stored",
        examples: [["infra gate keys list --stack dev --json | jq '.keys[].name'", "for programs"]],
        run: async (context) => (await import("../gate/keys")).list(context),
    });
    addStackCommand(keys, host, {
        name: "revoke",
        description: "revoke a key: the gate refuses it from the next request on",
        changes: "asked",
        arguments: [name()],
        examples: [["infra gate keys revoke team-a --stack dev", "asks, and revokes it"]],
        run: async (context, _, named) => (await import("../gate/keys")).revoke(context, named),
    });
}

function name(): Argument {
    return new Argument("<name>", "the key's name: small letters, digits and hyphens").argParser((text: string) => {
        if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(text)) return text;
        throw new InvalidArgumentError("Expected 1 to 63 small letters, digits and hyphens.");
    });
}

function count(text: string): number {
    if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
    throw new InvalidArgumentError("Expected a whole number above 0.");
}
