import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { type ServiceName, serviceFacts, serviceNames, type ServiceSettings } from "../services";
import { type CredentialSources } from "../services/credential-sources";
import { type Names } from "../services/resources";
import { environments, parseSettings, type Settings, settingsIn } from "../stacks/settings";
import { code, table } from "./markdown";

/** Names as documents have them: those of production, and `<environment>` in those that carry it everywhere. */
const documented: Names = {
    name: (production) => production,
    environmentName: (stem) => `${stem}-<environment>`,
};

/** The tables of services and environments, by name. */
export function serviceTables(root: string): Record<string, string> {
    const stacks = [...environments, "local"].map((stack) => readStack(root, stack));
    return {
        services: table(serviceNames, [
            ["service", code],
            ["what it gets", (name) => serviceFacts[name].gets],
        ]),
        environments: environmentsTable(stacks),
        adoptable: adoptableTable(stacks[0].settings),
        variables: table(serviceNames, [
            ["service", code],
            ["variables", variables],
            ["whose keys", keysOf],
        ]),
        credentials: credentialsTable(),
    };
}

interface Stack {
    readonly name: string;
    readonly settings: Settings;
    readonly secretsProvider?: string;
}

function readStack(root: string, name: string): Stack {
    const text = readFileSync(join(root, `Pulumi.${name}.yaml`), "utf8");
    const file = parse(text) as { config: Record<string, unknown>; secretsprovider?: string };
    return { name, settings: parseSettings(settingsIn(file.config)), secretsProvider: file.secretsprovider };
}

function environmentsTable(stacks: readonly Stack[]): string {
    const isLocal = ({ secretsProvider }: Stack) => secretsProvider === undefined;
    return table(stacks, [
        ["stack", ({ name }) => code(name)],
        ["account (placeholder)", ({ settings }) => settings.allowedAccountIds.map(code).join(", ")],
        ["names", ({ settings: { environment } }) => (environment === "prod" ? "no suffix" : code(`…-${environment}`))],
        ["Bedrock budget, own alert", ({ settings }) => budgetOf(settings["llm-models"])],
        [
            "state encrypted with",
            ({ secretsProvider }) =>
                secretsProvider
                    ? `${code(secretsProvider.replace(/^awskms:\/\/|\?.*$/g, ""))} (KMS)`
                    : "a passphrase generated on this machine",
        ],
        [
            "buckets",
            (stack) => {
                if (isLocal(stack)) return "`npm run local -- down` removes all";
                if (stack.settings.environment === "prod") return "protected, and retained in AWS";
                return "deleted with the stack, if they are empty";
            },
        ],
    ]);
}

function budgetOf(settings: ServiceSettings["llm-models"] | undefined): string {
    return settings ? `${settings.monthlyLimitUsd} USD, ${settings.alertPercent} %` : "none";
}

function adoptableTable(settings: Settings): string {
    const adoptable = (name: ServiceName, kind: "bucket" | "user") =>
        resourcesOf(name, settings)
            .filter((resource) => resource.kind === kind)
            .map((resource) => code(resource.name))
            .join(", ");
    return table(serviceNames, [
        ["service", code],
        ["buckets", (name) => adoptable(name, "bucket")],
        ["user", (name) => adoptable(name, "user")],
    ]);
}

function resourcesOf<Name extends ServiceName>(name: Name, settings: Settings) {
    return serviceFacts[name].resources(settings[name] as ServiceSettings[Name], documented);
}

function variables(name: ServiceName): string {
    const { environment } = serviceFacts[name];
    if ("neverInAFile" in environment) return `refused: ${withCode(environment.neverInAFile)}`;
    return environment.map(({ name: variable, unit }) => code(variable) + (unit ? ` ${unit}` : "")).join(", ");
}

function keysOf(name: ServiceName): string {
    const { credentials } = serviceFacts[name];
    return credentials.kind === "variables" ? code(credentials.user) : "";
}

/** A sentence with its variables marked as such. */
const withCode = (words: string) => words.replaceAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g, "`$&`");

function credentialsTable(): string {
    const of = (name: ServiceName): CredentialSources => serviceFacts[name].credentials;
    const cell = (words: (of: Extract<CredentialSources, { kind: "variables" }>) => string, ofPods = "") => {
        return (name: ServiceName) => {
            const sources = of(name);
            return sources.kind === "variables" ? words(sources) : ofPods;
        };
    };
    const then = (list: readonly string[]) => list.join(", then ");
    return table(serviceNames, [
        ["service", code],
        [
            "file, below the project's folder",
            cell(
                ({ files }) => then(files.map(code)),
                "none: only its pods have them; the command says how they get them in the stack's mode",
            ),
        ],
        [
            "environment",
            cell(({ processEnvironment }) => (processEnvironment ? "takes precedence over the file" : "ignored")),
        ],
        ["variables", cell(({ sets }) => then(sets.map(({ prefix }) => code(`${prefix}*`))))],
        ["region", cell(({ region, defaultRegion }) => then([...region.map(code), defaultRegion ?? "the stack's"]))],
    ]);
}
