import { DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { paginateListSubscriptionsByTopic } from "@aws-sdk/client-sns";

import { alarmInWords } from "../../services/alarms";
import { subscribed } from "../../services/checks";
import { type Executor } from "./run";

/** When an alarm goes off, and whom it tells. */
export const alarm: Executor<"alarm"> = async ({ name }, { clients: { cloudwatch } }) => {
    const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
    const [found] = MetricAlarms;
    if (!found) return { got: "no such alarm" };
    const { StateValue, StateReason } = found;
    return { got: alarmInWords(found), ...(StateValue === "ALARM" ? { note: `In alarm: ${StateReason}.` } : {}) };
};

/** Whether an address is subscribed to a topic, and whether its owner has agreed. */
export const subscription: Executor<"subscription"> = async ({ topicArn: TopicArn, email }, { clients }) => {
    for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic(
        { client: clients.sns },
        { TopicArn },
    )) {
        const found = Subscriptions.find(({ Protocol, Endpoint }) => Protocol === "email" && Endpoint === email);
        if (!found) continue;
        // What stands in place of an ARN.
        if (found.SubscriptionArn !== "PendingConfirmation") return { got: subscribed.confirmed };
        return {
            got: subscribed.asked,
            note:
                `${email} hears nothing until its owner follows the link in the mail that AWS has sent; after 48 hours ` +
                "AWS forgets it, and `pulumi up --refresh` sends another one.",
        };
    }
    return { got: "not subscribed" };
};
