import { faultIf, resourceRule } from "../rule";

export const resourceIsTagged = resourceRule({
    id: "resource-is-tagged",
    says: "Every resource that takes tags says which environment and which service it belongs to.",
    meets: [],
    types: [
        "aws:budgets/budget:Budget",
        "aws:budgets/budgetAction:BudgetAction",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:dynamodb/table:Table",
        "aws:ecs/taskDefinition:TaskDefinition",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "aws:iam/policy:Policy",
        "aws:iam/role:Role",
        "aws:iam/user:User",
        "aws:kms/key:Key",
        "aws:lambda/function:Function",
        "aws:s3/bucket:Bucket",
        "aws:sns/topic:Topic",
    ],
    faults: ({ props }) =>
        ["platform:environment", "platform:service"].flatMap((key) => faultIf(!props.tags?.[key], `has no tag ${key}`)),
});
