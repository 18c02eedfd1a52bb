import { objectsArn } from "./arn";
import { type PolicyStatement } from "./policy-document";

/** What a grant allows; see {@link objectActions} for the actions behind each name. */
export type ActionSet = "list" | "read" | "write" | "delete" | "tag" | "multipart";

/**
 * The actions on objects, by what they are for. Creating a multipart upload, uploading its parts and completing it are
 * `s3:PutObject`; listing a bucket's unfinished uploads is left out because no prefix can narrow it.
 */
export const objectActions = {
    read: ["s3:GetObject"],
    write: ["s3:PutObject"],
    delete: ["s3:DeleteObject"],
    tag: ["s3:PutObjectTagging"],
    multipart: ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
} as const satisfies Record<Exclude<ActionSet, "list">, readonly string[]>;

/** A grant on a bucket whose ARN is known. */
export interface KnownGrant {
    readonly bucketArn: string;
    readonly prefix?: string;
    readonly actions: readonly ActionSet[];
}

/** The statements that allow what grants say. */
export function allowGrants(grants: readonly KnownGrant[]): PolicyStatement[] {
    return grants.flatMap((grant, index) => allowGrant(grant, index + 1));
}

/** The statements of the `ordinal`-th grant, which from the second on is part of their ids. */
function allowGrant(grant: KnownGrant, ordinal: number): PolicyStatement[] {
    const suffix = ordinal === 1 ? "" : String(ordinal);
    return [
        ...(grant.actions.includes("list") ? [allowList(`AllowList${suffix}`, grant)] : []),
        ...(grant.actions.some((set) => set !== "list")
            ? [allowObjectAccess(`AllowObjectAccess${suffix}`, grant)]
            : []),
    ];
}

/**
 * Allows listing a bucket, under the prefix only where there is one. `a/b/*` matches `a/b/` itself too; a request that
 * names no prefix does not match.
 */
export function allowList(sid: string, { bucketArn, prefix }: KnownGrant): PolicyStatement {
    return {
        Sid: sid,
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: [bucketArn],
        ...(prefix === undefined ? {} : { Condition: { StringLike: { "s3:prefix": [`${prefix}*`] } } }),
    };
}

/** Allows the actions of a grant on the bucket's objects, under the prefix only where there is one. */
export function allowObjectAccess(sid: string, { bucketArn, prefix, actions }: KnownGrant): PolicyStatement {
    const sets = Object.keys(objectActions) as (keyof typeof objectActions)[];
    return {
        Sid: sid,
        Effect: "Allow",
        Action: sets.filter((set) => actions.includes(set)).flatMap((set) => objectActions[set]),
        Resource: [objectsArn(bucketArn, prefix)],
    };
}

/**
 * What is expected of a prefix that breaks a rule, and undefined where it breaks none. Only characters that mean
 * themselves in S3 and in IAM are let through: a `*`, a `?` or a `${…}` would widen the policy.
 */
export function prefixFault(prefix: string): string | undefined {
    return /^(?:[A-Za-z0-9!_.'()=-]+\/)+$/.test(prefix)
        ? undefined
        : `segments of letters, digits and !_.'()=- that each end with "/", such as "artifacts/2024/"`;
}

/** What is expected of the ARN of a bucket that is none, and undefined where it is one. A wildcard is no bucket. */
export function bucketArnFault(arn: string): string | undefined {
    return /^arn:aws[a-z-]*:s3:::[A-Za-z0-9._-]+$/.test(arn) ? undefined : "the ARN of one bucket";
}
