import { type ArnScope, bucketArn, globalArn, objectsArn } from "../components/arn";
import { policyDocument, type PolicyDocument, type PolicyStatement } from "../components/policy-document";

/** The issuer of GitHub's tokens for workflows. */
export const issuer = "token.actions.githubusercontent.com";

/** For whom the tokens are: what `aws-actions/configure-aws-credentials` asks for. */
export const audience = "sts.amazonaws.com";

/** Subjects of tokens, by what a workflow runs for. @see https://docs.github.com/actions/reference/security/oidc */
export const subjects = {
    /** A job of this environment, which GitHub gives to the branches and reviewers that the environment names. */
    environment: (repository: string, environment: string) => `repo:${repository}:environment:${environment}`,
    pullRequest: (repository: string) => `repo:${repository}:pull_request`,
    branch: (repository: string, branch: string) => `repo:${repository}:ref:refs/heads/${branch}`,
};

/** Lets workflows whose token has one of the subjects take the role; no pattern, so that no other repository's fits. */
export function trustWorkflows(scope: ArnScope, allowed: readonly string[]): PolicyStatement {
    return {
        Sid: "Workflows",
        Effect: "Allow",
        Principal: { Federated: globalArn(scope, "iam", `oidc-provider/${issuer}`) },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { [`${issuer}:aud`]: audience, [`${issuer}:sub`]: [...allowed] } },
    };
}

/** Lets identities of the account take the role whose own policies allow it. */
export function trustAccount(scope: ArnScope): PolicyStatement {
    return {
        Sid: "People",
        Effect: "Allow",
        Principal: { AWS: globalArn(scope, "iam", "root") },
        Action: "sts:AssumeRole",
    };
}

/** What a deployment does with its state: the engine keeps a data key in it that the KMS key encrypts. */
export function useState(scope: ArnScope, bucket: string, keyArn: string): PolicyDocument {
    const arn = bucketArn(scope.partition, bucket);
    return policyDocument(
        { Sid: "Key", Effect: "Allow", Action: ["kms:Decrypt", "kms:Encrypt"], Resource: keyArn },
        {
            Sid: "States",
            Effect: "Allow",
            Action: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            Resource: objectsArn(arn),
        },
        { Sid: "FindStates", Effect: "Allow", Action: "s3:ListBucket", Resource: arn },
    );
}

/** What a preview does with it: it takes no lock and keeps nothing. */
export function readState(scope: ArnScope, bucket: string, keyArn: string): PolicyDocument {
    const arn = bucketArn(scope.partition, bucket);
    return policyDocument(
        { Sid: "Key", Effect: "Allow", Action: "kms:Decrypt", Resource: keyArn },
        { Sid: "States", Effect: "Allow", Action: "s3:GetObject", Resource: objectsArn(arn) },
        { Sid: "FindStates", Effect: "Allow", Action: "s3:ListBucket", Resource: arn },
    );
}
