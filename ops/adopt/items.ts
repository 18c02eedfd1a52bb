import { type LifecycleRule } from "@aws-sdk/client-s3";

import { grantsInWords, type Statement } from "../../services/grants";
import { lifecycleInWords } from "../verify/words";
import { type Item, type Kind, type Part } from "./parts";

type Inputs = Readonly<Record<string, unknown>>;

/** The settings that a part's resource declares, from its inputs. */
export function declaredItems(kind: Kind, part: Part, inputs: Inputs): Item[] {
    return kind === "bucket" ? bucketItems[part as keyof typeof bucketItems](inputs) : userItems[part](inputs);
}

const bucketItems = {
    bucket: ({ tags }: Inputs) => tagItems(tags),
    versioning: ({ versioningConfiguration }: Inputs) =>
        statusItems((versioningConfiguration as { status: string }).status),
    encryption: ({ rules }: Inputs) =>
        encryptionItems(
            (rules as EncryptionInputs[]).map(({ applyServerSideEncryptionByDefault: byDefault }) => ({
                algorithm: byDefault?.sseAlgorithm,
                key: byDefault?.kmsMasterKeyId,
            })),
        ),
    publicAccessBlock: (inputs: Inputs) => accessItems(capitalised(inputs) as Inputs),
    ownership: ({ rule }: Inputs) => ownershipItems([(rule as { objectOwnership: string }).objectOwnership]),
    lifecycle: ({ rules }: Inputs) => ruleItems(capitalised(rules) as LifecycleRule[]),
    policy: ({ policy }: Inputs) => statementItems(policy as string),
};

const userItems: Record<string, (inputs: Inputs) => Item[]> = {
    user: ({ path, tags }) => [...pathItems(path as string | undefined), ...tagItems(tags)],
    policy: ({ policy }) => statementItems(policy as string),
};

interface EncryptionInputs {
    readonly applyServerSideEncryptionByDefault?: { readonly sseAlgorithm: string; readonly kmsMasterKeyId?: string };
}

/** One item a tag. */
export function tagItems(tags: unknown): Item[] {
    return Object.entries((tags ?? {}) as Record<string, string>).map(([key, value]) => ({
        name: `tag ${key}`,
        value,
    }));
}

export function statusItems(status: string): Item[] {
    return [{ name: "status", value: status }];
}

export function encryptionItems(rules: readonly { readonly algorithm?: string; readonly key?: string }[]): Item[] {
    const words = rules.map(({ algorithm = "none", key }) => (key ? `${algorithm} with key ${key}` : algorithm));
    return [{ name: "algorithm", value: words.join(", ") }];
}

/** @param block by the names of S3's API */
export function accessItems(block: Inputs): Item[] {
    return ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"].map((name) => ({
        name,
        value: block[name] === true ? "on" : "off",
    }));
}

export function ownershipItems(rules: readonly (string | undefined)[]): Item[] {
    return [{ name: "object ownership", value: rules.join(", ") }];
}

/** One item a rule. */
export function ruleItems(rules: readonly LifecycleRule[]): Item[] {
    return rules.map((rule, index) => ({ name: `rule ${rule.ID ?? index + 1}`, value: lifecycleInWords([rule]) }));
}

/** One item a statement of a policy document. */
export function statementItems(document: string): Item[] {
    const { Statement: statements } = JSON.parse(document) as { Statement: Statement | Statement[] };
    return [statements].flat().map((statement, index) => ({
        name: `statement ${statement.Sid || index + 1}`,
        value: grantsInWords([statement]),
    }));
}

export function pathItems(path = "/"): Item[] {
    return [{ name: "path", value: path }];
}

/** The provider's names of S3's settings are S3's own with a small letter; what the engine notes beside them goes. */
function capitalised(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(capitalised);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
        Object.entries(value).flatMap(([key, part]) => {
            if (key.startsWith("__")) return [];
            return [[key === "id" ? "ID" : key[0].toUpperCase() + key.slice(1), capitalised(part)]];
        }),
    );
}
