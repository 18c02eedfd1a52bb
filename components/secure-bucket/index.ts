import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { bucketArn } from "../arn";
import { refuse, refuseFault } from "../validation";
import { bucketNameFault } from "./bucket-name";
import { bucketPolicy, type LifecycleDays, lifecycleRules, type UploadRule } from "./policy";

/** The parts of a bucket that AWS keeps as configurations of their own, and that can be adopted one by one. */
export type SecureBucketPart =
    "bucket" | "versioning" | "encryption" | "publicAccessBlock" | "ownership" | "lifecycle" | "policy";

/** Arguments of {@link SecureBucket}. */
export interface SecureBucketArgs {
    /**
     * Physical name of the bucket. S3's rules for general purpose buckets: 3 to 63 lower-case letters, digits, dots and
     * hyphens, a letter or a digit at both ends, no two dots in a row, not an IP address, no reserved prefix or suffix.
     * A change replaces the bucket.
     */
    readonly bucketName: string;

    /** AWS partition of the bucket: `aws`, `aws-cn` or `aws-us-gov`. */
    readonly partition: pulumi.Input<string>;

    /** Whether S3 keeps the earlier versions of an object. Turning it off again suspends it: S3 knows no way back. */
    readonly versioning: boolean;

    /** When what nobody needs any more is removed. @default nothing ever is */
    readonly lifecycle?: SecureBucketLifecycle;

    /**
     * What an upload has to say about its encryption: `denyWrong` or `requireHeader`. Under `requireHeader` every
     * writer must send `x-amz-server-side-encryption: AES256` with PutObject, CopyObject and CreateMultipartUpload
     * (never with UploadPart, where S3 refuses it); one that relies on the bucket's default encryption gets a 403.
     * @default "denyWrong"
     */
    readonly uploadRule?: UploadRule;

    /**
     * Whether the engine refuses to delete the bucket, and leaves it in AWS with all of its configuration should it
     * leave the state nevertheless.
     * @default false
     */
    readonly protect?: boolean;

    /**
     * Parts that exist already under {@link bucketName}: they are imported instead of created, and protected. The engine
     * imports first and then updates to what is declared here, so compare both before.
     * @default none
     */
    readonly adopt?: readonly SecureBucketPart[];

    /** Tags of the bucket. S3 allows 50. @default none */
    readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** Days after which S3 removes things, each a whole number of at least 1. S3 counts from the next midnight UTC. */
export interface SecureBucketLifecycle extends LifecycleDays {
    /** Days after its creation until an object expires. @default objects never expire */
    readonly expireAfterDays?: number;
    /** Days after it was superseded or deleted until an earlier version is removed for good. */
    readonly noncurrentVersionDays: number;
    /** Days after its start until an unfinished multipart upload is aborted and its parts are removed. @default 7 */
    readonly abortMultipartAfterDays?: number;
}

/** An S3 bucket that is private, encrypted with AES256 and reached over TLS 1.2 or later only. */
export class SecureBucket extends pulumi.ComponentResource {
    /** ARN of the bucket. */
    readonly arn: pulumi.Output<string>;

    /** Physical name of the bucket, known once the bucket exists. */
    readonly bucketName: pulumi.Output<string>;

    constructor(
        private readonly name: string,
        private readonly args: SecureBucketArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("platform:storage:SecureBucket", name, {}, opts);
        this.validate();

        const bucket = this.createBucket();
        this.bucketName = bucket.bucket;
        this.arn = pulumi.all([args.partition, bucket.bucket]).apply(([partition, name]) => bucketArn(partition, name));

        const publicAccessBlock = this.blockPublicAccess(bucket);
        const policy = this.denyUnsafeRequests(bucket, publicAccessBlock);
        this.disableAcls(bucket, policy);
        this.encrypt(bucket);
        const versioning = args.versioning ? this.keepVersions(bucket) : undefined;
        if (args.lifecycle) this.removeOldObjects(bucket, args.lifecycle, versioning);

        this.registerOutputs({ arn: this.arn, bucketName: this.bucketName });
    }

    private validate(): void {
        const { bucketName, lifecycle } = this.args;
        refuseFault(this, "bucketName", bucketName, bucketNameFault(bucketName));
        const days: [string, number | undefined][] = Object.entries(lifecycle ?? {});
        for (const [property, count] of days) {
            if (count !== undefined && !(Number.isInteger(count) && count >= 1)) {
                refuse(this, `lifecycle.${property}`, count, "a whole number of days, at least 1");
            }
        }
        if (this.args.adopt?.includes("versioning") && !this.args.versioning) {
            refuse(this, "adopt", this.args.adopt, 'no "versioning" where versioning is false');
        }
        if (this.args.adopt?.includes("lifecycle") && !this.args.lifecycle) {
            refuse(this, "adopt", this.args.adopt, 'no "lifecycle" where lifecycle is not set');
        }
    }

    private createBucket(): aws.s3.Bucket {
        const { bucketName, tags, protect = false } = this.args;
        const options = this.options("bucket");
        return new aws.s3.Bucket(
            `${this.name}-bucket`,
            { bucket: bucketName, forceDestroy: false, tags },
            { ...options, protect: protect || options.protect, retainOnDelete: protect || options.protect },
        );
    }

    private blockPublicAccess(bucket: aws.s3.Bucket): aws.s3.BucketPublicAccessBlock {
        return new aws.s3.BucketPublicAccessBlock(
            `${this.name}-public-access-block`,
            {
                bucket: bucket.bucket,
                blockPublicAcls: true,
                blockPublicPolicy: true,
                ignorePublicAcls: true,
                restrictPublicBuckets: true,
            },
            this.options("publicAccessBlock", bucket),
        );
    }

    /** One after the other: S3 answers 409 to changes of a bucket's access settings that overlap. */
    private denyUnsafeRequests(bucket: aws.s3.Bucket, after: aws.s3.BucketPublicAccessBlock): aws.s3.BucketPolicy {
        const { uploadRule = "denyWrong" } = this.args;
        return new aws.s3.BucketPolicy(
            `${this.name}-policy`,
            {
                bucket: bucket.bucket,
                policy: pulumi.jsonStringify(this.arn.apply((arn) => bucketPolicy(arn, uploadRule))),
            },
            { ...this.options("policy", bucket), dependsOn: after },
        );
    }

    private disableAcls(bucket: aws.s3.Bucket, after: aws.s3.BucketPolicy): void {
        new aws.s3.BucketOwnershipControls(
            `${this.name}-ownership`,
            { bucket: bucket.bucket, rule: { objectOwnership: "BucketOwnerEnforced" } },
            { ...this.options("ownership", bucket), dependsOn: after },
        );
    }

    private encrypt(bucket: aws.s3.Bucket): void {
        new aws.s3.BucketServerSideEncryptionConfiguration(
            `${this.name}-encryption`,
            {
                bucket: bucket.bucket,
                rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
            },
            this.options("encryption", bucket),
        );
    }

    private keepVersions(bucket: aws.s3.Bucket): aws.s3.BucketVersioning {
        return new aws.s3.BucketVersioning(
            `${this.name}-versioning`,
            { bucket: bucket.bucket, versioningConfiguration: { status: "Enabled" } },
            this.options("versioning", bucket),
        );
    }

    /** After versioning: rules about noncurrent versions mean nothing before it is on. */
    private removeOldObjects(
        bucket: aws.s3.Bucket,
        lifecycle: SecureBucketLifecycle,
        after: aws.s3.BucketVersioning | undefined,
    ): void {
        new aws.s3.BucketLifecycleConfiguration(
            `${this.name}-lifecycle`,
            { bucket: bucket.bucket, rules: lifecycleRules(lifecycle) },
            { ...this.options("lifecycle", bucket), dependsOn: after },
        );
    }

    /**
     * Options of a child. A configuration is `deletedWith` its bucket: it is not deleted ahead of it, so that a bucket
     * that is retained stays private, encrypted and versioned.
     */
    private options(part: SecureBucketPart, bucket?: aws.s3.Bucket): pulumi.CustomResourceOptions {
        const adopted = this.args.adopt?.includes(part) ?? false;
        return {
            parent: this,
            deletedWith: bucket,
            ...(adopted ? { import: this.args.bucketName, protect: true } : {}),
        };
    }
}
