import { z } from "zod";

import { serviceFacts, type ServiceName, serviceNames } from "../services";
import { general } from "../stacks/settings";

/** As much of a JSON Schema (draft 7) as settings have. */
export interface JsonSchema {
    readonly type?: string;
    readonly const?: unknown;
    readonly description?: string;
    readonly default?: unknown;
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
    readonly items?: JsonSchema;
    readonly oneOf?: readonly JsonSchema[];
    /** Of a map, or whether there may be other keys. */
    readonly additionalProperties?: JsonSchema | boolean;
    /** Unit of a number; what the schemas of the services say of it. */
    readonly unit?: string;
    /** In words, what holds where the setting is absent and has no default. */
    readonly absent?: string;
    /** What the keys of a map are. */
    readonly key?: string;
    /** Whether an object's settings are described together. */
    readonly oneRow?: boolean;
    readonly [keyword: string]: unknown;
}

/** The words that are for docs/settings.md only. */
const ownKeywords = ["absent", "key", "oneRow"];

/** Each setting of a stack file by its whole key: `aws:region`, `platform:llm-models`. */
export function configSchema(): JsonSchema {
    const { region, allowedAccountIds, environment, services, rotation } = general.shape;
    const sections = serviceNames.map((name) => [
        `platform:${name}`,
        serviceFacts[name].settings.optional().meta({ description: `the settings of ${name}` }),
    ]);
    const config = z.strictObject({
        "aws:region": region,
        "aws:allowedAccountIds": allowedAccountIds,
        "platform:environment": environment,
        "platform:services": services,
        "platform:rotation": rotation,
        ...(Object.fromEntries(sections) as Record<string, z.ZodType>),
    });
    return z.toJSONSchema(config, { io: "input", target: "draft-7" }) as JsonSchema;
}

/**
 * The JSON Schema of `Pulumi.<stack>.yaml`, for editors: what keeps it may still be refused for rules that no schema
 * can say (`infra` and the program have them all), and what breaks it is refused by the program, too.
 */
export function stackFileSchema(): JsonSchema {
    const { $schema, ...config } = published(configSchema());
    return {
        $schema,
        title: "Pulumi.<stack>.yaml of the AI service platform",
        description:
            "Generated from the schemas of the program by `npm run docs`. docs/settings.md describes each setting.",
        type: "object",
        properties: {
            secretsprovider: { type: "string", description: secretsProvider.description },
            encryptedkey: { type: "string", description: "written by the engine" },
            encryptionsalt: { type: "string", description: "written by the engine" },
            environment: { description: "environments of Pulumi ESC; only the engine reads them" },
            config: {
                ...config,
                // The engine's and the providers' own settings go to them unread.
                patternProperties: { "^(?!platform:)[^:]+:.+": {} },
                allOf: serviceNames.filter(needsSection).map((name) => ({
                    if: { properties: { "platform:services": { contains: { const: name } } } },
                    then: { required: [`platform:${name}`] },
                })),
            },
        },
        required: ["config"],
        additionalProperties: false,
        if: {
            properties: {
                config: {
                    properties: { "platform:environment": { const: "prod" } },
                    required: ["platform:environment"],
                },
            },
        },
        then: { properties: { secretsprovider: { pattern: "^awskms://" } }, required: ["secretsprovider"] },
    };
}

/** At the top level of the file, and read by the engine. */
export const secretsProvider = {
    absent: "required",
    description:
        "at the top level of the file, read by the engine: `awskms://<key>?region=<region>`; `prod` accepts nothing else",
};

/** Whether a service has settings without a default. */
function needsSection(name: ServiceName): boolean {
    return !serviceFacts[name].settings.safeParse({}).success;
}

/** What editors show: units in the description, and no words of our own. */
function published(schema: JsonSchema): JsonSchema {
    return replaceEach(schema, ({ unit, description, ...others }) => {
        const words = [unit, description?.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1")].filter(Boolean).join(": ");
        const kept = Object.entries(others).filter(([keyword]) => !ownKeywords.includes(keyword));
        return { ...(words ? { description: words } : {}), ...Object.fromEntries(kept) };
    });
}

/** A schema whose every part is changed. */
function replaceEach(schema: JsonSchema, change: (part: JsonSchema) => JsonSchema): JsonSchema {
    const deeper = (part: JsonSchema) => replaceEach(part, change);
    const { properties, items, oneOf, additionalProperties } = schema;
    return change({
        ...schema,
        ...(properties && { properties: mapValues(properties, deeper) }),
        ...(items && { items: deeper(items) }),
        ...(oneOf && { oneOf: oneOf.map(deeper) }),
        ...(typeof additionalProperties === "object" && { additionalProperties: deeper(additionalProperties) }),
    });
}

function mapValues(
    record: Readonly<Record<string, JsonSchema>>,
    change: (value: JsonSchema) => JsonSchema,
): Record<string, JsonSchema> {
    return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
