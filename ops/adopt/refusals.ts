import { type Overwrite } from "./compare";
import { type Expiring, total } from "./expiry";
import { type Finding } from "./find";
import { type FoundUser, maximumKeys } from "./find-user";
import { called } from "./parts";
import { destructive, type Preview, resourceName } from "./preview";

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
