import { containersOf, podTypes, taskContainers } from "../containers";
import { type Resource, resourceRule } from "../rule";
import { namesSecret } from "../secret-name";

const [functionType, taskType, configMapType] = [
    "aws:lambda/function:Function",
    "aws:ecs/taskDefinition:TaskDefinition",
    "kubernetes:core/v1:ConfigMap",
];

export const environmentHasNoSecret = resourceRule({
    id: "environment-has-no-secret",
    says: "No variable of a function, a task or a pod, and no value of a ConfigMap, is a secret in plain text.",
    meets: ["FSBP ECS.8"],
    types: [functionType, taskType, configMapType, ...podTypes],
    faults: (resource) => valuesIn(resource).flatMap(([name, value]) => secretsIn(name, value)),
});

function valuesIn(resource: Resource): [string, unknown][] {
    const { type, props } = resource;
    if (type === functionType) return Object.entries(props.environment?.variables ?? {});
    if (type === configMapType) return Object.entries(props.data ?? {});
    const containers: readonly { env?: readonly Variable[] }[] =
        type === taskType
            ? taskContainers(resource).map(({ environment }) => ({ env: environment }))
            : containersOf(resource);
    // A variable that comes from a Secret has no value of its own.
    return containers.flatMap(({ env = [] }) => env.map(({ name, value }): [string, unknown] => [name, value]));
}

interface Variable {
    readonly name: string;
    readonly value?: string;
}

/** No secret, but half of one whose other half is seldom far. */
const accessKeyId = /access[_.-]?key[_.-]?id$/i;

/** Values that are secrets by their form, whatever they are called; their makers document these prefixes. */
const secretForms: readonly [string, RegExp][] = [
    ["an access key id of AWS", /\b(AKIA|ASIA)[A-Z2-7]{16}\b/],
    ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY/],
    ["a token of Vault", /\bhv[sbr]\.[A-Za-z0-9_-]{20,}/],
    ["a token of GitHub", /\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,})/],
    ["a token of Slack", /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/],
    ["a JSON web token", /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\./],
    ["a password in an address", /:\/\/[^/\s:@]+:[^/\s:@]+@/],
];

/** What in a value is a secret in plain text. JSON is looked through, since settings are passed on as such. */
export function secretsIn(name: string, value: unknown): string[] {
    if (typeof value === "object" && value !== null) {
        return Object.entries(value).flatMap(([key, inner]) => secretsIn(`${name}.${key}`, inner));
    }
    if (typeof value !== "string" || value === "") return [];
    const structured = parsed(value);
    if (structured) return secretsIn(name, structured);
    if (namesSecret(name) || accessKeyId.test(name)) return [`${name} is set in plain text`];
    return secretForms.filter(([, form]) => form.test(value)).map(([what]) => `${name} holds ${what}`);
}

function parsed(value: string): object | undefined {
    if (!/^\s*[[{]/.test(value)) return undefined;
    try {
        return JSON.parse(value) as object;
    } catch {
        return undefined;
    }
}
