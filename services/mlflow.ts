import { z } from "zod";

import { accessKeyOutputs } from "./access-keys";
import { accountCheck, foreignBucketChecks, leftoversCheck, objectCalls, s3Check, userChecks } from "./check-helpers";
import { allowed, type Check, type CheckContext, denied } from "./checks";
import { grantsInWords } from "./grants";
import { type ServiceFacts } from "./service";
import { accessKeys, adopt, days } from "./settings";

const names = {
    bucket: "mlflow-basketworld",
    user: "mlflow-basketworld",
    /** The artifact root below the bucket. */
    prefix: "mlflow-artifacts/",
} as const;

const settings = z.strictObject({
    noncurrentVersionDays: days.default(30).meta({
        unit: "days",
        description: "whole number from 1: when a superseded or deleted version of an artifact is permanently removed",
    }),
    adopt,
    accessKeys,
});

const outputs = accessKeyOutputs.extend({
    region: z.string(),
    bucketName: z.string(),
    prefix: z.string(),
    /** `s3://<bucket>/mlflow-artifacts` */
    artifactRoot: z.string(),
    userName: z.string(),
});

export type MlflowSettings = z.infer<typeof settings>;
export type MlflowOutputs = Readonly<z.infer<typeof outputs>>;

/** mlflow: artifacts of the basketworld project, with credentials apart from the global ones. */
export const mlflow = {
    name: "mlflow",
    ...names,
    gets: `bucket and user \`${names.bucket}\`; the user works only under \`${names.prefix}\``,
    settings,
    outputs,
    resources: (_, { name }) => [
        { kind: "bucket", name: name(names.bucket), adopt: "bucket" },
        { kind: "user", name: name(names.user), adopt: "user" },
    ],
    buckets: ({ bucketName }) => [bucketName],
    // D3.
    credentials: {
        kind: "variables",
        user: names.user,
        files: [".env"],
        processEnvironment: true,
        sets: [
            { prefix: "MLFLOW_AWS_", label: "project-specific (MLFLOW_AWS_*)" },
            { prefix: "AWS_", label: "global (AWS_*)", fallback: true },
        ],
        region: ["MLFLOW_AWS_DEFAULT_REGION", "AWS_DEFAULT_REGION", "AWS_REGION"],
        tracking: { uri: "MLFLOW_TRACKING_URI", artifactRoot: "MLFLOW_ARTIFACT_ROOT" },
    },
    // D2.
    environment: [
        { name: "MLFLOW_ARTIFACT_ROOT", from: "artifactRoot" },
        { name: "MLFLOW_AWS_ACCESS_KEY_ID", from: "accessKeyId" },
        { name: "MLFLOW_AWS_SECRET_ACCESS_KEY", from: "secretAccessKey" },
        { name: "MLFLOW_AWS_DEFAULT_REGION", from: "region" },
    ],
    keys: {
        user: ({ userName }) => userName,
        settings: ["accessKeys"],
        probe: ({ bucketName: bucket, prefix: under }) => ({ kind: "s3", call: "list", bucket, under }),
        maximumAgeDays: 90,
        unseenConsumers: () => "whatever reads MLFLOW_AWS_ACCESS_KEY_ID from the project's .env or its environment",
    },
    checks: (exported, context) => [
        ...declaredUser(exported, context),
        ...bucketChecks(exported),
        ...configurationChecks(exported, context),
    ],
} as const satisfies ServiceFacts<MlflowSettings, MlflowOutputs>;

/** D1 */
function declaredUser(exported: MlflowOutputs, { partition }: CheckContext): Check[] {
    const { bucketName, prefix, userName } = exported;
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
    return userChecks("D1", userName, { name: "under the prefix only", grants }, exported);
}

/** D1: what no prefix can narrow is refused altogether. */
function bucketChecks({ bucketName: bucket, prefix: under }: MlflowOutputs): Check[] {
    return [
        s3Check("D1", "list without a prefix", denied, { call: "list", bucket }),
        s3Check("D1", "list the bucket's unfinished uploads", denied, { call: "listUploads", bucket, under }),
        s3Check("D1", "list all buckets", denied, { call: "listBuckets", bucket }),
        s3Check("D1", "TLS only", denied, { call: "list", bucket, under, plaintext: true }),
    ];
}

/** D5: everything under the artifact root, nothing outside it. */
function configurationChecks({ bucketName: bucket, prefix }: MlflowOutputs, context: CheckContext): Check[] {
    // Begins with the artifact root's letters, so that a policy without the slash would let it through.
    const sibling = `${prefix.replace(/\/$/, "")}-of-others/`;
    const everywhere = (where: string, under: string, expected: string): Check[] =>
        [...objectCalls, ["multipart", "multipart upload"] as const].map(([call, does]) =>
            s3Check("D5", `${does} ${where}`, expected, { call, bucket, under }),
        );
    return [
        accountCheck("D5", context),
        ...everywhere("under the artifact root", prefix, allowed),
        ...everywhere("outside it", "elsewhere/", denied),
        s3Check("D5", "write beside it", denied, { call: "put", bucket, under: sibling }),
        ...foreignBucketChecks("D5", context),
        leftoversCheck("D5", bucket),
    ];
}
