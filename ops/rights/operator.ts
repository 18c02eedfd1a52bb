import { globalArn, type ArnScope } from "../../components/arn";
import { policyDocument, type PolicyDocument, type PolicyStatement } from "../../components/policy-document";
import { type Probe } from "../../services/checks";
import { plan, type PlanTarget } from "../verify/plan";

/** One action on one resource. */
type Right = readonly [action: string, resource: string];

type Rights = { readonly [Kind in Probe["kind"]]?: (probe: Extract<Probe, { kind: Kind }>, scope: Scope) => Right[] };

type Scope = Omit<ArnScope, "region">;

/**
 * What the read-only operator needs for the checks of a stack, and nothing more: the actions are read off the checks
 * themselves. It may grow beyond what IAM lets a user's inline policies have (2,048 characters): attach it as a managed
 * policy.
 *
 * @param emulator adds the names that MiniStack asks for where AWS asks for `budgets:ViewBudget`; AWS has no such
 * actions, so a policy for AWS goes without them
 */
export function operatorPolicy(target: PlanTarget, emulator = false): PolicyDocument {
    const scope = { partition: target.partition ?? "aws", accountId: target.accountId };
    const rights = plan(target)
        .filter(({ check }) => check.caller === "operator")
        .flatMap(({ check: { probe } }) => {
            const of = rightsOf[probe.kind] as ((probe: Probe, scope: Scope) => Right[]) | undefined;
            return [
                ...(of?.(probe, scope) ?? []),
                ...(emulator && probe.kind === "budget" ? emulatedBudgetRights : []),
            ];
        });
    return policyDocument(...statements(rights));
}

/** MiniStack names these after the calls and looks at no resource. */
const emulatedBudgetRights: readonly Right[] = [
    ["budgets:DescribeBudget", "*"],
    ["budgets:DescribeNotificationsForBudget", "*"],
    ["budgets:DescribeSubscribersForNotification", "*"],
];

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
