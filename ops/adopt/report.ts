import { type Overwrite } from "./compare";
import { called, destructive, type Preview, resourceName } from "./declared";
import { type FoundUser, maximumKeys } from "./existing";
import { type Expiring, total } from "./expiry";
import { type Finding } from "./find";
import { type AdoptSettings } from "./settings";

/** Parts of a bucket or a user. */
export interface ResourceParts {
    /** `bucket <name>` or `user <name>`. */
    readonly resource: string;
    /** Key of `adopt`. */
    readonly setting: string;
    readonly parts: readonly string[];
}

/** What `infra adopt` found, and what would follow; the JSON of the command. */
export interface Report {
    readonly stack: string;
    readonly service: string;
    /** Exists and is not the stack's. */
    readonly found: readonly ResourceParts[];
    readonly alreadyManaged: readonly ResourceParts[];
    /** Declared, and neither there nor the stack's: an update creates it. */
    readonly absent: readonly string[];
    readonly overwrites: readonly Overwrite[];
    /** What the lifecycles would remove now. */
    readonly expires: {
        /** Versions and unfinished uploads too. */
        readonly objects: number;
        readonly bytes: number;
        readonly rules: readonly (Expiring & { readonly bucket: string })[];
    };
    /** What an update leaves as it is, in words: keys and rights that are not the stack's. */
    readonly kept: readonly string[];
    readonly refused: readonly Refusal[];
    /** `platform:<service>.adopt` as it has to be. */
    readonly settings: AdoptSettings;
    readonly dryRun: boolean;
}

/** A report for people: what there is, what would become of it, what is in the way. */
export function reportInWords(report: Report): string {
    const { found, alreadyManaged, absent, overwrites, expires, kept, refused } = report;
    return [
        ...section("Exists and is not the stack's", found.map(resourceInWords)),
        ...section("Already the stack's", alreadyManaged.map(resourceInWords)),
        ...section("Does not exist, would be created", absent),
        ...section("An update would overwrite", overwritesInWords(overwrites)),
        ...section("The lifecycle would remove now", expires.rules.map(expiringInWords)),
        ...section("Stays as it is", kept),
        ...section(
            "Refused",
            refused.map(({ resource, reason, fix }) => `${resource}: ${reason}\n    ${fix}`),
        ),
    ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
    return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function resourceInWords({ resource, parts }: ResourceParts): string {
    return `${resource}: ${parts.join(", ")}`;
}

/** Under the part that they are of. */
function overwritesInWords(overwrites: readonly Overwrite[]): string[] {
    const parts = [...new Set(overwrites.map(partOf))];
    return parts.map((part) =>
        [part, ...overwrites.filter((overwrite) => partOf(overwrite) === part).map(overwriteInWords)].join("\n    "),
    );
}

function partOf({ resource, part }: Overwrite): string {
    return `${resource}, ${part}`;
}

function overwriteInWords({ setting, from, to, losesData }: Overwrite): string {
    return `${setting}: ${from ?? "(none)"} → ${to ?? "(none)"}${losesData ? " (data loss)" : ""}`;
}

function expiringInWords({ bucket, what, afterDays, ...of }: Report["expires"]["rules"][number]): string {
    const bytes = of.bytes === null ? "" : `, ${count(of.bytes, "byte")}`;
    return `${bucket}, after ${count(afterDays, "day")}: ${of.count.toLocaleString("en")} of ${of.of.toLocaleString("en")} ${what}${bytes}`;
}

/** Why nothing is adopted. */
export interface Refusal {
    readonly resource: string;
    readonly reason: string;
    readonly fix: string;
}

/** What of the things found is in the way. */
export function findingRefusals({ declared, hindrance, user }: Finding): Refusal[] {
    const resource = called(declared);
    if (hindrance) return [{ resource, ...hindrance }];
    if (!user) return [];
    return [
        ...boundaryRefusal(resource, user.boundaryArn, declared.missing.has("user")),
        ...keysRefusal(declared, user.keyIds),
        ...policySizeRefusal(declared, user.otherPolicies),
    ];
}

/**
 * IAM counts all inline policies of a user together, and no white space.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const maximumPolicyCharacters = 2048;

function policySizeRefusal(declared: Finding["declared"], others: FoundUser["otherPolicies"]): Refusal[] {
    const size = (document: unknown) => String(document).replace(/\s/g, "").length;
    const own = declared.missing.get("policy");
    if (!own) return [];
    const sizes = others.map(({ name, document }) => [name, size(document)] as const);
    const sum = sizes.reduce((total, [, characters]) => total + characters, size(own.inputs.policy));
    if (sum <= maximumPolicyCharacters) return [];
    const largest = sizes.map(([name, characters]) => `${name} (${count(characters, "character")})`).join(", ");
    return [
        {
            resource: called(declared),
            reason:
                `with the stack's its inline policies have ${count(sum, "character")} in all, ` +
                `and IAM allows a user ${maximumPolicyCharacters.toLocaleString("en")}`,
            fix: `Make managed policies of its others and attach them, then delete these: ${largest}.`,
        },
    ];
}

function boundaryRefusal(resource: string, arn: string | undefined, imported: boolean): Refusal[] {
    if (arn === undefined || !imported) return [];
    return [
        {
            resource,
            reason: `it is bounded by ${arn}, and an update would take that away`,
            fix: "Take the permissions boundary away by hand, if nothing depends on it.",
        },
    ];
}

function keysRefusal({ name, keys, ...target }: Finding["declared"], keyIds: readonly string[]): Refusal[] {
    const foreign = keyIds.filter((id) => !keys.ids.includes(id)).length;
    if (foreign + keys.count <= maximumKeys) return [];
    return [
        {
            resource: called({ ...target, name }),
            reason:
                `it has ${count(foreign, "access key")} of its own and the stack makes ${keys.count}; ` +
                `IAM allows a user ${maximumKeys}`,
            fix:
                `Delete one that nobody uses: aws iam list-access-keys --user-name ${name}, then ` +
                "aws iam get-access-key-last-used.",
        },
    ];
}

/** What exists and cannot be adopted. */
export function otherRefusal(resource: string): Refusal {
    return {
        resource,
        reason: "it exists and is not the stack's; it cannot be adopted, and an update fails to create it",
        fix: "Delete it if nobody needs it. Else keep it, and leave this service out of platform:services.",
    };
}

/** What a preview of the import says against it. */
export function previewRefusals(preview: Preview, findings: readonly Finding[]): Refusal[] {
    const imported = new Set(preview.steps.flatMap(({ op, urn }) => (op === "import" ? [urn] : [])));
    return [
        ...preview.errors.map(({ resource = "the preview", message }) => ({
            resource,
            reason: message,
            fix: "Correct this first: an update would fail the same way.",
        })),
        ...destructive(preview).map(({ op, urn }) => ({
            resource: resourceName(urn),
            reason: `the update would ${op} it`,
            fix: "See why in pulumi preview --diff, and take it back in the settings or the state first.",
        })),
        ...(preview.errors.length > 0 ? [] : toImport(findings).filter(({ urn }) => !imported.has(urn))).map(
            ({ urn, what }) => ({
                resource: resourceName(urn),
                reason: `the engine does not import it, though ${what} exists`,
                fix: "This should not have happened: see pulumi preview --diff.",
            }),
        ),
    ];
}

function toImport(findings: readonly Finding[]): { urn: string; what: string }[] {
    return findings.flatMap(({ declared, found }) =>
        [...declared.missing].flatMap(([part, { urn }]) =>
            found.has(part) ? [{ urn, what: `the ${part} of ${called(declared)}` }] : [],
        ),
    );
}

/** What would be lost; nothing where that was accepted. */
export function lossRefusals(
    overwrites: readonly Overwrite[],
    expiring: readonly (Expiring & { readonly bucket: string })[],
): Refusal[] {
    const fix = "Save what is still needed, then add --accept-data-loss.";
    const buckets = [...new Set(expiring.map(({ bucket }) => bucket))];
    return [
        ...buckets.flatMap((bucket) => {
            const { objects, bytes } = total(expiring.filter((one) => one.bucket === bucket));
            if (objects === 0) return [];
            const lost = `${count(objects, "object")} (${count(bytes, "byte")})`;
            return [{ resource: `bucket ${bucket}`, reason: `the lifecycle would remove ${lost} now`, fix }];
        }),
        ...overwrites
            .filter(({ losesData }) => losesData)
            .map(({ resource, part, setting, to }) => ({
                resource,
                reason: `the ${part}'s ${setting} would be ${to === null ? "removed" : "replaced"}`,
                fix,
            })),
    ];
}

/** How many of something there are, in words. */
export function count(number: number, word: string): string {
    return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}
