// aws.budgets.Budget. Its id is `account:name`.

import {
    CreateBudgetCommand,
    DeleteBudgetCommand,
    DescribeBudgetCommand,
    ListTagsForResourceCommand,
    TagResourceCommand,
    UntagResourceCommand,
    UpdateBudgetCommand,
    type Budget,
    type BudgetType,
    type CostTypes,
    type TimeUnit,
} from "@aws-sdk/client-budgets";
import { decimal, flag, list, number, object, set, text, type Property } from "../declare";
import { unless } from "../errors";
import { asTags, tagChanges } from "../tags";
import type { Properties } from "../wire";
import { putNotifications, readNotifications, refuseTooMany } from "./budget-notifications";
import { parsePeriod, showPeriod } from "./budget-period";
import type { AwsContext } from "./clients";
import { bool, found, optional, record, records, str, tagList, tags, tagsFrom, texts, type AwsType } from "./common";
import { splitId } from "./iam-common";

const GONE = "NotFoundException";

/** Provider's name → Budgets' name and default. */
const COST_TYPES: Record<string, [keyof CostTypes, boolean]> = {
    includeCredit: ["IncludeCredit", true],
    includeDiscount: ["IncludeDiscount", true],
    includeOtherSubscription: ["IncludeOtherSubscription", true],
    includeRecurring: ["IncludeRecurring", true],
    includeRefund: ["IncludeRefund", true],
    includeSubscription: ["IncludeSubscription", true],
    includeSupport: ["IncludeSupport", true],
    includeTax: ["IncludeTax", true],
    includeUpfront: ["IncludeUpfront", true],
    useAmortized: ["UseAmortized", false],
    useBlended: ["UseBlended", false],
};
const costTypeFields = Object.entries(COST_TYPES).map(([name, [, value]]): [string, Property] => [
    name,
    flag({ default: value }),
]);

const budget: AwsType = {
    token: "aws:budgets/budget:Budget",
    inputs: {
        accountId: text({ computed: true, replace: true }),
        budgetType: text({
            required: true,
            oneOf: [
                "USAGE",
                "COST",
                "RI_UTILIZATION",
                "RI_COVERAGE",
                "SAVINGS_PLANS_UTILIZATION",
                "SAVINGS_PLANS_COVERAGE",
            ],
        }),
        costFilters: set(object({ name: text({ required: true }), values: list(text(), { required: true }) }), {
            computed: true,
        }),
        costTypes: object(Object.fromEntries(costTypeFields), { computed: true }),
        limitAmount: decimal({ computed: true }),
        limitUnit: text({ computed: true }),
        name: text({ replace: true }),
        namePrefix: text({ replace: true }),
        notifications: set(
            object({
                comparisonOperator: text({ required: true, oneOf: ["GREATER_THAN", "LESS_THAN", "EQUAL_TO"] }),
                notificationType: text({ required: true, oneOf: ["ACTUAL", "FORECASTED"] }),
                subscriberEmailAddresses: set(text()),
                subscriberSnsTopicArns: set(text()),
                threshold: number({ required: true }),
                thresholdType: text({ required: true, oneOf: ["PERCENTAGE", "ABSOLUTE_VALUE"] }),
            }),
        ),
        tags: tags(),
        timePeriodEnd: text({ default: "2087-06-15_00:00" }),
        timePeriodStart: text({ computed: true }),
        timeUnit: text({ required: true, oneOf: ["DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY", "CUSTOM"] }),
    },
    outputs: ["arn"],
    derived: { arn: ["name"] },
    name: { property: "name", prefixProperty: "namePrefix", maxLength: 100 },
    identity: ["name"],
    tagged: true,

    async create(context, inputs, created) {
        refuseTooMany("CreateBudget", inputs);
        const AccountId = optional(inputs, "accountId") ?? (await context.caller()).accountId;
        const wanted = tagList(inputs["tags"]);
        await context.budgets.send(
            new CreateBudgetCommand({
                AccountId,
                Budget: budgetFrom(inputs),
                ...(wanted.length === 0 ? {} : { ResourceTags: wanted }),
            }),
        );
        created(`${AccountId}:${str(inputs, "name")}`);
        await putNotifications(context, AccountId, str(inputs, "name"), records(inputs, "notifications"));
    },

    async read(context, id) {
        const [AccountId, BudgetName] = splitId(id, ":");
        const answer = await unless(context.budgets.send(new DescribeBudgetCommand({ AccountId, BudgetName })), GONE);
        const live = answer?.Budget;
        if (live === undefined) {
            return undefined;
        }
        const arn = arnOf(context, AccountId, BudgetName);
        const tagging = await unless(context.budgets.send(new ListTagsForResourceCommand({ ResourceARN: arn })), GONE);
        return found({
            accountId: AccountId,
            arn,
            name: BudgetName,
            budgetType: live.BudgetType,
            costFilters: Object.entries(live.CostFilters ?? {}).map(([name, values]) => ({ name, values })),
            costTypes: live.CostTypes === undefined ? undefined : costTypesTo(live.CostTypes),
            limitAmount: live.BudgetLimit?.Amount,
            limitUnit: live.BudgetLimit?.Unit,
            notifications: await readNotifications(context, AccountId, BudgetName),
            timePeriodStart: showPeriod(live.TimePeriod?.Start),
            timePeriodEnd: showPeriod(live.TimePeriod?.End),
            timeUnit: live.TimeUnit,
            tags: tagsFrom(tagging?.ResourceTags),
        });
    },

    async update(context, id, inputs, known) {
        refuseTooMany("UpdateBudget", inputs);
        const [AccountId, BudgetName] = splitId(id, ":");
        await context.budgets.send(new UpdateBudgetCommand({ AccountId, NewBudget: budgetFrom(inputs, known) }));
        await putNotifications(context, AccountId, BudgetName, records(inputs, "notifications"));
        const ResourceARN = arnOf(context, AccountId, BudgetName);
        const { put, remove } = tagChanges(asTags(known["tagsAll"]), asTags(inputs["tags"]));
        if (remove.length > 0) {
            await context.budgets.send(new UntagResourceCommand({ ResourceARN, ResourceTagKeys: remove }));
        }
        if (Object.keys(put).length > 0) {
            await context.budgets.send(new TagResourceCommand({ ResourceARN, ResourceTags: tagList(put) }));
        }
    },

    async delete(context, id) {
        const [AccountId, BudgetName] = splitId(id, ":");
        await unless(context.budgets.send(new DeleteBudgetCommand({ AccountId, BudgetName })), GONE);
    },
};

function arnOf(context: AwsContext, account: string, name: string): string {
    return `arn:${context.partition}:budgets::${account}:budget/${name}`;
}

/** What AWS chose and the program does not say is sent back as it was: an update replaces the whole budget. */
function budgetFrom(inputs: Properties, known: Properties = {}): Budget {
    const values = {
        ...pick(known, ["costFilters", "costTypes", "limitAmount", "limitUnit", "timePeriodStart"]),
        ...inputs,
    };
    const amount = optional(values, "limitAmount");
    const filters = records(values, "costFilters");
    const costTypes = record(values, "costTypes");
    const start = optional(values, "timePeriodStart");
    return {
        BudgetName: str(values, "name"),
        BudgetType: str(values, "budgetType") as BudgetType,
        TimeUnit: str(values, "timeUnit") as TimeUnit,
        TimePeriod: {
            ...(start === undefined ? {} : { Start: parsePeriod(start) }),
            End: parsePeriod(optional(values, "timePeriodEnd") ?? "2087-06-15_00:00"),
        },
        ...(amount === undefined ? {} : { BudgetLimit: { Amount: amount, Unit: str(values, "limitUnit") } }),
        ...(filters.length === 0
            ? {}
            : { CostFilters: Object.fromEntries(filters.map((one) => [str(one, "name"), texts(one, "values")])) }),
        ...(costTypes === undefined ? {} : { CostTypes: costTypesFrom(costTypes) }),
    };
}

function pick(values: Properties, keys: readonly string[]): Properties {
    return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
}

function costTypesFrom(values: Properties): CostTypes {
    return Object.fromEntries(
        Object.entries(COST_TYPES).map(([name, [theirs, value]]) => [theirs, bool(values, name) ?? value]),
    );
}

function costTypesTo(values: CostTypes): Record<string, boolean> {
    return Object.fromEntries(
        Object.entries(COST_TYPES).map(([name, [theirs, value]]) => [name, values[theirs] ?? value]),
    );
}

export const budgetTypes: readonly AwsType[] = [budget];
