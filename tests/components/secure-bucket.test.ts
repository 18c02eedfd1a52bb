import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import { SecureBucket, type SecureBucketArgs, type SecureBucketPart } from "../../components/secure-bucket";
import { bucketPolicy } from "../../components/secure-bucket/policy";
import { RecordingMocks, runWithMocks, valueOf } from "../support/mocks";

const minimal: SecureBucketArgs = { bucketName: "rollouts", partition: "aws", versioning: false };
const full: SecureBucketArgs = { ...minimal, versioning: true, lifecycle: { noncurrentVersionDays: 30 } };

async function deploy(args: SecureBucketArgs, preview = false) {
    const mocks = new RecordingMocks();
    const bucket = await runWithMocks(mocks, () => new SecureBucket("data", args), { preview });
    return { mocks, bucket };
}

const children: Record<SecureBucketPart, [type: string, name: string]> = {
    bucket: ["aws:s3/bucket:Bucket", "data-bucket"],
    versioning: ["aws:s3/bucketVersioning:BucketVersioning", "data-versioning"],
    encryption: [
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "data-encryption",
    ],
    publicAccessBlock: ["aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "data-public-access-block"],
    ownership: ["aws:s3/bucketOwnershipControls:BucketOwnershipControls", "data-ownership"],
    lifecycle: ["aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "data-lifecycle"],
    policy: ["aws:s3/bucketPolicy:BucketPolicy", "data-policy"],
};
const parts = Object.keys(children) as SecureBucketPart[];

/** What the runtime keeps in an Output about where it comes from. */
interface Dependencies {
    allResources(): Promise<Set<{ readonly __name: string }>>;
}

describe("SecureBucket", () => {
    it("a minimal bucket is private, encrypted, without ACLs, versions or lifecycle (C1)", async () => {
        const { mocks } = await deploy(minimal);
        assert.deepEqual(mocks.list(), [
            "aws:s3/bucket:Bucket data-bucket",
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls data-ownership",
            "aws:s3/bucketPolicy:BucketPolicy data-policy",
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock data-public-access-block",
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration data-encryption",
            "platform:storage:SecureBucket data",
            "pulumi:pulumi:Stack platform-test",
        ]);
        assert.deepEqual(mocks.get(...children.bucket).inputs, { bucket: "rollouts", forceDestroy: false });
        assert.deepEqual(mocks.get(...children.publicAccessBlock).inputs, {
            bucket: "rollouts",
            blockPublicAcls: true,
            blockPublicPolicy: true,
            ignorePublicAcls: true,
            restrictPublicBuckets: true,
        });
        assert.deepEqual(mocks.get(...children.ownership).inputs, {
            bucket: "rollouts",
            rule: { objectOwnership: "BucketOwnerEnforced" },
        });
        assert.deepEqual(mocks.get(...children.encryption).inputs, {
            bucket: "rollouts",
            rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
        });
        const { policy, ...rest } = mocks.get(...children.policy).inputs;
        assert.deepEqual(rest, { bucket: "rollouts" });
        assert.deepEqual(JSON.parse(policy), bucketPolicy("arn:aws:s3:::rollouts", "denyWrong"));
    });

    it("versioning and lifecycle are what is asked for (A1)", async () => {
        const { mocks } = await deploy({ ...full, lifecycle: { expireAfterDays: 365, noncurrentVersionDays: 30 } });
        assert.deepEqual(mocks.get(...children.versioning).inputs, {
            bucket: "rollouts",
            versioningConfiguration: { status: "Enabled" },
        });
        assert.deepEqual(mocks.get(...children.lifecycle).inputs, {
            bucket: "rollouts",
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
        });
        assert.equal(mocks.list().length, 9);
    });

    it("requireHeader, tags and the partition reach the resources (C2)", async () => {
        const { mocks, bucket } = await deploy({
            ...minimal,
            partition: pulumi.output("aws-cn"),
            uploadRule: "requireHeader",
            tags: { service: "lab" },
        });
        const { policy } = mocks.get(...children.policy).inputs;
        assert.deepEqual(JSON.parse(policy), bucketPolicy("arn:aws-cn:s3:::rollouts", "requireHeader"));
        assert.deepEqual(mocks.get(...children.bucket).inputs, {
            bucket: "rollouts",
            forceDestroy: false,
            tags: { service: "lab" },
        });
        assert.equal(await valueOf(bucket.arn), "arn:aws-cn:s3:::rollouts");
    });

    it("changes of access settings never overlap, or S3 would answer 409; versions come before rules about them", async () => {
        const { mocks } = await deploy(full);
        const dependsOn = (part: SecureBucketPart) => mocks.get(...children[part]).options.dependsOn;
        assert.deepEqual(dependsOn("publicAccessBlock"), ["data-bucket"]);
        assert.deepEqual(dependsOn("policy").sort(), ["data-bucket", "data-public-access-block"]);
        assert.deepEqual(dependsOn("ownership").sort(), ["data-bucket", "data-policy"]);
        assert.deepEqual(dependsOn("lifecycle").sort(), ["data-bucket", "data-versioning"]);
    });

    it("every part is a child, and no configuration is deleted ahead of its bucket", async () => {
        const { mocks } = await deploy(full);
        for (const part of parts) {
            const { parent, deletedWith } = mocks.get(...children[part]).options;
            assert.deepEqual(
                [part, parent, deletedWith],
                [part, "data", part === "bucket" ? undefined : "data-bucket"],
            );
        }
    });

    it("a bucket is protected and retained when asked for, and only then", async () => {
        for (const protect of [undefined, false, true]) {
            const { mocks } = await deploy({ ...full, protect });
            for (const part of parts) {
                const { options, importId } = mocks.get(...children[part]);
                const expected = part === "bucket" && protect === true;
                assert.deepEqual(
                    [options.protect, options.retainOnDelete, importId],
                    [expected, expected, undefined],
                    part,
                );
            }
        }
    });

    it("an adopted part is imported under the bucket's name and protected, every other is created (A3)", async () => {
        for (const adopted of parts) {
            const { mocks } = await deploy({ ...full, adopt: [adopted] });
            for (const part of parts) {
                const { options, importId } = mocks.get(...children[part]);
                const expected = part === adopted ? [true, "rollouts"] : [false, undefined];
                assert.deepEqual([options.protect, importId], expected, `${part} while ${adopted} is adopted`);
            }
            assert.equal(mocks.get(...children.bucket).options.retainOnDelete, adopted === "bucket");
        }
    });

    it("a preview registers the same resources as an update", async () => {
        const [update, preview] = [await deploy(full), await deploy(full, true)];
        assert.deepEqual(preview.mocks.list(), update.mocks.list());
        assert.deepEqual(
            JSON.parse(preview.mocks.get(...children.policy).inputs.policy),
            bucketPolicy("arn:aws:s3:::rollouts", "denyWrong"),
        );
    });

    it("outputs are the ARN and the name, and come from the bucket", async () => {
        const { bucket } = await deploy(minimal);
        assert.equal(await valueOf(bucket.arn), "arn:aws:s3:::rollouts");
        assert.equal(await valueOf(bucket.bucketName), "rollouts");
        for (const output of [bucket.arn, bucket.bucketName]) {
            const dependencies = await (output as unknown as Dependencies).allResources();
            assert.deepEqual(
                [...dependencies].map(({ __name }) => __name),
                ["data-bucket"],
            );
        }
    });

    const refused: [args: Partial<SecureBucketArgs>, sentence: string][] = [
        [
            { bucketName: "My_Bucket" },
            'bucketName is "My_Bucket", expected lower-case letters, digits, dots and hyphens only',
        ],
        [
            { lifecycle: { noncurrentVersionDays: 0 } },
            "lifecycle.noncurrentVersionDays is 0, expected a whole number of days, at least 1",
        ],
        [
            { lifecycle: { noncurrentVersionDays: 1, expireAfterDays: 1.5 } },
            "lifecycle.expireAfterDays is 1.5, expected a whole number of days, at least 1",
        ],
        [
            { lifecycle: { noncurrentVersionDays: 1, abortMultipartAfterDays: -7 } },
            "lifecycle.abortMultipartAfterDays is -7, expected a whole number of days, at least 1",
        ],
        [{ adopt: ["versioning"] }, 'adopt is ["versioning"], expected no "versioning" where versioning is false'],
        [{ adopt: ["lifecycle"] }, 'adopt is ["lifecycle"], expected no "lifecycle" where lifecycle is not set'],
    ];
    for (const [args, sentence] of refused) {
        it(`refuses: ${sentence}`, async () => {
            const mocks = new RecordingMocks();
            const run = runWithMocks(mocks, () => new SecureBucket("data", { ...minimal, ...args }));
            await assert.rejects(run, (error: pulumi.ResourceError) => {
                assert.deepEqual([error.message, error.hideStack], [sentence, true]);
                return pulumi.ResourceError.isInstance(error);
            });
            assert.deepEqual(mocks.all("aws:s3/bucket:Bucket"), []);
        });
    }
});
