import { z } from "zod";

import { accessKeyOutputs, declaredKeysInWords, type KeyFacts } from "./access-keys";
import { physicalName } from "../components/naming";
import {
    accountCheck,
    allowed,
    anyModel,
    denied,
    deniedByBedrock,
    foreignBucketChecks,
    leftoversCheck,
    type Check,
    type CheckContext,
} from "./checks";
import { type ExistingNames, type Names } from "./existing";
import { grantsInWords } from "./grants";
import { type EnvironmentFacts } from "./variables";
import { type AwsResource, type Deployment } from "./resources";

/** rl-studio: rollouts of reinforcement-learning runs, in a bucket of their own. */
export const rlStudio = {
    name: "rl-studio",
    /** Production names; every other environment adds `-<environment>`. */
    bucket: "rl-studio-rollouts",
    user: "rl-studio-rollouts-service-user",
    /** Days after which a rollout expires. */
    expireAfterDays: 365,
    /** Days after which an unfinished multipart upload is removed. */
    abortMultipartAfterDays: 7,
} as const;

export function rlStudioNames({ name }: Names): ExistingNames {
    return { buckets: { bucket: name(rlStudio.bucket) }, users: { user: name(rlStudio.user) }, others: [] };
}

/** What the stack exports for rl-studio. */
export const rlStudioOutputs = accessKeyOutputs.extend({
    region: z.string(),
    bucketName: z.string(),
    userName: z.string(),
    /** Days after which a noncurrent version of a rollout is removed. */
    noncurrentVersionDays: z.number(),
});

export type RlStudioOutputs = Readonly<z.infer<typeof rlStudioOutputs>>;

/** What a rotation of its keys has to know. */
export const rlStudioKeys: KeyFacts<RlStudioOutputs> = {
    user: ({ userName }) => userName,
    settings: ["accessKeys"],
    probe: ({ bucketName: bucket }) => ({ kind: "s3", call: "list", bucket, under: "" }),
    maximumAgeDays: 90,
    unseenConsumers: () => "whatever reads backend/.env or a file in backend/tokens",
};

/** What the service reads from its environment (A4). */
export const rlStudioEnvironment: EnvironmentFacts<RlStudioOutputs> = [
    { name: "AWS_ACCESS_KEY_ID", from: "accessKeyId" },
    { name: "AWS_SECRET_ACCESS_KEY", from: "secretAccessKey" },
    { name: "AWS_DEFAULT_REGION", from: "region" },
    { name: "S3_BUCKET_NAME", from: "bucketName" },
];

/** What rl-studio consists of. */
export function rlStudioResources({ environment }: Deployment): AwsResource[] {
    return [
        { kind: "bucket", name: physicalName(rlStudio.bucket, environment) },
        { kind: "user", name: physicalName(rlStudio.user, environment) },
    ];
}

/** What must hold for rl-studio (A1, A2, A4, A5). */
export function rlStudioChecks(outputs: RlStudioOutputs, context: CheckContext): Check[] {
    return [
        ...declaredBucket(outputs),
        ...declaredUser(outputs, context),
        accountCheck("A4", context),
        ...liveAccess(outputs),
        ...foreignBucketChecks("A5", rlStudio.name, context),
        ...liveRefusals(outputs),
        leftoversCheck("A5", outputs.bucketName),
    ];
}

const withoutCustomerKeys = {
    answers: allowed,
    lacks: "the condition key s3:x-amz-server-side-encryption-customer-algorithm, so DenyCustomerKeys is not tried there",
};

function declaredBucket({ bucketName: bucket, noncurrentVersionDays }: RlStudioOutputs): Check[] {
    const declared = (
        aspect: "versioning" | "encryption" | "publicAccess" | "lifecycle",
        name: string,
        expected: string,
    ): Check => ({ id: "A1", name, caller: "operator", expected, probe: { kind: "bucket", aspect, bucket } });
    return [
        declared("versioning", "versioning", "Enabled"),
        declared("encryption", "default encryption", "AES256"),
        declared("publicAccess", "public access", "all four blocked"),
        declared(
            "lifecycle",
            "lifecycle: two rules, nothing more",
            `all objects: abort uploads after ${rlStudio.abortMultipartAfterDays} days, expire after ` +
                `${rlStudio.expireAfterDays} days, noncurrent versions after ${noncurrentVersionDays} days; ` +
                "all objects: remove expired delete markers",
        ),
        {
            id: "A1",
            name: "TLS only",
            caller: "service",
            expected: denied,
            probe: { kind: "s3", call: "list", bucket, under: "", plaintext: true },
        },
        // The service may write here, so only the bucket policy can refuse.
        ...(["aws:kms", "customer key"] as const).map((encryption): Check => ({
            id: "A1",
            name: `write with ${encryption === "aws:kms" ? encryption : "a customer key"}`,
            caller: "service",
            expected: denied,
            ...(encryption === "customer key" ? { emulator: withoutCustomerKeys } : {}),
            probe: { kind: "s3", call: "put", bucket, under: "", encryption },
        })),
    ];
}

function declaredUser(outputs: RlStudioOutputs, { partition }: CheckContext): Check[] {
    const { bucketName, userName: user } = outputs;
    const bucketArn = `arn:${partition}:s3:::${bucketName}`;
    const grants = grantsInWords([
        { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Resource: `${bucketArn}/*` },
        { Effect: "Allow", Action: "s3:ListBucket", Resource: bucketArn },
    ]);
    const declared = (aspect: "grants" | "attachments" | "groups" | "keys", name: string, expected: string): Check => ({
        id: "A2",
        name,
        caller: "operator",
        expected,
        probe: { kind: "user", aspect, user },
    });
    return [
        declared("grants", "user's policy: four actions", grants),
        declared("attachments", "user's attached policies", "none"),
        declared("groups", "user's groups", "none"),
        declared("keys", "user's keys", declaredKeysInWords(outputs)),
    ];
}

function liveAccess({ bucketName: bucket }: RlStudioOutputs): Check[] {
    const access = (call: "list" | "put" | "get" | "delete", name: string): Check => ({
        id: "A5",
        name,
        caller: "service",
        expected: allowed,
        probe: { kind: "s3", call, bucket, under: "" },
    });
    return [access("list", "list"), access("put", "write"), access("get", "read"), access("delete", "delete")];
}

function liveRefusals({ bucketName: bucket, userName: user }: RlStudioOutputs): Check[] {
    const refused = (id: string, name: string, probe: Check["probe"], caller: Check["caller"] = "service"): Check => ({
        id,
        name,
        caller,
        expected: denied,
        probe,
    });
    return [
        refused("A2", "write the bucket policy", { kind: "s3", call: "writePolicy", bucket }),
        refused("A2", "delete a version", { kind: "s3", call: "deleteVersion", bucket, under: "" }),
        refused("A2", "read its own user", { kind: "iam", call: "getUser", user }),
        refused("A5", "list all buckets", { kind: "s3", call: "listBuckets", bucket }),
        refused("A5", "read the versioning", { kind: "s3", call: "readVersioning", bucket }),
        refused("A5", "set an object's ACL", { kind: "s3", call: "writeAcl", bucket, under: "" }),
        refused("A5", "tag an object", { kind: "s3", call: "tag", bucket, under: "" }),
        refused("A5", "list IAM users", { kind: "iam", call: "listUsers" }),
        {
            ...refused("A5", "invoke a model", { kind: "bedrock", call: "invoke", model: anyModel }),
            expected: deniedByBedrock,
        },
        refused("A5", "operator writes (reads only)", { kind: "s3", call: "put", bucket, under: "" }, "operator"),
    ];
}
