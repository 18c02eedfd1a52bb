// aws.cloudwatch.LogGroup.

import {
    CreateLogGroupCommand,
    DeleteLogGroupCommand,
    DeleteRetentionPolicyCommand,
    DescribeLogGroupsCommand,
    ListTagsForResourceCommand,
    PutRetentionPolicyCommand,
    TagResourceCommand,
    UntagResourceCommand,
    type LogGroup,
    type LogGroupClass,
} from "@aws-sdk/client-cloudwatch-logs";
import { flag, number, text } from "../declare";
import { unless } from "../errors";
import { asTags, tagChanges } from "../tags";
import type { Properties } from "../wire";
import type { AwsContext } from "./clients";
import { allPages, bool, found, num, optional, region, str, tags, type AwsType } from "./common";

const GONE = "ResourceNotFoundException";
/** The days that CloudWatch Logs takes; 0 keeps for ever. */
const RETENTION = [
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const logGroup: AwsType = {
    token: "aws:cloudwatch/logGroup:LogGroup",
    inputs: {
        name: text({ replace: true }),
        namePrefix: text({ replace: true }),
        kmsKeyId: text({ replace: true }),
        logGroupClass: text({
            default: "STANDARD",
            replace: true,
            oneOf: ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"],
        }),
        region: region(),
        retentionInDays: number({ default: 0, oneOf: RETENTION }),
        skipDestroy: flag({ default: false, writeOnly: true }),
        tags: tags(),
    },
    outputs: ["arn"],
    derived: { arn: ["name"] },
    name: { property: "name", prefixProperty: "namePrefix", maxLength: 512 },
    identity: ["name"],
    tagged: true,
    check: ({ name }) =>
        typeof name !== "string" || /^[\w./#-]{1,512}$/.test(name)
            ? []
            : ["name must have 1 to 512 characters: letters, digits and ._/#- only."],

    async create(context, inputs, created) {
        const name = str(inputs, "name");
        const wanted = asTags(inputs["tags"]);
        const kmsKeyId = optional(inputs, "kmsKeyId");
        const logGroupClass = optional(inputs, "logGroupClass") as LogGroupClass | undefined;
        await context.logs.send(
            new CreateLogGroupCommand({
                logGroupName: name,
                ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
                ...(logGroupClass === undefined ? {} : { logGroupClass }),
                ...(Object.keys(wanted).length === 0 ? {} : { tags: wanted }),
            }),
        );
        created(name);
        if ((num(inputs, "retentionInDays") ?? 0) > 0) {
            await putRetention(context, name, inputs);
        }
    },

    async read(context, id) {
        const live = await groupNamed(context, id);
        if (live === undefined) {
            return undefined;
        }
        const arn = (live.logGroupArn ?? live.arn ?? "").replace(/:\*$/, "");
        const tagging = await unless(context.logs.send(new ListTagsForResourceCommand({ resourceArn: arn })), GONE);
        return found({
            name: id,
            arn,
            kmsKeyId: live.kmsKeyId,
            logGroupClass: live.logGroupClass,
            region: context.region,
            retentionInDays: live.retentionInDays ?? 0,
            tags: tagging?.tags,
        });
    },

    async update(context, id, inputs, known) {
        await putRetention(context, id, inputs);
        const resourceArn = str(known, "arn");
        const { put, remove } = tagChanges(asTags(known["tagsAll"]), asTags(inputs["tags"]));
        if (remove.length > 0) {
            await context.logs.send(new UntagResourceCommand({ resourceArn, tagKeys: remove }));
        }
        if (Object.keys(put).length > 0) {
            await context.logs.send(new TagResourceCommand({ resourceArn, tags: put }));
        }
    },

    async delete(context, id, known) {
        if (bool(known, "skipDestroy") !== true) {
            await unless(context.logs.send(new DeleteLogGroupCommand({ logGroupName: id })), GONE);
        }
    },
};

async function putRetention(context: AwsContext, name: string, inputs: Properties): Promise<void> {
    const days = num(inputs, "retentionInDays") ?? 0;
    if (days > 0) {
        await context.logs.send(new PutRetentionPolicyCommand({ logGroupName: name, retentionInDays: days }));
    } else {
        await context.logs.send(new DeleteRetentionPolicyCommand({ logGroupName: name }));
    }
}

/** CloudWatch Logs looks groups up by the beginning of their name only. */
async function groupNamed(context: AwsContext, name: string): Promise<LogGroup | undefined> {
    const groups = await allPages(
        (nextToken) => context.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name, nextToken })),
        (page) => page.logGroups,
        (page) => page.nextToken,
    );
    return groups.find(({ logGroupName }) => logGroupName === name);
}

export const logTypes: readonly AwsType[] = [logGroup];
