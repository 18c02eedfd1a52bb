import { deployer, type Extract } from "./extract";

/** An invariant in the form of iamprover's own files: nobody is allowed any of this, unless it is one of these. */
export interface Invariant {
    readonly id: string;
    readonly forbid: { readonly actions: readonly string[]; readonly resources: readonly string[] };
    readonly unless_principal: readonly string[];
}

/**
 * What has to hold in the account of a stack. The names are written out, as the services' owners know them, and are not
 * asked of the program that is judged.
 */
export function invariantsOf({ environment, accountId }: Pick<Extract, "environment" | "accountId">): Invariant[] {
    const named = (name: string) => (environment === "prod" ? name : `${name}-${environment}`);
    const user = (name: string) => `arn:aws:iam::${accountId}:user/${name}`;
    const role = (name: string) => `arn:aws:iam::${accountId}:role/${name}`;
    const clinicalAi = [user(named("clinical-ai-prefect-worker")), role(named("clinical-ai-prefect-worker"))];
    const snapshots = `fruitful-lab-snapshots-${environment}`;
    const owners: Readonly<Record<string, readonly string[]>> = {
        [named("rl-studio-rollouts")]: [user(named("rl-studio-rollouts-service-user"))],
        [named("clinical-ai-source")]: clinicalAi,
        [named("clinical-ai-destination")]: clinicalAi,
        [snapshots]: [user(named("agent-repo-snapshotter")), role(named("fruitful-repo-snapshotter-task-role"))],
        [named("mlflow-basketworld")]: [user(named("mlflow-basketworld"))],
    };
    const llmModels = user(named("deployer-ddf-llm-models"));
    const gate = `arn:aws:lambda:us-east-1:${accountId}:function:deployer-ddf-llm-models-${environment}`;
    return [
        ...Object.entries(owners).map(([bucket, owner]) => ({
            id: `only-the-owner-touches-its-objects/${bucket}`,
            forbid: { actions: onObjects, resources: [`arn:aws:s3:::${bucket}/*`] },
            unless_principal: owner,
        })),
        {
            id: "nobody-deletes-a-snapshot",
            forbid: {
                actions: [
                    "s3:DeleteObject",
                    "s3:DeleteObjectVersion",
                    "s3:ReplicateDelete",
                    "s3:BypassGovernanceRetention",
                ],
                resources: [`arn:aws:s3:::${snapshots}/*`],
            },
            unless_principal: [],
        },
        {
            id: "only-llm-models-or-its-gate-invokes",
            forbid: {
                actions: [
                    "bedrock:Invoke*",
                    "bedrock:Converse*",
                    "bedrock:StartAsyncInvoke",
                    "bedrock:CreateModelInvocationJob",
                ],
                resources: ["*"],
            },
            unless_principal: [llmModels, role(named("deployer-ddf-llm-models-gate-role"))],
        },
        {
            id: "only-llm-models-calls-its-gate",
            forbid: {
                actions: ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:InvokeAsync"],
                resources: [gate, `${gate}:live`, `${gate}:keys`, `${gate}:$LATEST`],
            },
            unless_principal: [llmModels],
        },
        {
            id: "only-the-deployer-changes-policies",
            forbid: { actions: onPolicies, resources: ["*"] },
            unless_principal: [user(deployer)],
        },
    ];
}

/** Every action of S3 that reads, writes, removes or opens an object. */
const onObjects = [
    "s3:GetObject*",
    "s3:PutObject*",
    "s3:DeleteObject*",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
    "s3:BypassGovernanceRetention",
    "s3:ObjectOwnerOverrideToBucketOwner",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
    "s3:ReplicateTags",
    "s3:RestoreObject",
    "s3:UpdateObject*",
];

/** Every action that changes who may do what: of identities, and of the resources whose policies count. */
const onPolicies = [
    "iam:Add*",
    "iam:Attach*",
    "iam:Create*",
    "iam:Delete*",
    "iam:Detach*",
    "iam:PassRole",
    "iam:Put*",
    "iam:Remove*",
    "iam:Set*",
    "iam:Update*",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "lambda:AddPermission",
    "lambda:RemovePermission",
    "s3:DeleteBucketPolicy",
    "s3:PutAccountPublicAccessBlock",
    "s3:PutBucket*",
    "s3:PutLifecycleConfiguration",
    "sns:AddPermission",
    "sns:RemovePermission",
    "sns:SetTopicAttributes",
];
