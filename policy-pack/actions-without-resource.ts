/**
 * Actions that no resource narrows, so that a statement names `*`: the Service Authorization Reference lists no resource
 * type for them. Only those that this program grants; a test compares them with AWS's data.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export const actionsWithoutResource = ["bedrock:ListFoundationModels", "ecr:GetAuthorizationToken"] as const;

/**
 * Actions whose resource type is optional there, since it belongs to one way of asking: what the program asks for is no
 * data set of CloudWatch and no billing view that somebody made.
 */
export const actionsWithOptionalResource = [
    "ce:GetCostAndUsage",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
] as const;

const onEverything: readonly string[] = [...actionsWithoutResource, ...actionsWithOptionalResource];

/** Whether an action can be allowed on one resource and not on another. */
export const hasResource = (action: string): boolean => !onEverything.includes(action);
