import { type Action, type Budget, type CostTypes, type Notification, type Subscriber } from "@aws-sdk/client-budgets";
import { type LifecycleRule, type PublicAccessBlockConfiguration } from "@aws-sdk/client-s3";

import { type Statement } from "../../services/grants";

const blocks = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] as const;

/** Which of the four public-access blocks are missing. */
export function publicAccessInWords(configuration: PublicAccessBlockConfiguration = {}): string {
    const missing = blocks.filter((block) => configuration[block] !== true);
    return missing.length === 0 ? "all four blocked" : `without ${missing.join(", ")}`;
}

/** What lifecycle rules do, in an order of its own; a part of a rule that is not known here is shown as it is. */
export function lifecycleInWords(rules: readonly LifecycleRule[]): string {
    return rules.map(ruleInWords).sort().join("; ") || "no rules";
}

function ruleInWords(rule: LifecycleRule): string {
    const { Status, Filter, Prefix, Expiration, ...rest } = { ...rule, ID: undefined };
    const { NoncurrentVersionExpiration, AbortIncompleteMultipartUpload, ...unknown } = rest;
    const whole =
        (Prefix ?? Filter?.Prefix ?? "") === "" && Object.keys(defined(Filter)).every((key) => key === "Prefix");
    const { Days, ExpiredObjectDeleteMarker, ...otherExpiration } = Expiration ?? {};
    const { NoncurrentDays, ...otherNoncurrent } = NoncurrentVersionExpiration ?? {};
    const abortDays = AbortIncompleteMultipartUpload?.DaysAfterInitiation;
    const does = [
        ...(Days ? [`expire after ${Days} days`] : []),
        ...(ExpiredObjectDeleteMarker ? ["remove expired delete markers"] : []),
        ...(NoncurrentDays ? [`noncurrent versions after ${NoncurrentDays} days`] : []),
        ...(abortDays === undefined ? [] : [`abort uploads after ${abortDays} days`]),
        ...[otherExpiration, otherNoncurrent, unknown]
            .flatMap((part) => Object.entries(defined(part)))
            .map(([key, value]) => `${key} ${JSON.stringify(value)}`),
    ];
    const where = whole ? "all objects" : JSON.stringify(Filter ?? { Prefix });
    return `${Status === "Enabled" ? "" : `(${Status}) `}${where}: ${does.sort().join(", ")}`;
}

/** Which invocations of models a policy denies without a condition, and whether it allows anything. */
export function denialsInWords(statements: readonly Statement[]): string {
    const unconditional = statements.filter(
        ({ Effect, Resource, Condition }) => Effect === "Deny" && [Resource].flat().includes("*") && !Condition,
    );
    const denied = unconditional.flatMap(({ Action = [] }) => [Action].flat());
    const invocations = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];
    const covered = invocations.filter((action) => denied.includes(action)).join(", ") || "no invocation";
    const allows = statements.some(({ Effect }) => Effect !== "Deny");
    return `denies ${covered} on everything; allows ${allows ? "something" : "nothing"}`;
}

/** What a budget limits: how much of which costs, and which types of cost it leaves out. */
export function limitInWords({
    BudgetType,
    TimeUnit,
    BudgetLimit,
    CostFilters = {},
    CostTypes = {},
}: Partial<Budget> = {}): string {
    const filters = Object.entries(CostFilters).map(([name, values]) => `${name} = ${[...values].sort().join(", ")}`);
    return [
        `${BudgetType}, ${TimeUnit}, ${Number(BudgetLimit?.Amount)} ${BudgetLimit?.Unit}`,
        ...(filters.length > 0 ? filters.sort() : ["every cost"]),
        ...costTypesInWords(CostTypes),
    ].join("; ");
}

/** In what the types of cost differ from AWS's default, which includes every type, at the rates of the bill. */
function costTypesInWords(types: CostTypes): string[] {
    const named = (prefix: string, value: boolean) =>
        Object.entries(types)
            .filter(([type, is]) => type.startsWith(prefix) && is === value)
            .map(([type]) => type.slice(prefix.length))
            .sort()
            .join(", ");
    const [without, rates] = [named("Include", false), named("Use", true)];
    return [...(without ? [`without ${without}`] : []), ...(rates ? [`at rates: ${rates}`] : [])];
}

/** The levels of a budget's alerts; one that is declared twice is said twice. */
export function notificationsInWords(notifications: readonly Notification[]): string {
    const signs: Record<string, string> = { GREATER_THAN: ">", LESS_THAN: "<", EQUAL_TO: "=" };
    const byKind = new Map<string, Notification[]>();
    for (const notification of notifications) {
        const sign = signs[notification.ComparisonOperator ?? ""] ?? notification.ComparisonOperator;
        const kind = `${notification.NotificationType} ${sign}`;
        byKind.set(kind, [...(byKind.get(kind) ?? []), notification]);
    }
    const sentences = [...byKind].map(([kind, of]) => `${kind} ${levels(of).join(", ")}`);
    return sentences.sort().join("; ") || "none";
}

function levels(notifications: readonly Notification[]): string[] {
    return [...notifications]
        .sort((one, other) => (one.Threshold ?? 0) - (other.Threshold ?? 0))
        .map(({ Threshold, ThresholdType }) => `${Threshold}${ThresholdType === "ABSOLUTE_VALUE" ? " USD" : "%"}`);
}

/** What a budget's actions do, at which level, with whose rights; whether one has run is no part of it. */
export function actionsInWords(actions: readonly Action[]): string {
    return actions.map(actionInWords).sort().join("; ") || "none";
}

function actionInWords({
    ActionType,
    ApprovalModel,
    NotificationType,
    ActionThreshold,
    Definition,
    ExecutionRoleArn,
}: Action): string {
    const unit = ActionThreshold?.ActionThresholdType === "ABSOLUTE_VALUE" ? " USD" : "%";
    const { IamActionDefinition: iam, ...others } = Definition ?? {};
    const targets = [...named("user", iam?.Users), ...named("role", iam?.Roles), ...named("group", iam?.Groups)];
    return [
        `${ActionType}, ${ApprovalModel}, ${NotificationType} > ${ActionThreshold?.ActionThresholdValue}${unit}`,
        `${iam?.PolicyArn ?? JSON.stringify(others)} for ${targets.join(", ") || "nobody"}`,
        `by ${ExecutionRoleArn}`,
    ].join(": ");
}

function named(kind: string, names: readonly string[] = []): string[] {
    return [...names].sort().map((name) => `${kind} ${name}`);
}

/** Whom a budget's alerts reach: one sentence if they all reach the same. */
export function subscribersInWords(alerts: readonly (readonly Subscriber[])[]): string {
    const audiences = [...new Set(alerts.map(audience))].sort();
    if (audiences.length === 0) return "no alerts";
    return audiences.map((who) => `${audiences.length === 1 ? "every alert" : "some alerts"} to ${who}`).join("; ");
}

function audience(subscribers: readonly Subscriber[]): string {
    const of = (type: string) =>
        subscribers
            .flatMap(({ SubscriptionType, Address = "" }) => (SubscriptionType === type ? [Address] : []))
            .sort();
    const emails = of("EMAIL").join(", ");
    const topics = of("SNS").map((arn) => `topic ${arn.slice(arn.lastIndexOf(":") + 1)}`);
    return [emails, ...topics].filter((who) => who !== "").join(" and ") || "nobody";
}

/** Without the keys whose value is undefined or empty, as XML answers leave them. */
function defined(value: object = {}): Record<string, unknown> {
    return Object.fromEntries(
        Object.entries(value).filter(([, part]) => part !== undefined && !(Array.isArray(part) && part.length === 0)),
    );
}
