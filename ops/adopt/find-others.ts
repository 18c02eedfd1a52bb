import { DescribeBudgetCommand } from "@aws-sdk/client-budgets";
import { DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { GetGroupCommand, GetPolicyCommand, GetRoleCommand } from "@aws-sdk/client-iam";
import { GetTopicAttributesCommand } from "@aws-sdk/client-sns";

import { type ArnScope, globalArn, regionalArn } from "../../components/arn";
import { type Clients } from "../aws/clients";
import { ask } from "./asking";
import { type Creation } from "./declared";

interface OtherType {
    readonly called: string;
    /** Undefined, or false, where there is none. */
    exists(clients: Clients, name: string, scope: ArnScope): Promise<unknown>;
}

/** The types whose creation fails when the name is taken, and which this program has no import of. */
const otherTypes: Readonly<Record<string, OtherType>> = {
    "aws:iam/role:Role": {
        called: "IAM role",
        exists: ({ iam }, RoleName) => iam.send(new GetRoleCommand({ RoleName })),
    },
    "aws:iam/group:Group": {
        called: "IAM group",
        exists: ({ iam }, GroupName) => iam.send(new GetGroupCommand({ GroupName })),
    },
    "aws:iam/policy:Policy": {
        called: "IAM policy",
        exists: ({ iam }, name, scope) =>
            iam.send(new GetPolicyCommand({ PolicyArn: globalArn(scope, "iam", `policy/${name}`) })),
    },
    "aws:cloudwatch/logGroup:LogGroup": {
        called: "log group",
        async exists({ logs }, name) {
            const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }));
            return logGroups.some(({ logGroupName }) => logGroupName === name);
        },
    },
    "aws:sns/topic:Topic": {
        called: "SNS topic",
        exists: ({ sns }, name, scope) =>
            sns.send(new GetTopicAttributesCommand({ TopicArn: regionalArn(scope, "sns", name) })),
    },
    "aws:budgets/budget:Budget": {
        called: "budget",
        exists: ({ budgets }, BudgetName, { accountId }) =>
            budgets.send(new DescribeBudgetCommand({ AccountId: accountId, BudgetName })),
    },
};

const gone = ["NoSuchEntity", "NoSuchEntityException", "NotFound", "NotFoundException", "ResourceNotFoundException"];

/** Which of these exist, in words: `IAM role <name>`. */
export async function findOthers(clients: Clients, creations: readonly Creation[], scope: ArnScope): Promise<string[]> {
    const found: string[] = [];
    for (const { type, name } of creations) {
        const known = otherTypes[type];
        if (!known) continue;
        const resource = `${known.called} ${name}`;
        if (await ask(`The ${resource}`, () => known.exists(clients, name, scope), ...gone)) found.push(resource);
    }
    return found;
}
