import { ArnScope, objectsArn, regionalArn } from "../arn";
import { policyDocument, PolicyDocument, PolicyStatement } from "../policy-document";
import { ecrRepository } from "./task";

/** What a task may do with the objects under its prefix: read, write, tag, and upload in parts. */
export const objectActions = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:PutObjectTagging",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
] as const;

/** What ECS needs to write a task's log. */
export const logActions = ["logs:CreateLogStream", "logs:PutLogEvents"] as const;

/** What ECS needs to pull an image from a private ECR repository, once it has a token. */
export const pullActions = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
] as const;

/**
 * Trusts ECS tasks, and only those of one account and region: ECS names the task on whose behalf it assumes the role,
 * so that no other account's task can have it assumed.
 */
export function trustPolicy(scope: ArnScope): PolicyDocument {
    return policyDocument({
        Sid: "AllowEcsTasks",
        Effect: "Allow",
        Principal: { Service: "ecs-tasks.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: {
            StringEquals: { "aws:SourceAccount": scope.accountId },
            ArnLike: { "aws:SourceArn": regionalArn(scope, "ecs", "*") },
        },
    });
}

/** The policy of the task: its prefix of one bucket. */
export function taskPolicy(bucketArn: string, prefix: string): PolicyDocument {
    return policyDocument(allowList(bucketArn, prefix), allowObjectAccess(bucketArn, prefix));
}

/**
 * Allows listing the bucket under the prefix. `a/b/*` matches `a/b/` itself too; a request that names no prefix does not
 * match.
 */
export function allowList(bucketArn: string, prefix: string): PolicyStatement {
    return {
        Sid: "AllowList",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: [bucketArn],
        Condition: { StringLike: { "s3:prefix": [`${prefix}*`] } },
    };
}

/** Allows {@link objectActions} under the prefix. */
export function allowObjectAccess(bucketArn: string, prefix: string): PolicyStatement {
    return {
        Sid: "AllowObjectAccess",
        Effect: "Allow",
        Action: objectActions,
        Resource: [objectsArn(bucketArn, prefix)],
    };
}

/** The policy of the execution role: the task's log and, where the image is in a private ECR repository, its image. */
export function executionPolicy(scope: ArnScope, logGroupName: string, image: string): PolicyDocument {
    const repository = ecrRepository(image);
    return policyDocument(
        allowLogs(scope, logGroupName),
        ...(repository
            ? [
                  allowRegistryLogin(),
                  allowPull(regionalArn({ ...scope, ...repository }, "ecr", `repository/${repository.repositoryName}`)),
              ]
            : []),
    );
}

/** Allows writing to the streams of one log group, which exists already: creating groups is not ECS's to do. */
export function allowLogs(scope: ArnScope, logGroupName: string): PolicyStatement {
    return {
        Sid: "AllowLogs",
        Effect: "Allow",
        Action: logActions,
        Resource: [regionalArn(scope, "logs", `log-group:${logGroupName}:log-stream:*`)],
    };
}

/** Allows logging in to ECR. The token gives no access by itself, and its action has no resource level: hence the `*`. */
export function allowRegistryLogin(): PolicyStatement {
    return { Sid: "AllowRegistryLogin", Effect: "Allow", Action: ["ecr:GetAuthorizationToken"], Resource: ["*"] };
}

/** Allows pulling from one repository. */
export function allowPull(repositoryArn: string): PolicyStatement {
    return { Sid: "AllowPull", Effect: "Allow", Action: pullActions, Resource: [repositoryArn] };
}

/**
 * What is expected of a prefix that breaks a rule, and undefined where it breaks none. Only characters that mean
 * themselves in S3 and in IAM are let through: a `*`, a `?` or a `${…}` would widen the policy.
 */
export function prefixFault(prefix: string): string | undefined {
    return /^(?:[A-Za-z0-9!_.'()=-]+\/)+$/.test(prefix)
        ? undefined
        : `segments of letters, digits and !_.'()=- that each end with "/", such as "scans/2024/"`;
}

/** What is expected of the ARN of a bucket that is none, and undefined where it is one. A wildcard is no bucket. */
export function bucketArnFault(arn: string): string | undefined {
    return /^arn:aws[a-z-]*:s3:::[A-Za-z0-9._-]+$/.test(arn) ? undefined : "the ARN of one bucket";
}

/** What is expected of the name of a role that IAM refuses, and undefined where it accepts it. */
export function roleNameFault(name: string): string | undefined {
    return /^[\w+=,.@-]{1,64}$/.test(name) ? undefined : "1 to 64 letters, digits and +=,.@_-";
}

/** What is expected of the name of a policy that IAM refuses, and undefined where it accepts it. */
export function policyNameFault(name: string): string | undefined {
    return /^[\w+=,.@-]{1,128}$/.test(name) ? undefined : "1 to 128 letters, digits and +=,.@_-";
}
