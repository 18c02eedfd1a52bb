import {
    DescribeBudgetCommand,
    DescribeSubscribersForNotificationCommand,
    paginateDescribeBudgetActionsForBudget,
    paginateDescribeNotificationsForBudget,
    type Action,
    type BudgetsClient,
    type Notification,
    type Subscriber,
} from "@aws-sdk/client-budgets";
import { GetTopicAttributesCommand } from "@aws-sdk/client-sns";

import { grantsInWords, type Statement } from "../../services/grants";
import { type Executor, type ProbeOf } from "./run";
import { actionsInWords, limitInWords, notificationsInWords, subscribersInWords } from "./words";

/** What a budget declares. */
export const budgetDeclaration: Executor<"budget"> = async ({ aspect, budget }, { clients, accountId }) => ({
    got: await aspects[aspect](clients.budgets, { AccountId: accountId, BudgetName: budget }),
});

interface BudgetId {
    readonly AccountId: string;
    readonly BudgetName: string;
}

const aspects: Readonly<
    Record<ProbeOf<"budget">["aspect"], (budgets: BudgetsClient, id: BudgetId) => Promise<string>>
> = {
    limit: async (budgets, id) => {
        const { Budget } = await budgets.send(new DescribeBudgetCommand(id));
        return limitInWords(Budget);
    },
    notifications: async (budgets, id) => notificationsInWords(await notifications(budgets, id)),
    subscribers: async (budgets, id) => {
        const alerts: Subscriber[][] = [];
        for (const notification of await notifications(budgets, id)) {
            // Its state changes with the spending and is no part of what names it.
            const Notification = { ...notification, NotificationState: undefined };
            const { Subscribers = [] } = await budgets.send(
                new DescribeSubscribersForNotificationCommand({ ...id, Notification }),
            );
            alerts.push(Subscribers);
        }
        return subscribersInWords(alerts);
    },
};

async function notifications(client: BudgetsClient, id: BudgetId): Promise<Notification[]> {
    const all: Notification[] = [];
    for await (const page of paginateDescribeNotificationsForBudget({ client }, id)) {
        all.push(...(page.Notifications ?? []));
    }
    return all;
}

/** What a budget does by itself. */
export const budgetAction: Executor<"budgetAction"> = async (
    { budget },
    { clients: { budgets: client }, accountId },
) => {
    const id = { AccountId: accountId, BudgetName: budget };
    const all: Action[] = [];
    for await (const page of paginateDescribeBudgetActionsForBudget({ client }, id)) all.push(...(page.Actions ?? []));
    return { got: actionsInWords(all) };
};

/** Who may do what with a topic. */
export const topicDeclaration: Executor<"topic"> = async ({ topicArn }, { clients: { sns } }) => {
    const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn }));
    const { Statement } = JSON.parse(Attributes.Policy ?? '{"Statement":[]}') as { Statement: Statement | Statement[] };
    return { got: grantsInWords([Statement].flat()) };
};
