import { DescribeBudgetCommand } from "@aws-sdk/client-budgets";
import { DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { GetGroupCommand, GetPolicyCommand, GetRoleCommand } from "@aws-sdk/client-iam";
import { GetTopicAttributesCommand } from "@aws-sdk/client-sns";

import { type ArnScope, globalArn, regionalArn } from "../../components/arn";
import { type Clients } from "../aws/clients";
import { type Creation, type Declared, type Parts } from "./declared";
import {
    ask,
    findBucket,
    findBucketParts,
    findUser,
    type FoundUser,
    grantsInTheWay,
    type Hindrance,
    type Home,
} from "./existing";

/** A declared bucket or user, and what there is of it. */
export interface Finding {
    readonly declared: Declared;
    /** Empty where it does not exist, or is not looked at. */
    readonly found: Parts;
    /** Why it is not the stack's to have. */
    readonly hindrance?: Hindrance;
    /** Where it is a user that exists. */
    readonly user?: FoundUser;
}

const nothing: Parts = new Map();

/** Looks in AWS for everything that the stack declares and does not have; of what it has, nothing is asked. */
export async function findAll(clients: Clients, targets: readonly Declared[], home: Home): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const declared of targets) findings.push(await find(clients, declared, home));
    return findings;
}

async function find({ s3, iam }: Clients, declared: Declared, home: Home): Promise<Finding> {
    const { kind, name, missing } = declared;
    if (missing.size === 0) return { declared, found: nothing };
    if (kind === "bucket") {
        const bucket = await findBucket(s3, name, home);
        if (bucket === false) return { declared, found: nothing };
        const hindrance = bucket === true && missing.has("ownership") ? await grantsInTheWay(s3, name, home) : bucket;
        if (typeof hindrance === "object") return { declared, found: nothing, hindrance };
        return { declared, found: await findBucketParts(s3, name, home) };
    }
    const policyName = missing.get("policy")?.inputs.name;
    const user = await findUser(iam, name, typeof policyName === "string" ? policyName : undefined);
    return user ? { declared, found: user.parts, user } : { declared, found: nothing };
}

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
