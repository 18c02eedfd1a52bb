import { type ArnScope, regionalArn } from "../arn";
import { type ActionSet, allowGrants } from "../bucket-access";
import { policyDocument, type PolicyDocument, type PolicyStatement } from "../policy-document";
import { ecrRepository } from "./task";

/** What a task may do under its prefix: list, read, write, tag, and upload in parts. */
export const taskActions = ["list", "read", "write", "tag", "multipart"] as const satisfies readonly ActionSet[];

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
    return policyDocument(...allowGrants([{ bucketArn, prefix, actions: taskActions }]));
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
