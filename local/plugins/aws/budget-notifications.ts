// A budget's notifications, each with its subscribers.

import {
    CreateNotificationCommand,
    DeleteNotificationCommand,
    DescribeNotificationsForBudgetCommand,
    DescribeSubscribersForNotificationCommand,
    type ComparisonOperator,
    type Notification,
    type NotificationType,
    type Subscriber,
    type ThresholdType,
} from "@aws-sdk/client-budgets";
import { sortByText, stableText } from "../canonical";
import { AwsRefusal, unless } from "../errors";
import type { Properties } from "../wire";
import type { AwsContext } from "./clients";
import { allPages, num, records, str, texts } from "./common";

const GONE = "NotFoundException";
/** AWS Budgets' API reference, type Notification. */
const MAX_NOTIFICATIONS = 10;
const MAX_EMAILS = 10;
const MAX_TOPICS = 1;

/** Refused before anything is made, as AWS refuses it. */
export function refuseTooMany(operation: string, inputs: Properties): void {
    const fault = faultOfNotifications(records(inputs, "notifications"));
    if (fault !== undefined) {
        throw new AwsRefusal(operation, fault.code, fault.message, 400);
    }
}

/** The first thing in the notifications that AWS would refuse. Pure. */
export function faultOfNotifications(list: readonly Properties[]): { code: string; message: string } | undefined {
    if (list.length > MAX_NOTIFICATIONS) {
        const message = `A budget can have at most ${MAX_NOTIFICATIONS} notifications; this one has ${list.length}.`;
        return { code: "CreationLimitExceededException", message };
    }
    for (const one of list) {
        const emails = texts(one, "subscriberEmailAddresses").length;
        const topics = texts(one, "subscriberSnsTopicArns").length;
        const which = `The notification at ${num(one, "threshold") ?? "?"} (${str(one, "notificationType")})`;
        if (emails > MAX_EMAILS || topics > MAX_TOPICS) {
            const message = `${which} has ${emails} e-mail addresses and ${topics} SNS topics; AWS takes ${MAX_EMAILS} and ${MAX_TOPICS}.`;
            return { code: "CreationLimitExceededException", message };
        }
        if (emails + topics === 0) {
            return {
                code: "InvalidParameterException",
                message: `${which} has no subscriber; AWS wants one at least.`,
            };
        }
    }
    return undefined;
}

export async function readNotifications(context: AwsContext, AccountId: string, BudgetName: string) {
    const live = await liveNotifications(context, AccountId, BudgetName);
    return live.map(({ notification, subscribers }) => ({
        comparisonOperator: notification.ComparisonOperator,
        notificationType: notification.NotificationType,
        threshold: notification.Threshold,
        thresholdType: notification.ThresholdType ?? "PERCENTAGE",
        subscriberEmailAddresses: addresses(subscribers, "EMAIL"),
        subscriberSnsTopicArns: addresses(subscribers, "SNS"),
    }));
}

/** What is there and wanted stays; the rest goes, and what is missing is made. */
export async function putNotifications(
    context: AwsContext,
    AccountId: string,
    BudgetName: string,
    list: readonly Properties[],
): Promise<void> {
    const wanted = new Map(list.map(fromInput).map((one) => [textOf(one), one]));
    for (const live of await liveNotifications(context, AccountId, BudgetName)) {
        if (wanted.delete(textOf(live))) {
            continue;
        }
        const ask = new DeleteNotificationCommand({ AccountId, BudgetName, Notification: live.notification });
        await unless(context.budgets.send(ask), GONE);
    }
    for (const { notification, subscribers } of wanted.values()) {
        await context.budgets.send(
            new CreateNotificationCommand({
                AccountId,
                BudgetName,
                Notification: notification,
                Subscribers: subscribers,
            }),
        );
    }
}

interface WithSubscribers {
    notification: Notification;
    subscribers: Subscriber[];
}

async function liveNotifications(
    context: AwsContext,
    AccountId: string,
    BudgetName: string,
): Promise<WithSubscribers[]> {
    const notifications = await allPages(
        (NextToken) =>
            unless(
                context.budgets.send(new DescribeNotificationsForBudgetCommand({ AccountId, BudgetName, NextToken })),
                GONE,
            ),
        (page) => page?.Notifications,
        (page) => page?.NextToken,
    );
    return Promise.all(
        notifications.map(async ({ ComparisonOperator, NotificationType, Threshold, ThresholdType }) => {
            const Notification = { ComparisonOperator, NotificationType, Threshold, ThresholdType };
            const subscribers = await allPages(
                (NextToken) =>
                    unless(
                        context.budgets.send(
                            new DescribeSubscribersForNotificationCommand({
                                AccountId,
                                BudgetName,
                                Notification,
                                NextToken,
                            }),
                        ),
                        GONE,
                    ),
                (page) => page?.Subscribers,
                (page) => page?.NextToken,
            );
            return { notification: Notification, subscribers };
        }),
    );
}

function fromInput(input: Properties): WithSubscribers {
    const emails = texts(input, "subscriberEmailAddresses");
    const topics = texts(input, "subscriberSnsTopicArns");
    return {
        notification: {
            ComparisonOperator: str(input, "comparisonOperator") as ComparisonOperator,
            NotificationType: str(input, "notificationType") as NotificationType,
            Threshold: num(input, "threshold"),
            ThresholdType: str(input, "thresholdType") as ThresholdType,
        },
        subscribers: [
            ...emails.map((Address): Subscriber => ({ SubscriptionType: "EMAIL", Address })),
            ...topics.map((Address): Subscriber => ({ SubscriptionType: "SNS", Address })),
        ],
    };
}

function textOf({ notification, subscribers }: WithSubscribers): string {
    const { ComparisonOperator, NotificationType, Threshold, ThresholdType = "PERCENTAGE" } = notification;
    return stableText([
        ComparisonOperator,
        NotificationType,
        Threshold,
        ThresholdType,
        sortByText(subscribers.map(({ Address, SubscriptionType }) => [SubscriptionType, Address])),
    ]);
}

function addresses(subscribers: readonly Subscriber[], type: string): string[] {
    return subscribers.filter(({ SubscriptionType }) => SubscriptionType === type).map(({ Address }) => Address ?? "");
}
