// aws.sns.TopicSubscription.

import {
    GetSubscriptionAttributesCommand,
    SetSubscriptionAttributesCommand,
    SubscribeCommand,
    UnsubscribeCommand,
} from "@aws-sdk/client-sns";
import { flag, json, number, text, type Property } from "../declare";
import { unless } from "../errors";
import type { Value } from "../wire";
import { bool, found, region, str, type AwsType } from "./common";

const GONE = ["NotFoundException", "NotFound"];

/** Input → SNS's attribute; all can be changed in place. */
const ATTRIBUTES: Record<string, { attribute: string; property: Property }> = {
    deliveryPolicy: { attribute: "DeliveryPolicy", property: json() },
    filterPolicy: { attribute: "FilterPolicy", property: json() },
    filterPolicyScope: { attribute: "FilterPolicyScope", property: text({ computed: true }) },
    rawMessageDelivery: { attribute: "RawMessageDelivery", property: flag({ default: false }) },
    redrivePolicy: { attribute: "RedrivePolicy", property: json() },
    subscriptionRoleArn: { attribute: "SubscriptionRoleArn", property: text() },
};

const subscription: AwsType = {
    token: "aws:sns/topicSubscription:TopicSubscription",
    inputs: {
        topic: text({ required: true, replace: true }),
        protocol: text({
            required: true,
            replace: true,
            oneOf: ["application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"],
        }),
        endpoint: text({ required: true, replace: true }),
        confirmationTimeoutInMinutes: number({ default: 1, writeOnly: true }),
        endpointAutoConfirms: flag({ default: false, writeOnly: true }),
        region: region(),
        ...Object.fromEntries(Object.entries(ATTRIBUTES).map(([input, { property }]) => [input, property])),
    },
    outputs: ["arn", "confirmationWasAuthenticated", "ownerId", "pendingConfirmation"],
    derived: { arn: ["topic"] },
    identity: ["topic", "protocol", "endpoint"],

    async create(context, inputs, created) {
        const given = Object.entries(ATTRIBUTES)
            .filter(([input]) => inputs[input] !== undefined)
            .map(([input, { attribute }]) => [attribute, asAttribute(inputs[input])]);
        const { SubscriptionArn } = await context.sns.send(
            new SubscribeCommand({
                TopicArn: str(inputs, "topic"),
                Protocol: str(inputs, "protocol"),
                Endpoint: str(inputs, "endpoint"),
                ReturnSubscriptionArn: true,
                ...(given.length === 0 ? {} : { Attributes: Object.fromEntries(given) as Record<string, string> }),
            }),
        );
        created(SubscriptionArn ?? "");
    },

    async read(context, id) {
        const ask = new GetSubscriptionAttributesCommand({ SubscriptionArn: id });
        const live = (await unless(context.sns.send(ask), ...GONE))?.Attributes;
        if (live === undefined) {
            return undefined;
        }
        const settings = Object.entries(ATTRIBUTES).map(([input, { attribute, property }]) => {
            const value = live[attribute] === "" ? undefined : live[attribute];
            return [input, property.kind === "flag" ? value === "true" : value];
        });
        return found({
            ...Object.fromEntries(settings),
            arn: id,
            topic: live["TopicArn"],
            protocol: live["Protocol"],
            endpoint: live["Endpoint"],
            ownerId: live["Owner"],
            pendingConfirmation: live["PendingConfirmation"] === "true",
            confirmationWasAuthenticated: live["ConfirmationWasAuthenticated"] === "true",
            region: context.region,
        });
    },

    async update(context, id, inputs, known) {
        for (const [input, { attribute, property }] of Object.entries(ATTRIBUTES)) {
            const dropped = known[input] !== undefined && property.computed !== true;
            const value = inputs[input] ?? (dropped ? (property.default ?? "") : undefined);
            if (value !== undefined) {
                await context.sns.send(
                    new SetSubscriptionAttributesCommand({
                        SubscriptionArn: id,
                        AttributeName: attribute,
                        AttributeValue: asAttribute(value),
                    }),
                );
            }
        }
    },

    async delete(context, id, known) {
        // SNS refuses to end a subscription that nobody has confirmed; it ends by itself.
        if (bool(known, "pendingConfirmation") !== true) {
            await unless(context.sns.send(new UnsubscribeCommand({ SubscriptionArn: id })), ...GONE);
        }
    },
};

function asAttribute(value: Value | undefined): string {
    return typeof value === "string" ? value : JSON.stringify(value);
}

export const snsSubscriptionTypes: readonly AwsType[] = [subscription];
