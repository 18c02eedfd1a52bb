import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { type ArnScope } from "../arn";
import { allowAlarmsToPublish } from "./policy";

/** Who is told. */
export interface TopicArgs {
    readonly scope: pulumi.Input<ArnScope>;
    readonly topicName: string;
    readonly alertEmails: readonly string[];
    /** Names of the alarms that tell them, in its account and region. */
    readonly alarmNames: readonly string[];
    readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** The topic, and what lets alarms publish to it. */
export interface GateTopic {
    readonly arn: pulumi.Output<string>;
    readonly permission: aws.sns.TopicPolicy;
}

/** Makes the topic that the keeper, the gate and their alarms publish to, and subscribes people to it. */
export function createTopic(parent: pulumi.Resource, name: string, args: TopicArgs): GateTopic {
    const { scope, topicName, alertEmails, alarmNames, tags } = args;
    // Not encrypted with AWS's own key for SNS: CloudWatch may not use that key, and its alarms would be lost.
    const topic = new aws.sns.Topic(`${name}-topic`, { name: topicName, tags }, { parent });
    const document = pulumi
        .all([scope, topic.arn])
        .apply(([plain, topicArn]) => allowAlarmsToPublish(plain, topicArn, alarmNames));
    const permission = new aws.sns.TopicPolicy(
        `${name}-topic-policy`,
        { arn: topic.arn, policy: pulumi.jsonStringify(document) },
        { parent },
    );
    // By the address, not by its place in the list: whoever stays need not confirm again when another one goes.
    for (const endpoint of alertEmails) {
        new aws.sns.TopicSubscription(
            `${name}-subscription-${endpoint}`,
            { topic: topic.arn, protocol: "email", endpoint },
            { parent },
        );
    }
    return { arn: topic.arn, permission };
}
