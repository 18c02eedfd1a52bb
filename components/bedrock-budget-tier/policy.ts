import { type ArnScope, foundationModelArn, globalArn, partitionOf, regionalArn, regionFault } from "../arn";
import { type PolicyDocument, policyDocument, type PolicyStatement } from "../policy-document";

/** A model that is called through an inference profile, which sends each request to one of several regions. */
export interface InferenceProfile {
    /** Id of a profile that AWS defines, e.g. `us.meta.llama3-1-70b-instruct-v1:0`. */
    readonly profileId: string;
    /** Id of the model that the profile serves. */
    readonly modelId: string;
    /**
     * Every region that the profile may send a request to: AWS asks for the model's permission in each of them. None for
     * a global profile (`global.…`), which has no list of regions.
     */
    readonly destinationRegions: readonly string[];
}

/** What calling a model needs. `Converse` and `ConverseStream` are authorised as these two; they are no actions of IAM. */
const invokeActions = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"] as const;

/**
 * Every action of Bedrock that starts a charge: a call, a job, a deployment, bought capacity. Taken from the service
 * authorization reference of `bedrock` and of `bedrock-mantle`, the endpoint that speaks other vendors' protocols and
 * appears on the bill as Bedrock too. What reads, stops or deletes stays allowed, so that spending can be ended.
 */
export const spendingActions = [
    // Calls of a model, on demand, in batches and with a Bedrock API key.
    ...invokeActions,
    "bedrock:CreateModelInvocationJob",
    "bedrock:CallWithBearerToken",
    "bedrock-mantle:CreateInference",
    "bedrock-mantle:CallWithBearerToken",
    // What calls a model for its caller, often with a role of its own.
    "bedrock:InvokeAgent",
    "bedrock:InvokeInlineAgent",
    "bedrock:InvokeBuilder",
    "bedrock:InvokeFlow",
    "bedrock:StartFlowExecution",
    "bedrock:InvokeTool",
    "bedrock:Retrieve",
    "bedrock:RetrieveAndGenerate",
    "bedrock:AgenticRetrieveStream",
    "bedrock:GenerateQuery",
    "bedrock:Rerank",
    "bedrock:OptimizePrompt",
    "bedrock:CreateAdvancedPromptOptimizationJob",
    // Knowledge bases: documents are embedded by a model.
    "bedrock:StartIngestionJob",
    "bedrock:IngestKnowledgeBaseDocuments",
    // Guardrails and automated reasoning, charged by the text they read.
    "bedrock:ApplyGuardrail",
    "bedrock:InvokeGuardrailChecks",
    "bedrock:InvokeAutomatedReasoningPolicy",
    "bedrock:StartAutomatedReasoningPolicyBuildWorkflow",
    "bedrock:StartAutomatedReasoningPolicyTestWorkflow",
    // Data automation.
    "bedrock:InvokeDataAutomation",
    "bedrock:InvokeDataAutomationAsync",
    "bedrock:InvokeDataAutomationLibraryIngestionJob",
    "bedrock:InvokeBlueprintOptimizationAsync",
    "bedrock:InvokeBlueprintRecommendationAsync",
    // Training, evaluation, copies and imports of models.
    "bedrock:CreateModelCustomizationJob",
    "bedrock:CreateModelEvaluationJob",
    "bedrock:CreateEvaluationJob",
    "bedrock:CreateModelImportJob",
    "bedrock:CreateModelCopyJob",
    "bedrock:CreateCustomModel",
    "bedrock-mantle:CreateFineTuningJob",
    "bedrock-mantle:CreateCustomizedModel",
    // Capacity that is paid for by the hour, and subscriptions.
    "bedrock:CreateProvisionedModelThroughput",
    "bedrock:UpdateProvisionedModelThroughput",
    "bedrock:CreateCustomModelDeployment",
    "bedrock:UpdateCustomModelDeployment",
    "bedrock:CreateMarketplaceModelEndpoint",
    "bedrock:UpdateMarketplaceModelEndpoint",
    "bedrock:RegisterMarketplaceModelEndpoint",
    "bedrock:CreateFoundationModelAgreement",
    "bedrock-mantle:CreateReservation",
] as const;

/**
 * What an identity needs to call these models and no other: the statements for its policy.
 *
 * @param models ids of the models that are served on demand in the scope's region
 * @param profiles models that are reached through an inference profile
 * @throws Error when an id or a region is not exact: a pattern would let more models in than the caller names; and when
 * a profile is among the models
 */
export function invokeStatements(
    scope: ArnScope,
    models: readonly string[],
    profiles: readonly InferenceProfile[] = [],
): PolicyStatement[] {
    models.forEach((model, index) => {
        refuseFault(`models[${index}]`, model, exactNameFault(model) ?? onDemandFault(model));
    });
    profiles.forEach(({ profileId, modelId, destinationRegions }, index) => {
        requireExact(`inferenceProfiles[${index}].profileId`, profileId);
        requireExact(`inferenceProfiles[${index}].modelId`, modelId);
        const destinations = `inferenceProfiles[${index}].destinationRegions`;
        refuseFault(destinations, destinationRegions, destinationsFault(profileId, destinationRegions));
        destinationRegions.forEach((region) => {
            refuseFault(destinations, region, regionFault(region) ?? partitionFault(region, scope.partition));
        });
    });
    return [
        ...(models.length > 0 ? [allowInvokingModels(scope, models)] : []),
        ...(profiles.length > 0 ? [allowInvokingProfiles(scope, profiles)] : []),
        ...profiles.flatMap((profile, index) => allowModelBehindProfile(scope, profile, index + 1)),
        ...(profiles.length > 0 ? [allowReadingModelsBehindProfiles(scope, profiles)] : []),
        allowListingModels(),
    ];
}

/** What is expected of an id or a region that is a pattern or none at all, and undefined where it is exact. */
export function exactNameFault(name: string): string | undefined {
    return /^[A-Za-z0-9._:-]+$/.test(name) ? undefined : "an exact name without patterns";
}

/** What is expected of a model that is called by its own id and has that of an inference profile. */
export function onDemandFault(model: string): string | undefined {
    // A profile's id is its model's with a geography in front; no provider's name has two letters.
    return /^([a-z]{2}|apac|global|us-gov)\./.test(model)
        ? "a model's own id: an inference profile belongs under inferenceProfiles"
        : undefined;
}

/** Whether a profile sends requests to every commercial region. */
export function isGlobal(profileId: string): boolean {
    return profileId.startsWith("global.");
}

/** What is expected of the regions of a profile where they do not fit its kind, and undefined where they do. */
export function destinationsFault(profileId: string, regions: readonly string[]): string | undefined {
    if (isGlobal(profileId)) {
        return regions.length === 0 ? undefined : "no regions: a global profile routes to every commercial region";
    }
    return regions.length > 0 ? undefined : "every region that the profile routes to, at least one";
}

/** What is expected of a region where no profile of the partition can route to it, and undefined where one can. */
export function partitionFault(region: string, partition: string): string | undefined {
    return partitionOf(region) === partition ? undefined : `a region of the stack's partition, ${partition}`;
}

function requireExact(property: string, got: string): void {
    refuseFault(property, got, exactNameFault(got));
}

function refuseFault(property: string, got: unknown, fault: string | undefined): void {
    if (fault) throw new Error(`${property} is ${JSON.stringify(got)}, expected ${fault}`);
}

function allowInvokingModels(scope: ArnScope, models: readonly string[]): PolicyStatement {
    return {
        Sid: "AllowInvokingModels",
        Effect: "Allow",
        Action: [...invokeActions, "bedrock:GetFoundationModel"],
        Resource: models.map((model) => foundationModelArn(scope.partition, scope.region, model)),
    };
}

function allowInvokingProfiles(scope: ArnScope, profiles: readonly InferenceProfile[]): PolicyStatement {
    return {
        Sid: "AllowInvokingProfiles",
        Effect: "Allow",
        Action: [...invokeActions, "bedrock:GetInferenceProfile"],
        Resource: profiles.map((profile) => inferenceProfileArn(scope, profile.profileId)),
    };
}

/** The model in each region of its profile, and only when the request came in through that profile. */
function allowModelBehindProfile(scope: ArnScope, profile: InferenceProfile, number: number): PolicyStatement[] {
    const through = { "bedrock:InferenceProfileArn": inferenceProfileArn(scope, profile.profileId) };
    const regions = isGlobal(profile.profileId) ? [scope.region] : profile.destinationRegions;
    const inRegions: PolicyStatement = {
        Sid: `AllowModelBehindProfile${number}`,
        Effect: "Allow",
        Action: invokeActions,
        Resource: regions.map((region) => foundationModelArn(scope.partition, region, profile.modelId)),
        Condition: { StringEquals: through },
    };
    // A global profile's request is authorised a third time: on the model without a region, when IAM's name of the region
    // is "unspecified". See "Global cross-Region inference" in Bedrock's user guide; it conditions the other two on the
    // source region, which their ARNs name already.
    const anywhere: PolicyStatement = {
        ...inRegions,
        Sid: `AllowModelBehindProfile${number}Anywhere`,
        Resource: foundationModelArn(scope.partition, "", profile.modelId),
        Condition: { StringEquals: { ...through, "aws:RequestedRegion": "unspecified" } },
    };
    return isGlobal(profile.profileId) ? [inRegions, anywhere] : [inRegions];
}

/** What a model can do, in the scope's region. A statement of its own: no profile is in the context of such a request. */
function allowReadingModelsBehindProfiles(scope: ArnScope, profiles: readonly InferenceProfile[]): PolicyStatement {
    const models = [...new Set(profiles.map(({ modelId }) => modelId))];
    return {
        Sid: "AllowReadingModelsBehindProfiles",
        Effect: "Allow",
        Action: "bedrock:GetFoundationModel",
        Resource: models.map((model) => foundationModelArn(scope.partition, scope.region, model)),
    };
}

/** The part of {@link invokeStatements} that calls models: for whoever calls them on others' behalf. */
export function onlyInvoking(statements: readonly PolicyStatement[]): PolicyStatement[] {
    return withActions(statements, (action) => isInvocation(action));
}

/** The part of {@link invokeStatements} that looks models up: for whoever calls them through a gate. */
export function withoutInvoking(statements: readonly PolicyStatement[]): PolicyStatement[] {
    return withActions(statements, (action) => !isInvocation(action));
}

const isInvocation = (action: string) => (invokeActions as readonly string[]).includes(action);

function withActions(statements: readonly PolicyStatement[], keep: (action: string) => boolean): PolicyStatement[] {
    return statements
        .map((statement) => ({ ...statement, Action: [statement.Action].flat().filter(keep) }))
        .filter(({ Action }) => Action.length > 0);
}

function allowListingModels(): PolicyStatement {
    // ListFoundationModels has no resource level.
    return { Sid: "AllowListingModels", Effect: "Allow", Action: "bedrock:ListFoundationModels", Resource: "*" };
}

function inferenceProfileArn(scope: ArnScope, profileId: string): string {
    return regionalArn(scope, "bedrock", `inference-profile/${profileId}`);
}

/**
 * The managed policy of a shut-off. IAM refuses a managed policy of more than 6,144 characters, white space not
 * counted; a test holds this one below.
 */
export function denySpending(): PolicyDocument {
    // On every resource: what is shut off is spending, not one model.
    return policyDocument({ Sid: "DenySpending", Effect: "Deny", Action: spendingActions, Resource: "*" });
}

/** Lets AWS Budgets, for this account's budgets only, publish to the topic. */
export function allowBudgetsToPublish(scope: ArnScope, topicArn: string): PolicyDocument {
    return policyDocument({
        Sid: "AllowBudgetsToPublish",
        Effect: "Allow",
        Principal: { Service: "budgets.amazonaws.com" },
        Action: "sns:Publish",
        Resource: topicArn,
        Condition: {
            StringEquals: { "aws:SourceAccount": scope.accountId },
            ArnLike: { "aws:SourceArn": globalArn(scope, "budgets", "*") },
        },
    });
}

/** Lets AWS Budgets, for this account's budgets only, assume the role that runs the shut-off. */
export function trustBudgets(scope: ArnScope): PolicyDocument {
    return policyDocument({
        Sid: "TrustBudgets",
        Effect: "Allow",
        Principal: { Service: "budgets.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: {
            StringEquals: { "aws:SourceAccount": scope.accountId },
            ArnLike: { "aws:SourceArn": globalArn(scope, "budgets", "budget/*") },
        },
    });
}

/** Whom a shut-off reaches: names of IAM users and roles of this account. */
export interface ShutOffTargets {
    readonly users: readonly string[];
    readonly roles: readonly string[];
}

/** Lets the shut-off's role attach and detach that one policy on those principals, and nothing else. */
export function allowShutOff(
    scope: Omit<ArnScope, "region">,
    denyPolicyArn: string,
    targets: ShutOffTargets,
): PolicyDocument {
    const onlyThePolicy = { ArnEquals: { "iam:PolicyARN": denyPolicyArn } };
    const users = targets.users.map((user) => globalArn(scope, "iam", `user/${user}`));
    const roles = targets.roles.map((role) => globalArn(scope, "iam", `role/${role}`));
    const onUsers: PolicyStatement = {
        Sid: "AllowShutOffOfUsers",
        Effect: "Allow",
        Action: ["iam:AttachUserPolicy", "iam:DetachUserPolicy"],
        Resource: users,
        Condition: onlyThePolicy,
    };
    const onRoles: PolicyStatement = {
        Sid: "AllowShutOffOfRoles",
        Effect: "Allow",
        Action: ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
        Resource: roles,
        Condition: onlyThePolicy,
    };
    return policyDocument(...(users.length > 0 ? [onUsers] : []), ...(roles.length > 0 ? [onRoles] : []));
}
