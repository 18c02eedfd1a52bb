import * as pulumi from "@pulumi/pulumi";

import { ScopedIdentity } from "../components/scoped-identity";
import { SecureBucket } from "../components/secure-bucket";
import { mlflow, type MlflowOutputs, type MlflowSettings } from "../services/mlflow";
import { adoptedUser } from "./adoption";
import { type StackContext } from "./context";
import { type Lifted } from "./lifted";

/** The project's own bucket, prefix and user (D1). */
export function deploy(settings: MlflowSettings, context: StackContext): Lifted<MlflowOutputs> {
    const tags = context.tags(mlflow.name);
    const bucket = new SecureBucket("mlflow-artifacts", {
        bucketName: context.name(mlflow.bucket),
        partition: context.partition,
        versioning: true,
        lifecycle: { noncurrentVersionDays: settings.noncurrentVersionDays },
        protect: context.protectData,
        adopt: settings.adopt.bucket,
        tags,
    });
    const identity = new ScopedIdentity("mlflow-project", {
        principal: { kind: "user", userName: context.name(mlflow.user), accessKeys: settings.accessKeys },
        grants: [
            {
                bucketArn: bucket.arn,
                prefix: mlflow.prefix,
                actions: ["list", "read", "write", "delete", "multipart"],
            },
        ],
        adopt: adoptedUser(settings.adopt.user),
        tags,
    });
    return {
        region: context.region,
        bucketName: bucket.bucketName,
        prefix: mlflow.prefix,
        artifactRoot: pulumi.interpolate`s3://${bucket.bucketName}/${mlflow.prefix.slice(0, -1)}`,
        userName: identity.userName,
        ...identity.accessKeys,
    };
}
