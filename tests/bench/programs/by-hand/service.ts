import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

if (process.env.PULUMI_NODEJS_TYPESCRIPT === "true") {
    throw new Error(
        "The engine loaded TypeScript, although this project is plain JavaScript: nothing to compare with.",
    );
}

/** What tells one rl-studio from another. */
export interface ServiceByHand {
    /** Resource names of the two components. */
    readonly storage: string;
    readonly identity: string;
    /** Physical names. */
    readonly bucketName: string;
    readonly userName: string;
    readonly partition: pulumi.Input<string>;
    readonly tags: Record<string, string>;
}

/**
 * Everything that rl-studio registers, written out as somebody would who has no components: same types, names, inputs,
 * parents, dependencies and options. The benchmark compares both and stops where they differ.
 */
export function registerService({ storage, identity, bucketName, userName, partition, tags }: ServiceByHand) {
    const storageParent = new pulumi.ComponentResource("platform:storage:SecureBucket", storage);
    const bucket = new aws.s3.Bucket(
        `${storage}-bucket`,
        { bucket: bucketName, forceDestroy: false, tags },
        { parent: storageParent, protect: false, retainOnDelete: false },
    );
    const ofBucket = { parent: storageParent, deletedWith: bucket };
    const bucketArn = pulumi
        .all([partition, bucket.bucket])
        .apply(([partition, name]) => `arn:${partition}:s3:::${name}`);
    const publicAccessBlock = new aws.s3.BucketPublicAccessBlock(
        `${storage}-public-access-block`,
        {
            bucket: bucket.bucket,
            blockPublicAcls: true,
            blockPublicPolicy: true,
            ignorePublicAcls: true,
            restrictPublicBuckets: true,
        },
        ofBucket,
    );
    const policy = new aws.s3.BucketPolicy(
        `${storage}-policy`,
        { bucket: bucket.bucket, policy: bucketArn.apply(bucketPolicy) },
        { ...ofBucket, dependsOn: publicAccessBlock },
    );
    new aws.s3.BucketOwnershipControls(
        `${storage}-ownership`,
        { bucket: bucket.bucket, rule: { objectOwnership: "BucketOwnerEnforced" } },
        { ...ofBucket, dependsOn: policy },
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
        `${storage}-encryption`,
        { bucket: bucket.bucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
        ofBucket,
    );
    const versioning = new aws.s3.BucketVersioning(
        `${storage}-versioning`,
        { bucket: bucket.bucket, versioningConfiguration: { status: "Enabled" } },
        ofBucket,
    );
    new aws.s3.BucketLifecycleConfiguration(
        `${storage}-lifecycle`,
        {
            bucket: bucket.bucket,
            rules: [
                {
                    id: "expire",
                    status: "Enabled",
                    filter: {},
                    expiration: { days: 365 },
                    noncurrentVersionExpiration: { noncurrentDays: 30 },
                    abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
                },
                {
                    id: "remove-expired-delete-markers",
                    status: "Enabled",
                    filter: {},
                    expiration: { expiredObjectDeleteMarker: true },
                },
            ],
        },
        { ...ofBucket, dependsOn: versioning },
    );

    const identityParent = new pulumi.ComponentResource("platform:identity:ScopedIdentity", identity);
    const user = new aws.iam.User(
        `${identity}-user`,
        { name: userName, tags: { ...tags, "platform:access-keys": "revision=1 generations=1 published=1" } },
        { parent: identityParent, protect: false, replaceOnChanges: ["name"] },
    );
    new aws.iam.UserPolicy(
        `${identity}-policy`,
        { user: user.name, name: `${userName}-policy`, policy: bucketArn.apply(userPolicy) },
        { parent: identityParent },
    );
    const key = new aws.iam.AccessKey(
        `${identity}-access-key-1`,
        { user: user.name },
        { parent: identityParent, additionalSecretOutputs: ["secret", "sesSmtpPasswordV4"] },
    );
    return {
        bucketName: bucket.bucket,
        userName: user.name,
        accessKeyId: key.id,
        accessKeyIds: [key.id],
        secretAccessKey: key.secret,
    };
}

function bucketPolicy(arn: string): string {
    const deny = (Sid: string, Action: string, Resource: string | string[], Condition: object) => ({
        Sid,
        Effect: "Deny",
        Principal: "*",
        Action,
        Resource,
        Condition,
    });
    const encryption = "s3:x-amz-server-side-encryption";
    const all = [arn, `${arn}/*`];
    return JSON.stringify({
        Version: "2012-10-17",
        Statement: [
            deny("DenyInsecureTransport", "s3:*", all, { Bool: { "aws:SecureTransport": "false" } }),
            deny("DenyOldTls", "s3:*", all, { NumericLessThan: { "s3:TlsVersion": "1.2" } }),
            deny("DenyWrongEncryption", "s3:PutObject", `${arn}/*`, {
                StringNotEquals: { [encryption]: "AES256" },
                Null: { [encryption]: "false" },
            }),
            deny("DenyCustomerKeys", "s3:PutObject", `${arn}/*`, {
                Null: { [`${encryption}-customer-algorithm`]: "false" },
            }),
        ],
    });
}

function userPolicy(arn: string): string {
    return JSON.stringify({
        Version: "2012-10-17",
        Statement: [
            { Sid: "AllowList", Effect: "Allow", Action: ["s3:ListBucket"], Resource: [arn] },
            {
                Sid: "AllowObjectAccess",
                Effect: "Allow",
                Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                Resource: [`${arn}/*`],
            },
        ],
    });
}
