import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { changesSince } from "../affected/changes";
import { readStacks } from "../affected/stacks";
import { type ExitCode, exitCodes, InfraError } from "../common/errors";
import { printJson, say } from "../common/output";
import { readStackDocument } from "../stack/document";
import { repository } from "../stack/repository";
import { needsCluster } from "../stack/services";
import { settingsOf, stackFile } from "../stack/settings";
import { type FleetSource, type FleetStack, stackManifest, type StackManifest } from "./manifest";

/** What the command line says of the fleet. */
export type FleetOptions = Pick<FleetSource, "repository" | "backend" | "image" | "repositorySecret">;

/** Prints the resources of stacks, of all where none is named, for `kubectl apply -f -`. */
export async function manifests(names: readonly string[], json: boolean, options: FleetOptions): Promise<ExitCode> {
    const found = await manifestsOf(names, options, repository);
    if (json) printJson({ apiVersion: "v1", kind: "List", items: found });
    else for (const one of found) process.stdout.write(`---\n${stringify(one)}`);
    return exitCodes.held;
}

/**
 * The resources of stacks as the checkout's commit has them. The local cloud's stack is nobody's to deploy.
 *
 * @throws InfraError for a stack that does not exist, whose settings have faults, or whose file is not committed
 */
export async function manifestsOf(
    names: readonly string[],
    options: FleetOptions,
    folder: string,
): Promise<StackManifest[]> {
    const all = readStacks(folder);
    for (const name of names) stackFile(name, folder);
    const chosen = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
    const local = chosen.filter((stack) => stack.local).map(({ name }) => name);
    if (local.length > 0) say(`Left out, being the local cloud's: ${local.join(", ")}.`);
    const { since: commit, paths } = await changesSince("HEAD", folder);
    const { name: project } = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as { name: string };
    return chosen
        .map(({ name }) => name)
        .filter((name) => !local.includes(name))
        .map((name) => {
            requireCommitted(name, paths);
            return stackManifest(fleetStack(name, folder), { ...options, commit, project });
        });
}

function fleetStack(name: string, folder: string): FleetStack {
    const document = readStackDocument(stackFile(name, folder));
    const settings = settingsOf(document, `Pulumi.${name}.yaml`);
    const secretsProvider: unknown = document.get("secretsprovider");
    return {
        name,
        environment: settings.environment,
        secretsProvider: typeof secretsProvider === "string" ? secretsProvider : undefined,
        cluster: needsCluster(settings),
    };
}

function requireCommitted(name: string, changed: readonly string[]): void {
    const file = `Pulumi.${name}.yaml`;
    if (!changed.includes(file)) return;
    throw new InfraError(
        exitCodes.usage,
        `${file} is not as it was committed: the operator deploys what the commit has.`,
        "Commit it first.",
    );
}
