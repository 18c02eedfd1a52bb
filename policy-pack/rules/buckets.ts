import { grantsToOthers, type Statement } from "../documents";
import { faultIf, resourceRule, type Resource, type Rule, stackRule } from "../rule";

const bucketType = "aws:s3/bucket:Bucket";

/** The configurations of one type that are of a bucket: AWS keeps them apart from it. */
function partsOf(bucket: Resource, stack: readonly Resource[], type: string): Resource[] {
    return stack.filter((other) => other.type === type && other.props.bucket === bucket.props.bucket);
}

/** What every bucket has to have beside it. */
interface BucketPart extends Pick<Rule, "id" | "says" | "meets"> {
    readonly part: string;
    readonly right: (part: Resource) => boolean;
    readonly expected: string;
}

/** A rule by which a bucket is wrong unless a part of that type is there and every such part is right. */
function bucketHas({ part: type, right, expected, ...rule }: BucketPart): Rule {
    const name = type.split(":").at(-1);
    return stackRule({
        ...rule,
        types: [bucketType],
        faults: (bucket, stack) => {
            const parts = partsOf(bucket, stack, type);
            if (parts.length === 0) return [`has no ${name}; expected ${expected}`];
            return parts.flatMap((part) => faultIf(!right(part), `${name} ${part.name} does not have ${expected}`));
        },
    });
}

export const bucketBlocksPublicAccess = bucketHas({
    id: "bucket-blocks-public-access",
    says: "Every bucket has all four blocks of public access.",
    meets: ["FSBP S3.2", "FSBP S3.3", "FSBP S3.8", "CIS 2.1.4"],
    part: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    right: ({ props }) =>
        ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"].every(
            (block) => props[block] === true,
        ),
    expected: "all four blocks",
});

export const bucketHasNoAcls = bucketHas({
    id: "bucket-has-no-acls",
    says: "The owner of every bucket owns its objects, and access control lists are off.",
    meets: ["FSBP S3.12"],
    part: "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    right: ({ props }) => props.rule?.objectOwnership === "BucketOwnerEnforced",
    expected: "BucketOwnerEnforced",
});

export const bucketEncrypts = bucketHas({
    id: "bucket-encrypts",
    says: "Every bucket encrypts by default.",
    meets: [],
    part: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    right: ({ props }) =>
        ["AES256", "aws:kms", "aws:kms:dsse"].includes(
            props.rules?.[0]?.applyServerSideEncryptionByDefault?.sseAlgorithm,
        ),
    expected: "an algorithm",
});

export const bucketKeepsVersions = bucketHas({
    id: "bucket-keeps-versions",
    says: "Every bucket keeps what was written over or deleted.",
    meets: [],
    part: "aws:s3/bucketVersioning:BucketVersioning",
    right: ({ props }) => props.versioningConfiguration?.status === "Enabled",
    expected: "versioning enabled",
});

export const bucketWantsTls = bucketHas({
    id: "bucket-wants-tls",
    says: "Every bucket denies every request without TLS, to everybody.",
    meets: ["FSBP S3.5", "CIS 2.1.1"],
    part: "aws:s3/bucketPolicy:BucketPolicy",
    right: (policy) =>
        grantsToOthers(policy).some((statement) => deniesWithoutTls(statement, String(policy.props.bucket))),
    expected: "a denial of s3:* on the bucket and its objects where aws:SecureTransport is false",
});

function deniesWithoutTls({ allows, inverted, principals, actions, resources, conditions }: Statement, bucket: string) {
    const [condition, ...further] = conditions;
    return (
        !allows &&
        !inverted &&
        principals.some(({ kind, name }) => name === "*" && (kind === "*" || kind === "AWS")) &&
        actions.includes("s3:*") &&
        [`:::${bucket}`, `:::${bucket}/*`].every((end) => resources.some((arn) => arn.endsWith(end))) &&
        // A further condition would narrow the denial.
        further.length === 0 &&
        condition?.operator === "Bool" &&
        condition.key === "aws:SecureTransport" &&
        condition.values.join() === "false"
    );
}

export const bucketPolicyOnlyDenies = resourceRule({
    id: "bucket-policy-only-denies",
    says: "No bucket policy allows anything: who may do something is in the policies of identities of the account.",
    meets: ["FSBP S3.2", "FSBP S3.3", "FSBP S3.6"],
    types: ["aws:s3/bucketPolicy:BucketPolicy"],
    faults: (policy) =>
        grantsToOthers(policy).flatMap(({ allows, sid, actions }) =>
            faultIf(allows, `${sid} allows ${actions.join(", ")}; expected denials only`),
        ),
});

export const bucketIsNotEmptied = resourceRule({
    id: "bucket-is-not-emptied",
    says: "No bucket is emptied so that it can be deleted.",
    meets: [],
    types: [bucketType],
    faults: ({ props }) => faultIf(props.forceDestroy === true, "forceDestroy is true; expected false"),
});

export const bucketOfProductionIsProtected = resourceRule({
    id: "bucket-of-production-is-protected",
    says: "The engine refuses to delete a bucket of production.",
    meets: [],
    types: [bucketType],
    faults: ({ props, protect }) =>
        faultIf(props.tags?.["platform:environment"] === "prod" && !protect, "is not protected; expected `protect`"),
});
