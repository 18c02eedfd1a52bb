import { globalArn, regionalArn, type ArnScope } from "../../components/arn";
import { policyDocument, type PolicyDocument, type PolicyStatement } from "../../components/policy-document";
import { type ClusterProbe, type Probe, type ProbeKind } from "../../services/checks";
import { plan, type PlanTarget } from "../verify/plan";
import { type ProbeOf } from "../verify/run";

/** One action on one resource. */
type Right = readonly [action: string, resource: string];

/** Of every kind of probe in AWS; those in the cluster are let in by `rights/cluster.ts`. */
type Rights = {
    readonly [Kind in Exclude<ProbeKind, ClusterProbe["kind"]>]: (probe: ProbeOf<Kind>, scope: Scope) => Right[];
};

type Scope = Omit<ArnScope, "region">;

/**
 * What the read-only operator needs for the checks of a stack, and nothing more: the actions are read off the checks
 * themselves. It may grow beyond what IAM lets a user's inline policies have (2,048 characters): attach it as a managed
 * policy.
 */
export function operatorPolicy(target: PlanTarget): PolicyDocument {
    const scope = { partition: target.partition ?? "aws", accountId: target.accountId };
    const rights = plan(target)
        .filter(({ check }) => check.caller === "operator")
        .flatMap(({ check: { probe } }) => {
            const of = rightsOf[probe.kind as keyof Rights] as ((of: Probe, scope: Scope) => Right[]) | undefined;
            return of?.(probe, scope) ?? [];
        });
    return policyDocument(...statements(rights));
}

/** What the operator is refused, what any keys may do, and what others ask. */
const noRights = (): Right[] => [];

const rightsOf: Rights = {
    bucket: ({ aspect, bucket }, { partition }) => [[bucketActions[aspect], `arn:${partition}:s3:::${bucket}`]],
    user: ({ aspect, user }, scope) => each(userActions[aspect], globalArn(scope, "iam", `user/${user}`)),
    role: ({ aspect, role }, scope) => each(roleActions[aspect], globalArn(scope, "iam", `role/${role}`)),
    policy: ({ aspect, policyArn }) => each(policyActions[aspect], policyArn),
    // DescribeTaskDefinition has no resource level.
    taskDefinition: () => [["ecs:DescribeTaskDefinition", "*"]],
    // Every Describe of a budget and of its notifications is this one action to IAM.
    budget: ({ budget }, scope) => [["budgets:ViewBudget", globalArn(scope, "budgets", `budget/${budget}`)]],
    // Of the budget or of its actions: both, and of no other budget.
    budgetAction: ({ budget }, scope) =>
        [`budget/${budget}`, `budget/${budget}/action/*`].map((resource) => [
            "budgets:DescribeBudgetActionsForBudget",
            globalArn(scope, "budgets", resource),
        ]),
    topic: ({ topicArn }) => [["sns:GetTopicAttributes", topicArn]],
    subscription: ({ topicArn }) => [["sns:ListSubscriptionsByTopic", topicArn]],
    alarm: ({ name, region }, scope) => [
        ["cloudwatch:DescribeAlarms", regionalArn({ ...scope, region }, "cloudwatch", `alarm:${name}`)],
    ],
    s3: noRights,
    iam: noRights,
    assumeRole: noRights,
    bedrock: noRights,
    modelHealth: noRights,
    inferenceProfile: noRights,
    narrowedSession: noRights,
    gateCache: noRights,
    gateHealth: noRights,
    gateInstances: noRights,
    gateKey: noRights,
    gateUsage: noRights,
    gateShutOff: noRights,
    keeperShutOff: noRights,
    ledger: ({ tableArn }) => [["dynamodb:GetItem", tableArn]],
    schedule: ({ name, region }, scope) => [
        ["scheduler:GetSchedule", regionalArn({ ...scope, region }, "scheduler", `schedule/default/${name}`)],
    ],
    account: noRights,
    shutOff: noRights,
    leftovers: noRights,
};

const bucketActions = {
    versioning: "s3:GetBucketVersioning",
    encryption: "s3:GetEncryptionConfiguration",
    publicAccess: "s3:GetBucketPublicAccessBlock",
    lifecycle: "s3:GetLifecycleConfiguration",
    ownership: "s3:GetBucketOwnershipControls",
    cors: "s3:GetBucketCORS",
} as const;

const userActions = {
    grants: ["iam:ListUserPolicies", "iam:GetUserPolicy", "iam:ListAttachedUserPolicies"],
    attachments: ["iam:ListAttachedUserPolicies"],
    groups: ["iam:ListGroupsForUser"],
    keys: ["iam:ListAccessKeys"],
} as const;

const roleActions = {
    trust: ["iam:GetRole"],
    grants: ["iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"],
    attachments: ["iam:ListAttachedRolePolicies"],
} as const;

const policyActions = {
    grants: ["iam:GetPolicy", "iam:GetPolicyVersion"],
    deniesInvoking: ["iam:GetPolicy", "iam:GetPolicyVersion"],
    attachments: ["iam:ListEntitiesForPolicy"],
} as const;

function each(actions: readonly string[], resource: string): Right[] {
    return actions.map((action) => [action, resource] as const);
}

/** One statement for each set of resources that share their actions. */
function statements(rights: readonly Right[]): PolicyStatement[] {
    const actionsOf = new Map<string, Set<string>>();
    for (const [action, resource] of rights) {
        actionsOf.set(resource, (actionsOf.get(resource) ?? new Set()).add(action));
    }
    const resourcesOf = new Map<string, string[]>();
    for (const [resource, actions] of actionsOf) {
        const key = [...actions].sort().join(" ");
        resourcesOf.set(key, [...(resourcesOf.get(key) ?? []), resource]);
    }
    return [...resourcesOf].map(([actions, resources], index) => ({
        Sid: `Read${index + 1}`,
        Effect: "Allow",
        Action: actions.split(" "),
        Resource: resources.sort(),
    }));
}
