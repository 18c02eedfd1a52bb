import { z } from "zod";

import { regionDirections, regionFault } from "../components/arn";
import { didYouMean } from "../components/did-you-mean";
import { serviceFacts, type ServiceName, serviceNames, type ServiceSettings } from "../services";
import { eachOnce, type SettingFault, without } from "../services/settings";

/** The environments; each is an AWS account of its own or is told apart by a cost-allocation tag. */
export const environments = ["dev", "staging", "prod"] as const;
export type Environment = (typeof environments)[number];

function regionExpected(region: string): string | undefined {
    const fault = regionFault(region);
    const direction = /-([a-z]+)-\d$/.exec(region)?.[1];
    const meant = fault && direction && didYouMean(direction, regionDirections);
    return meant ? `${fault}; did you mean ${region.replace(`-${direction}-`, `-${meant}-`)}?` : fault;
}

export const region = z
    .string()
    .superRefine(without(regionExpected))
    .meta({ description: "an AWS region such as `us-east-1`" });

const accountId = z
    .string("expected an AWS account id of twelve digits as text: put it in quotes in the stack's file")
    .regex(/^\d{12}$/, "an AWS account id of twelve digits");

/** The accounts that a stack may touch: the provider refuses every other one. */
export const accountIds = z.array(accountId).min(1).meta({
    description: "at least one account id of twelve digits, in quotes; credentials of any other account are refused",
});

const seconds = (byDefault: number, description: string) =>
    z.number().positive().default(byDefault).meta({ description });

/** How `infra rotate` goes from an old key to a new one; times in seconds. */
const rotation = z
    .strictObject({
        // AWS does not know a key everywhere at once.
        validSeconds: seconds(60, "how long every try of a new key must succeed before it is published"),
        timeoutSeconds: seconds(900, "how long to wait for that, and for the users of the keys to have the new one"),
        quietSeconds: seconds(3600, "how long the old key must not have been used before it is made inactive"),
        graceSeconds: seconds(86400, "how long the old key stays, inactive, before it is deleted"),
    })
    .prefault({})
    .meta({ description: "how `infra rotate` moves from an old key to a new one, in seconds above 0" });

/** What every stack has, whatever its services. */
export const general = z.strictObject({
    environment: z.enum(environments).meta({
        description:
            "`dev`, `staging` or `prod`: the suffix of the names; `prod` has no suffix, protects and retains its " +
            "buckets, and refuses a state encrypted with a passphrase",
    }),
    region,
    allowedAccountIds: accountIds,
    services: z
        .array(z.enum(serviceNames))
        .min(1)
        .refine(eachOnce, "each service once")
        .meta({
            uniqueItems: true,
            description: `at least one of ${serviceNames.map((name) => `\`${name}\``).join(", ")}, each once`,
        }),
    rotation,
});

/** A section for each service. */
const sections = Object.fromEntries(serviceNames.map((name) => [name, serviceFacts[name].settings.optional()]));
const schema = general.extend(sections).superRefine((settings, context) => {
    for (const name of serviceNames) {
        for (const { path, message } of regionFaults(name, settings as unknown as Settings)) {
            context.addIssue({ code: "custom", path: [name, ...path], message });
        }
    }
});

function regionFaults<Name extends ServiceName>(name: Name, settings: Settings): SettingFault[] {
    const section = (settings as Partial<ServiceSettings>)[name];
    return (section && serviceFacts[name].regionFaults?.(section, settings.region)) ?? [];
}

/** A stack's settings, checked: the section of every service in `services` is there. */
export type Settings = z.infer<typeof general> & Partial<ServiceSettings>;

/** Every fault of a stack's settings, in one message. */
export class SettingsError extends Error {}

/**
 * Checks the values of a stack file.
 *
 * @throws SettingsError that lists every fault: its path, what was given and what is expected.
 */
export function parseSettings(values: Readonly<Record<string, unknown>>): Settings {
    const filled = { ...emptySections(values.services), ...values };
    const result = schema.safeParse(filled);
    if (result.success) return result.data as unknown as Settings;
    const faults = result.error.issues.flatMap((issue) => describe(issue, filled));
    throw new SettingsError(
        `${faults.length} fault${faults.length === 1 ? "" : "s"} in the stack's settings:\n` +
            faults.map((fault) => `  - ${fault}`).join("\n"),
    );
}

/** Namespaces of a stack's configuration: the project's own, and those of the engine and its providers. */
const namespaces = ["platform", "aws", "kubernetes", "pulumi", "vault"];

/**
 * Refuses keys whose namespace is a slip: the engine takes any.
 *
 * @throws SettingsError that lists them
 */
export function refuseMisspelt(keys: readonly string[]): void {
    const faults = keys.flatMap((key) => {
        const [namespace, ...rest] = key.split(":");
        const meant = namespaces.includes(namespace) ? undefined : didYouMean(namespace, namespaces);
        return meant ? [`  - ${key}: did you mean ${[meant, ...rest].join(":")}?`] : [];
    });
    if (faults.length > 0) throw new SettingsError(`unknown keys in the stack's settings:\n${faults.join("\n")}`);
}

/**
 * What `parseSettings` takes, from a stack's configuration by its whole keys.
 *
 * @param read what a key's value is. @default as it is
 * @throws SettingsError for a slip in a key's namespace
 */
export function settingsIn(
    config: Readonly<Record<string, unknown>>,
    read: (key: string, value: unknown) => unknown = (_, value) => value,
): Record<string, unknown> {
    refuseMisspelt(Object.keys(config));
    const own = Object.entries(config).flatMap(([key, value]) =>
        key.startsWith("platform:") ? [[key.slice("platform:".length), parseValue(read(key, value))]] : [],
    );
    return {
        ...(Object.fromEntries(own) as Record<string, unknown>),
        region: config["aws:region"],
        allowedAccountIds: parseValue(config["aws:allowedAccountIds"]),
    };
}

/** A list or a map may be JSON text, as `pulumi config set` writes it; what is none stays text, for the schema to refuse. */
export function parseValue(value: unknown): unknown {
    if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
    try {
        return JSON.parse(value) as unknown;
    } catch {
        return value;
    }
}

/** A section for each chosen service, so that a missing one is filled with defaults or named key by key. */
function emptySections(services: unknown): Record<string, unknown> {
    const chosen = Array.isArray(services) ? serviceNames.filter((name) => services.includes(name)) : [];
    return Object.fromEntries(chosen.map((name) => [name, {}]));
}

function describe(issue: z.core.$ZodIssue, values: unknown): string[] {
    const at = (path: readonly PropertyKey[]) => path.map(String).join(".");
    if (issue.code === "unrecognized_keys") {
        const known = keysAt(schema, issue.path);
        return issue.keys.map((key) => {
            const meant = didYouMean(key, known);
            const what = meant ? `did you mean ${meant}?` : "remove it or correct its spelling";
            return `${at([...issue.path, key])}: unknown key; ${what}`;
        });
    }
    const given = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], values);
    const expected = issue.message.replace(/^Invalid (input|option): /, "").replace(/, received undefined$/, "");
    return [`${at(issue.path)}: ${given === undefined ? "missing" : `got ${inWords(given)}`}; ${expected}`];
}

/** The keys that a section may have. */
function keysAt(of: unknown, path: readonly PropertyKey[]): string[] {
    const { def } = of as {
        def?: { innerType?: unknown; element?: unknown; shape?: Record<string, unknown>; in?: unknown };
    };
    if (!def) return [];
    const inner = def.innerType ?? def.in;
    if (inner) return keysAt(inner, path);
    if (path.length === 0) return Object.keys(def.shape ?? {});
    return keysAt(def.shape?.[String(path[0])] ?? def.element ?? {}, path.slice(1));
}

function inWords(given: unknown): string {
    try {
        return JSON.stringify(given);
    } catch {
        // An alias of YAML may be inside of what it stands for.
        return "a value that contains itself";
    }
}
