/** One alert of a budget. */
export interface BudgetAlert {
    /** Whether the alert looks at what was spent or at the month's projected end. */
    readonly notificationType: "ACTUAL" | "FORECASTED";
    /** In percent of the limit. */
    readonly threshold: number;
}

/** One alert and whom it reaches, as AWS Budgets takes it. */
export interface BudgetNotification extends BudgetAlert {
    readonly comparisonOperator: "GREATER_THAN";
    readonly thresholdType: "PERCENTAGE";
    readonly subscriberEmailAddresses: string[];
    readonly subscriberSnsTopicArns: string[];
}

/** What narrows a budget to one kind of cost. */
export interface CostFilter {
    readonly name: "Service" | "TagKeyValue";
    readonly values: string[];
}

/**
 * Which types of cost count; all others do, as is AWS's default. Credits and refunds would hide what was spent, so that
 * neither an alert nor the shut-off would come before they are used up.
 */
export const costTypes = { includeCredit: false, includeRefund: false } as const;

/** A cost-allocation tag: costs carry it only once it is activated in the account's billing preferences. */
export interface CostTag {
    /** As the resources have it, without the `user:` that bills put in front. */
    readonly key: string;
    readonly value: string;
}

/** What is expected of the key of a cost tag where it is none, and undefined where it is. */
export function costTagKeyFault(key: string): string | undefined {
    if (key === "") return "the key of a tag";
    return /^(user|aws):/.test(key)
        ? 'the key without "user:" or "aws:" in front, as the resources have it: the filter adds "user:" by itself'
        : undefined;
}

/** The alerts of a tier, rising: each level once, then a forecast of the whole limit. */
export function tierAlerts(percents: readonly number[]): BudgetAlert[] {
    return [
        ...[...percents]
            .sort((one, other) => one - other)
            .map((threshold) => ({ notificationType: "ACTUAL" as const, threshold })),
        { notificationType: "FORECASTED", threshold: 100 },
    ];
}

/** The alerts of a tier, each sent to every address and to the topic. */
export function tierNotifications(
    percents: readonly number[],
    emails: readonly string[],
    topicArn: string,
): BudgetNotification[] {
    return tierAlerts(percents).map((alert) => ({
        ...alert,
        comparisonOperator: "GREATER_THAN",
        thresholdType: "PERCENTAGE",
        subscriberEmailAddresses: [...emails],
        subscriberSnsTopicArns: [topicArn],
    }));
}

/** The service that Bedrock is billed as, apart from models that are sold through AWS Marketplace. */
export const bedrockServices: readonly string[] = ["Amazon Bedrock"];

/** Counts these services only and, with a tag, only what carries it. */
export function bedrockCosts(services: readonly string[], tag?: CostTag): CostFilter[] {
    return [
        { name: "Service", values: [...services] },
        // The form that AWS gives a tag that its customer made.
        ...(tag ? [{ name: "TagKeyValue" as const, values: [`user:${tag.key}$${tag.value}`] }] : []),
    ];
}
