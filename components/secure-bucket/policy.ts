import { objectsArn } from "../arn";
import { policyDocument, type PolicyDocument, type PolicyStatement } from "../policy-document";

/**
 * What an upload has to say about its encryption.
 *
 * - `denyWrong`: an upload that names anything but AES256 is denied; one that names nothing takes the bucket's default,
 *   which is AES256 too.
 * - `requireHeader`: an upload that names nothing is denied as well, although the bucket would have encrypted it: S3
 *   judges the bucket policy before it applies the bucket's default encryption.
 */
export type UploadRule = "denyWrong" | "requireHeader";

const encryptionHeader = "s3:x-amz-server-side-encryption";
const customerKeyHeader = "s3:x-amz-server-side-encryption-customer-algorithm";

/** The bucket policy of a {@link SecureBucket}: nothing is allowed here, four or five things are denied to everyone. */
export function bucketPolicy(bucketArn: string, uploadRule: UploadRule): PolicyDocument {
    return policyDocument(
        denyInsecureTransport(bucketArn),
        denyOldTls(bucketArn),
        denyWrongEncryption(bucketArn),
        ...(uploadRule === "requireHeader" ? [denyMissingEncryption(bucketArn)] : []),
        denyCustomerKeys(bucketArn),
    );
}

/** Denies every S3 action over plain HTTP. */
export function denyInsecureTransport(bucketArn: string): PolicyStatement {
    return {
        Sid: "DenyInsecureTransport",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [bucketArn, objectsArn(bucketArn)],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
    };
}

/** Denies every S3 action over a TLS version before 1.2. A request without TLS has no version and is denied above. */
export function denyOldTls(bucketArn: string): PolicyStatement {
    return {
        Sid: "DenyOldTls",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [bucketArn, objectsArn(bucketArn)],
        Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } },
    };
}

/**
 * Denies an upload that names an encryption other than AES256.
 *
 * The Null test is what lets an upload through that names none: a negated operator (StringNotEquals) holds when its key
 * is missing, and so does its IfExists form.
 */
export function denyWrongEncryption(bucketArn: string): PolicyStatement {
    return {
        Sid: "DenyWrongEncryption",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:PutObject",
        Resource: objectsArn(bucketArn),
        Condition: { StringNotEquals: { [encryptionHeader]: "AES256" }, Null: { [encryptionHeader]: "false" } },
    };
}

/**
 * Denies an upload that names no encryption.
 *
 * Consequences for writers: PutObject, CopyObject and CreateMultipartUpload must each send
 * `x-amz-server-side-encryption: AES256`. UploadPart and CompleteMultipartUpload are `s3:PutObject` to IAM as well but
 * must not send it (S3 answers 400): the encryption is declared once, when the upload is created, and holds for all of
 * its parts. No condition key tells a part from a whole object without also exempting CreateMultipartUpload, so the
 * policy makes no exception for parts. An S3-compatible server that judges a part by the part's own headers refuses
 * every multipart upload under this rule.
 */
export function denyMissingEncryption(bucketArn: string): PolicyStatement {
    return {
        Sid: "DenyMissingEncryption",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:PutObject",
        Resource: objectsArn(bucketArn),
        Condition: { Null: { [encryptionHeader]: "true" } },
    };
}

/** Denies an upload under a key that the caller provides (SSE-C), parts of a multipart upload included. */
export function denyCustomerKeys(bucketArn: string): PolicyStatement {
    return {
        Sid: "DenyCustomerKeys",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:PutObject",
        Resource: objectsArn(bucketArn),
        Condition: { Null: { [customerKeyHeader]: "false" } },
    };
}

/** How long a bucket keeps what nobody needs any more. */
export interface LifecycleDays {
    readonly expireAfterDays?: number;
    readonly noncurrentVersionDays: number;
    readonly abortMultipartAfterDays?: number;
}

/** One lifecycle rule, as the provider takes it. The empty filter is explicit: it means every object. */
export interface LifecycleRule {
    readonly id: string;
    readonly status: "Enabled";
    readonly filter: Record<string, never>;
    readonly expiration?: { readonly days: number } | { readonly expiredObjectDeleteMarker: true };
    readonly noncurrentVersionExpiration?: { readonly noncurrentDays: number };
    readonly abortIncompleteMultipartUpload?: { readonly daysAfterInitiation: number };
}

/**
 * Lifecycle rules that free space on a versioned bucket too. There, expiring an object only hides it behind a delete
 * marker: its data goes with the noncurrent versions, and the marker with the second rule, which is one of its own
 * because S3 refuses `expiredObjectDeleteMarker` next to `days`.
 */
export function lifecycleRules(days: LifecycleDays): LifecycleRule[] {
    return [
        {
            id: "expire",
            status: "Enabled",
            filter: {},
            ...(days.expireAfterDays === undefined ? {} : { expiration: { days: days.expireAfterDays } }),
            noncurrentVersionExpiration: { noncurrentDays: days.noncurrentVersionDays },
            abortIncompleteMultipartUpload: { daysAfterInitiation: days.abortMultipartAfterDays ?? 7 },
        },
        {
            id: "remove-expired-delete-markers",
            status: "Enabled",
            filter: {},
            expiration: { expiredObjectDeleteMarker: true },
        },
    ];
}
