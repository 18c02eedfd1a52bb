import { strict as assert } from "node:assert";
import { bucketNameFault } from "../../components/secure-bucket/bucket-name";
import { bucketPolicy, lifecycleRules } from "../../components/secure-bucket/policy";

const arn = "arn:aws:s3:::snapshots";

const tlsStatements = [
    {
        Sid: "DenyInsecureTransport",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: ["arn:aws:s3:::snapshots", "arn:aws:s3:::snapshots/*"],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
    {
        Sid: "DenyOldTls",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: ["arn:aws:s3:::snapshots", "arn:aws:s3:::snapshots/*"],
        Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } },
    },
];
const wrongEncryption = {
    Sid: "DenyWrongEncryption",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:PutObject",
    Resource: "arn:aws:s3:::snapshots/*",
    Condition: {
        StringNotEquals: { "s3:x-amz-server-side-encryption": "AES256" },
        Null: { "s3:x-amz-server-side-encryption": "false" },
    },
};
const missingEncryption = {
    Sid: "DenyMissingEncryption",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:PutObject",
    Resource: "arn:aws:s3:::snapshots/*",
    Condition: { Null: { "s3:x-amz-server-side-encryption": "true" } },
};
const customerKeys = {
    Sid: "DenyCustomerKeys",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:PutObject",
    Resource: "arn:aws:s3:::snapshots/*",
    Condition: { Null: { "s3:x-amz-server-side-encryption-customer-algorithm": "false" } },
};

describe("bucketPolicy", () => {
    it("denyWrong lets an upload through that names no encryption, and denies every other but AES256", () => {
        assert.deepEqual(bucketPolicy(arn, "denyWrong"), {
            Version: "2012-10-17",
            Statement: [...tlsStatements, wrongEncryption, customerKeys],
        });
    });

    it("requireHeader denies an upload that names no encryption too (C2)", () => {
        assert.deepEqual(bucketPolicy(arn, "requireHeader"), {
            Version: "2012-10-17",
            Statement: [...tlsStatements, wrongEncryption, missingEncryption, customerKeys],
        });
    });

    it("the bucket's partition reaches every resource", () => {
        for (const { Resource } of bucketPolicy("arn:aws-cn:s3:::snapshots", "requireHeader").Statement) {
            for (const resource of [Resource].flat()) assert.match(resource!, /^arn:aws-cn:s3:::snapshots(\/\*)?$/);
        }
    });
});

describe("lifecycleRules", () => {
    it("expiry frees space: versions, unfinished uploads and, in a rule of their own, delete markers go too (A1)", () => {
        assert.deepEqual(
            lifecycleRules({ expireAfterDays: 365, noncurrentVersionDays: 30, abortMultipartAfterDays: 5 }),
            [
                {
                    id: "expire",
                    status: "Enabled",
                    filter: {},
                    expiration: { days: 365 },
                    noncurrentVersionExpiration: { noncurrentDays: 30 },
                    abortIncompleteMultipartUpload: { daysAfterInitiation: 5 },
                },
                {
                    id: "remove-expired-delete-markers",
                    status: "Enabled",
                    filter: {},
                    expiration: { expiredObjectDeleteMarker: true },
                },
            ],
        );
    });

    it("without expireAfterDays no object expires; unfinished uploads go after 7 days by default", () => {
        assert.deepEqual(lifecycleRules({ noncurrentVersionDays: 90 })[0], {
            id: "expire",
            status: "Enabled",
            filter: {},
            noncurrentVersionExpiration: { noncurrentDays: 90 },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        });
    });
});

describe("bucketNameFault", () => {
    const accepted = [
        "abc",
        "rl-studio-rollouts",
        "fruitful-lab-snapshots-prod",
        "a.b.c",
        "1bucket",
        "1.2.3",
        "a".repeat(63),
    ];
    for (const name of accepted) {
        it(`"${name}" is accepted`, () => assert.equal(bucketNameFault(name), undefined));
    }

    const refused: [name: string, expected: string][] = [
        ["ab", "3 to 63 characters"],
        ["a".repeat(64), "3 to 63 characters"],
        ["Rollouts", "lower-case letters, digits, dots and hyphens only"],
        ["roll_outs", "lower-case letters, digits, dots and hyphens only"],
        ["rollouts\n", "lower-case letters, digits, dots and hyphens only"],
        ["-rollouts", "a letter or a digit at both ends"],
        ["rollouts.", "a letter or a digit at both ends"],
        ["roll..outs", "no two dots in a row"],
        ["192.168.5.4", "a name that does not look like an IP address"],
        ["xn--rollouts", 'a name that does not begin with "xn--", which S3 reserves'],
        ["sthree-rollouts", 'a name that does not begin with "sthree-", which S3 reserves'],
        ["amzn-s3-demo-rollouts", 'a name that does not begin with "amzn-s3-demo-", which S3 reserves'],
        ["rollouts-s3alias", 'a name that does not end with "-s3alias", which S3 reserves'],
        ["rollouts--ol-s3", 'a name that does not end with "--ol-s3", which S3 reserves'],
        ["rollouts.mrap", 'a name that does not end with ".mrap", which S3 reserves'],
        ["rollouts--x-s3", 'a name that does not end with "--x-s3", which S3 reserves'],
        ["rollouts--table-s3", 'a name that does not end with "--table-s3", which S3 reserves'],
    ];
    for (const [name, expected] of refused) {
        it(`${JSON.stringify(name)} is refused`, () => assert.equal(bucketNameFault(name), expected));
    }
});
