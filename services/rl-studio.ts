import { z } from "zod";

import { accessKeyOutputs } from "./access-keys";
import {
    accountCheck,
    check,
    foreignBucketChecks,
    leftoversCheck,
    objectCalls,
    refused,
    s3Check,
    userChecks,
} from "./check-helpers";
import { allowed, anyModel, type Check, type CheckContext, denied, deniedByBedrock } from "./checks";
import { ownRegion, ownSet } from "./credential-sources";
import { grantsInWords } from "./grants";
import { type ServiceFacts } from "./service";
import { accessKeys, adopt, days } from "./settings";
import { awsVariables } from "./variables";

const names = {
    /** Production names; every other environment adds `-<environment>`. */
    bucket: "rl-studio-rollouts",
    user: "rl-studio-rollouts-service-user",
    /** Days after which a rollout expires. */
    expireAfterDays: 365,
    /** Days after which an unfinished multipart upload is removed. */
    abortMultipartAfterDays: 7,
} as const;

const settings = z.strictObject({
    noncurrentVersionDays: days.default(30).meta({
        unit: "days",
        description: "whole number from 1: when a superseded or deleted version of a rollout is permanently removed",
    }),
    adopt,
    accessKeys,
});

const outputs = accessKeyOutputs.extend({
    region: z.string(),
    bucketName: z.string(),
    userName: z.string(),
    /** Days after which a noncurrent version of a rollout is removed. */
    noncurrentVersionDays: z.number(),
});

export type RlStudioSettings = z.infer<typeof settings>;
export type RlStudioOutputs = Readonly<z.infer<typeof outputs>>;

/** rl-studio: rollouts of reinforcement-learning runs, in a bucket of their own. */
export const rlStudio = {
    name: "rl-studio",
    ...names,
    gets:
        `bucket \`${names.bucket}\`, versioned, whose objects expire after ${names.expireAfterDays} days; user ` +
        `\`${names.user}\`, which lists, reads, writes and deletes objects in it`,
    settings,
    outputs,
    resources: (_, { name }) => [
        { kind: "bucket", name: name(names.bucket), adopt: "bucket" },
        { kind: "user", name: name(names.user), adopt: "user" },
    ],
    buckets: ({ bucketName }) => [bucketName],
    // A4.
    credentials: {
        kind: "variables",
        user: names.user,
        files: ["backend/.env", "backend/tokens/prod.txt", "backend/tokens/dev.txt"],
        processEnvironment: false,
        sets: [ownSet],
        region: ownRegion,
        defaultRegion: "us-east-1",
    },
    // A4.
    environment: [...awsVariables, { name: "S3_BUCKET_NAME", from: "bucketName" }],
    keys: {
        user: ({ userName }) => userName,
        settings: ["accessKeys"],
        probe: ({ bucketName: bucket }) => ({ kind: "s3", call: "list", bucket, under: "" }),
        maximumAgeDays: 90,
        unseenConsumers: () => "whatever reads backend/.env or a file in backend/tokens",
    },
    checks: (exported, context) => [
        ...declaredBucket(exported),
        ...declaredUser(exported, context),
        accountCheck("A4", context),
        ...liveAccess(exported),
        ...foreignBucketChecks("A5", context),
        ...liveRefusals(exported),
        leftoversCheck("A5", exported.bucketName),
    ],
} as const satisfies ServiceFacts<RlStudioSettings, RlStudioOutputs>;

function declaredBucket({ bucketName: bucket, noncurrentVersionDays }: RlStudioOutputs): Check[] {
    const declared = (
        aspect: "versioning" | "encryption" | "publicAccess" | "lifecycle",
        name: string,
        expected: string,
    ) => check("A1", name, expected, { kind: "bucket", aspect, bucket });
    const write = (what: string, encryption: "aws:kms" | "customer key") =>
        // The service may write here, so only the bucket policy can refuse.
        s3Check("A1", `write with ${what}`, denied, { call: "put", bucket, under: "", encryption });
    return [
        declared("versioning", "versioning", "Enabled"),
        declared("encryption", "default encryption", "AES256"),
        declared("publicAccess", "public access", "all four blocked"),
        declared(
            "lifecycle",
            "lifecycle: two rules, nothing more",
            `all objects: abort uploads after ${names.abortMultipartAfterDays} days, expire after ` +
                `${names.expireAfterDays} days, noncurrent versions after ${noncurrentVersionDays} days; ` +
                "all objects: remove expired delete markers",
        ),
        s3Check("A1", "TLS only", denied, { call: "list", bucket, under: "", plaintext: true }),
        write("aws:kms", "aws:kms"),
        write("a customer key", "customer key"),
    ];
}

function declaredUser(exported: RlStudioOutputs, { partition }: CheckContext): Check[] {
    const bucketArn = `arn:${partition}:s3:::${exported.bucketName}`;
    const grants = grantsInWords([
        { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Resource: `${bucketArn}/*` },
        { Effect: "Allow", Action: "s3:ListBucket", Resource: bucketArn },
    ]);
    return userChecks("A2", exported.userName, { name: "four actions", grants }, exported);
}

function liveAccess({ bucketName: bucket }: RlStudioOutputs): Check[] {
    return objectCalls.map(([call, does]) => s3Check("A5", does, allowed, { call, bucket, under: "" }));
}

function liveRefusals({ bucketName: bucket, userName: user }: RlStudioOutputs): Check[] {
    return [
        refused("A2", "write the bucket policy", { kind: "s3", call: "writePolicy", bucket }),
        refused("A2", "delete a version", { kind: "s3", call: "deleteVersion", bucket, under: "" }),
        refused("A2", "read its own user", { kind: "iam", call: "getUser", user }),
        refused("A5", "list all buckets", { kind: "s3", call: "listBuckets", bucket }),
        refused("A5", "read the versioning", { kind: "s3", call: "readVersioning", bucket }),
        refused("A5", "set an object's ACL", { kind: "s3", call: "writeAcl", bucket, under: "" }),
        refused("A5", "tag an object", { kind: "s3", call: "tag", bucket, under: "" }),
        refused("A5", "list IAM users", { kind: "iam", call: "listUsers" }),
        check("A5", "invoke a model", deniedByBedrock, { kind: "bedrock", call: "invoke", model: anyModel }, "service"),
        refused("A5", "operator writes (reads only)", { kind: "s3", call: "put", bucket, under: "" }, "operator"),
    ];
}
