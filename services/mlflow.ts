import { z } from "zod";

import { accessKeyOutputs, declaredKeysInWords, type KeyFacts } from "./access-keys";
import { physicalName } from "../components/naming";
import {
    accountCheck,
    allowed,
    denied,
    foreignBucketChecks,
    leftoversCheck,
    type Check,
    type CheckContext,
    type S3Call,
} from "./checks";
import { type ExistingNames, type Names } from "./existing";
import { grantsInWords } from "./grants";
import { type EnvironmentFacts } from "./variables";
import { type AwsResource, type Deployment } from "./resources";

/** mlflow: artifacts of the basketworld project, with credentials apart from the global ones. */
export const mlflow = {
    name: "mlflow",
    bucket: "mlflow-basketworld",
    user: "mlflow-basketworld",
    /** The artifact root below the bucket. */
    prefix: "mlflow-artifacts/",
} as const;

export function mlflowNames({ name }: Names): ExistingNames {
    return { buckets: { bucket: name(mlflow.bucket) }, users: { user: name(mlflow.user) }, others: [] };
}

/** What the stack exports for mlflow. */
export const mlflowOutputs = accessKeyOutputs.extend({
    region: z.string(),
    bucketName: z.string(),
    prefix: z.string(),
    /** `s3://<bucket>/mlflow-artifacts` */
    artifactRoot: z.string(),
    userName: z.string(),
});

export type MlflowOutputs = Readonly<z.infer<typeof mlflowOutputs>>;

/** What a rotation of its keys has to know. */
export const mlflowKeys: KeyFacts<MlflowOutputs> = {
    user: ({ userName }) => userName,
    settings: ["accessKeys"],
    probe: ({ bucketName: bucket, prefix: under }) => ({ kind: "s3", call: "list", bucket, under }),
    maximumAgeDays: 90,
    unseenConsumers: () => "whatever reads MLFLOW_AWS_ACCESS_KEY_ID from the project's .env or its environment",
};

/** What the project reads from its environment (D2). */
export const mlflowEnvironment: EnvironmentFacts<MlflowOutputs> = [
    { name: "MLFLOW_ARTIFACT_ROOT", from: "artifactRoot" },
    { name: "MLFLOW_AWS_ACCESS_KEY_ID", from: "accessKeyId" },
    { name: "MLFLOW_AWS_SECRET_ACCESS_KEY", from: "secretAccessKey" },
    { name: "MLFLOW_AWS_DEFAULT_REGION", from: "region" },
];

/** What mlflow consists of. */
export function mlflowResources({ environment }: Deployment): AwsResource[] {
    return [
        { kind: "bucket", name: physicalName(mlflow.bucket, environment) },
        { kind: "user", name: physicalName(mlflow.user, environment) },
    ];
}

/** What must hold for mlflow (D1), and the live test of its configuration (D5). */
export function mlflowChecks(outputs: MlflowOutputs, context: CheckContext): Check[] {
    return [...declaredUser(outputs, context), ...bucketChecks(outputs), ...configurationChecks(outputs, context)];
}

function declaredUser(outputs: MlflowOutputs, { partition }: CheckContext): Check[] {
    const { bucketName, prefix, userName: user } = outputs;
    const bucketArn = `arn:${partition}:s3:::${bucketName}`;
    const grants = grantsInWords([
        {
            Effect: "Allow",
            Action: [
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            Resource: `${bucketArn}/${prefix}*`,
        },
        {
            Effect: "Allow",
            Action: "s3:ListBucket",
            Resource: bucketArn,
            Condition: { StringLike: { "s3:prefix": `${prefix}*` } },
        },
    ]);
    const declared = (aspect: "grants" | "attachments" | "groups" | "keys", name: string, expected: string): Check => ({
        id: "D1",
        name,
        caller: "operator",
        expected,
        probe: { kind: "user", aspect, user },
    });
    return [
        declared("grants", "user's policy: under the prefix only", grants),
        declared("attachments", "user's attached policies", "none"),
        declared("groups", "user's groups", "none"),
        declared("keys", "user's keys", declaredKeysInWords(outputs)),
    ];
}

/** D1: what no prefix can narrow is refused altogether. */
function bucketChecks({ bucketName: bucket, prefix }: MlflowOutputs): Check[] {
    return [
        access("D1", "list without a prefix", bucket, "list", undefined, denied),
        access("D1", "list the bucket's unfinished uploads", bucket, "listUploads", prefix, denied),
        access("D1", "list all buckets", bucket, "listBuckets", undefined, denied),
        {
            ...access("D1", "TLS only", bucket, "list", prefix, denied),
            probe: { kind: "s3", call: "list", bucket, under: prefix, plaintext: true },
        },
    ];
}

/** D5: everything under the artifact root, nothing outside it. */
function configurationChecks(outputs: MlflowOutputs, context: CheckContext): Check[] {
    const { bucketName: bucket, prefix } = outputs;
    // Begins with the artifact root's letters, so that a policy without the slash would let it through.
    const sibling = `${prefix.replace(/\/$/, "")}-of-others/`;
    const everywhere = (where: string, under: string, expected: string): Check[] =>
        (
            [
                ["list", "list"],
                ["put", "write"],
                ["get", "read"],
                ["delete", "delete"],
                ["multipart", "multipart upload"],
            ] as const
        ).map(([call, does]) => access("D5", `${does} ${where}`, bucket, call, under, expected));
    return [
        accountCheck("D5", context),
        ...everywhere("under the artifact root", prefix, allowed),
        ...everywhere("outside it", "elsewhere/", denied),
        access("D5", "write beside it", bucket, "put", sibling, denied),
        ...foreignBucketChecks("D5", mlflow.name, context),
        leftoversCheck("D5", bucket),
    ];
}

function access(
    id: string,
    name: string,
    bucket: string,
    call: S3Call,
    under: string | undefined,
    expected: string,
): Check {
    return { id, name, caller: "service", expected, probe: { kind: "s3", call, bucket, under } };
}
