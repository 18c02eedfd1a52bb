import { type Command, InvalidArgumentError, Option } from "commander";

import { addExamples } from "../cli/command";
import { type Host } from "../cli/host";
import { type FleetOptions } from "../fleet";

/** Adds `infra fleet manifests`: the stacks as resources of Pulumi's Kubernetes operator. */
export function registerFleet(program: Command, host: Host): void {
    // It is about the stack files of the repository, of which the local cloud has one.
    if (host.onlyStack !== undefined) return;
    const fleet = program.command("fleet").description("many stacks at once").helpCommand(false);
    addExamples(fleet, host, [[`infra fleet manifests ${wanted}`, "a resource for each stack"]]);
    const manifests = fleet
        .command("manifests")
        .description(
            "print stacks as Stack resources of Pulumi's Kubernetes operator (pulumi.com/v1), which keeps each stack at " +
                "this commit. All stacks where none is named; never the local cloud's. Calls nothing",
        )
        .argument("[stacks...]", "the stacks, as in Pulumi.<stack>.yaml")
        .addOption(mandatory("--repository <url>", "where the operator clones this repository from", url))
        .addOption(mandatory("--backend <url>", "where the states are; {environment} in it becomes each stack's", url))
        .addOption(
            mandatory(
                "--image <image>",
                "what the stacks are updated in, by version or digest: engine and Node",
                image,
            ),
        )
        .option("--repository-secret <name>", "a Secret whose key accessToken opens the repository")
        .option("--json", "one JSON document on standard output: a List, which kubectl takes")
        .action(async (stacks: string[], { json = false, ...options }: FleetOptions & { json?: boolean }) => {
            process.exitCode = await (await import("../fleet")).manifests(stacks, json, options);
        });
    addExamples(manifests, host, [
        [`infra fleet manifests ${wanted} | kubectl apply -n platform -f -`, "all of them"],
        [`infra fleet manifests dev staging ${wanted}`, "some, such as those that infra affected names"],
    ]);
}

const wanted = "--repository https://… --backend 's3://…-{environment}' --image pulumi/pulumi:3.255.0-nonroot";

const mandatory = (flags: string, description: string, parser: (text: string) => string) =>
    new Option(flags, description).argParser(parser).makeOptionMandatory();

function url(text: string): string {
    if (/^(https|ssh|s3|gs|azblob):\/\/\S+$/.test(text)) return text;
    throw new InvalidArgumentError("Expected an address such as https://… or s3://….");
}

function image(text: string): string {
    if (/^[^\s@]+(@sha256:[0-9a-f]{64}|:(?!latest$)[\w][\w.-]*)$/.test(text)) return text;
    throw new InvalidArgumentError("Expected an image with its version or its digest; not latest, which changes.");
}
