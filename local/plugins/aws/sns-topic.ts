// aws.sns.Topic and aws.sns.TopicPolicy. A topic's settings are attributes, each put by a call of its own.

import {
    CreateTopicCommand,
    DeleteTopicCommand,
    GetTopicAttributesCommand,
    ListTagsForResourceCommand,
    SetTopicAttributesCommand,
    TagResourceCommand,
    UntagResourceCommand,
} from "@aws-sdk/client-sns";
import { flag, json, number, text, type Property } from "../declare";
import { unless } from "../errors";
import { asTags, tagChanges } from "../tags";
import type { Properties } from "../wire";
import type { AwsContext } from "./clients";
import { bool, found, optional, policy, region, str, tagList, tags, tagsFrom, type AwsType } from "./common";

const GONE = ["NotFoundException", "NotFound"];

/** Input → SNS's attribute; all can be changed in place. */
const ATTRIBUTES: Record<string, { attribute: string; property: Property }> = {
    contentBasedDeduplication: { attribute: "ContentBasedDeduplication", property: flag({ default: false }) },
    deliveryPolicy: { attribute: "DeliveryPolicy", property: json() },
    displayName: { attribute: "DisplayName", property: text({ default: "" }) },
    kmsMasterKeyId: { attribute: "KmsMasterKeyId", property: text() },
    policy: { attribute: "Policy", property: policy({ computed: true }) },
    signatureVersion: { attribute: "SignatureVersion", property: number({ computed: true }) },
    tracingConfig: { attribute: "TracingConfig", property: text({ computed: true }) },
};

const topic: AwsType = {
    token: "aws:sns/topic:Topic",
    inputs: {
        name: text({ replace: true }),
        namePrefix: text({ replace: true }),
        fifoTopic: flag({ default: false, replace: true }),
        region: region(),
        tags: tags(),
        ...Object.fromEntries(Object.entries(ATTRIBUTES).map(([input, { property }]) => [input, property])),
    },
    outputs: ["arn", "owner"],
    derived: { arn: ["name"] },
    name: {
        property: "name",
        prefixProperty: "namePrefix",
        maxLength: 256,
        suffix: (inputs) => (inputs["fifoTopic"] === true ? ".fifo" : ""),
    },
    identity: ["name"],
    tagged: true,

    async create(context, inputs, created) {
        const wanted = tagList(inputs["tags"]);
        const { TopicArn } = await context.sns.send(
            new CreateTopicCommand({
                Name: str(inputs, "name"),
                ...(bool(inputs, "fifoTopic") === true ? { Attributes: { FifoTopic: "true" } } : {}),
                ...(wanted.length === 0 ? {} : { Tags: wanted }),
            }),
        );
        created(TopicArn ?? "");
        await putAttributes(context, TopicArn ?? "", inputs, {});
    },

    async read(context, id) {
        const answer = await unless(context.sns.send(new GetTopicAttributesCommand({ TopicArn: id })), ...GONE);
        const live = answer?.Attributes;
        if (live === undefined) {
            return undefined;
        }
        const tagging = await context.sns.send(new ListTagsForResourceCommand({ ResourceArn: id }));
        const settings = Object.entries(ATTRIBUTES).map(([input, { attribute, property }]) => [
            input,
            fromAttribute(property, live[attribute]),
        ]);
        return found({
            ...Object.fromEntries(settings),
            arn: id,
            name: id.split(":").at(-1),
            fifoTopic: live["FifoTopic"] === "true",
            owner: live["Owner"],
            region: context.region,
            tags: tagsFrom(tagging.Tags),
        });
    },

    async update(context, id, inputs, known) {
        await putAttributes(context, id, inputs, known);
        const { put, remove } = tagChanges(asTags(known["tagsAll"]), asTags(inputs["tags"]));
        if (remove.length > 0) {
            await context.sns.send(new UntagResourceCommand({ ResourceArn: id, TagKeys: remove }));
        }
        if (Object.keys(put).length > 0) {
            await context.sns.send(new TagResourceCommand({ ResourceArn: id, Tags: tagList(put) }));
        }
    },

    async delete(context, id) {
        await unless(context.sns.send(new DeleteTopicCommand({ TopicArn: id })), ...GONE);
    },
};

/** Puts what is declared, and back to its default what was set before and is declared no more. */
async function putAttributes(
    context: AwsContext,
    TopicArn: string,
    inputs: Properties,
    known: Properties,
): Promise<void> {
    for (const [input, { attribute, property }] of Object.entries(ATTRIBUTES)) {
        const dropped = known[input] !== undefined && property.computed !== true;
        const value = inputs[input] ?? (dropped ? (property.default ?? "") : undefined);
        const onlyForFifo = input === "contentBasedDeduplication" && bool(inputs, "fifoTopic") !== true;
        if (value !== undefined && !onlyForFifo) {
            const AttributeValue = typeof value === "string" ? value : JSON.stringify(value);
            await context.sns.send(
                new SetTopicAttributesCommand({ TopicArn, AttributeName: attribute, AttributeValue }),
            );
        }
    }
}

function fromAttribute(property: Property, value: string | undefined): string | number | boolean | undefined {
    if (value === undefined || value === "") {
        return undefined;
    }
    return property.kind === "flag" ? value === "true" : property.kind === "number" ? Number(value) : value;
}

const topicPolicy: AwsType = {
    token: "aws:sns/topicPolicy:TopicPolicy",
    inputs: {
        arn: text({ required: true, replace: true }),
        policy: policy({ required: true }),
        region: region(),
    },
    outputs: ["owner"],
    async create(context, inputs, created) {
        await putPolicy(context, str(inputs, "arn"), str(inputs, "policy"));
        created(str(inputs, "arn"));
    },
    async read(context, id) {
        const answer = await unless(context.sns.send(new GetTopicAttributesCommand({ TopicArn: id })), ...GONE);
        const live = answer?.Attributes;
        return live?.["Policy"] === undefined
            ? undefined
            : found({ arn: id, policy: live["Policy"], owner: live["Owner"], region: context.region });
    },
    update: (context, id, inputs) => putPolicy(context, id, str(inputs, "policy")),
    async delete(context, id, known) {
        const owner = optional(known, "owner") ?? id.split(":")[4] ?? "";
        // A topic always has a policy: the one that it was born with comes back.
        await unless(putPolicy(context, id, bornWith(id, owner)), ...GONE);
    },
};

async function putPolicy(context: AwsContext, TopicArn: string, document: string): Promise<void> {
    await context.sns.send(
        new SetTopicAttributesCommand({ TopicArn, AttributeName: "Policy", AttributeValue: document }),
    );
}

/** The policy that SNS gives a new topic: its owner may do everything with it. */
function bornWith(arn: string, owner: string): string {
    return JSON.stringify({
        Version: "2008-10-17",
        Id: "__default_policy_ID",
        Statement: [
            {
                Sid: "__default_statement_ID",
                Effect: "Allow",
                Principal: { AWS: "*" },
                Action: [
                    "SNS:GetTopicAttributes",
                    "SNS:SetTopicAttributes",
                    "SNS:AddPermission",
                    "SNS:RemovePermission",
                    "SNS:DeleteTopic",
                    "SNS:Subscribe",
                    "SNS:ListSubscriptionsByTopic",
                    "SNS:Publish",
                ],
                Resource: arn,
                Condition: { StringEquals: { "AWS:SourceOwner": owner } },
            },
        ],
    });
}

export const snsTopicTypes: readonly AwsType[] = [topic, topicPolicy];
