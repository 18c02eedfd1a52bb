import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { type ArnScope } from "../arn";
import { refuse, refuseAlertEmails, refuseFault } from "../validation";
import { bedrockCosts, bedrockServices, type CostTag, costTagKeyFault, costTypes, tierNotifications } from "./budgets";
import { createGuard, type ShutOffArgs } from "./guard";
import { allowBudgetsToPublish } from "./policy";

export type { CostTag } from "./budgets";
export type { ShutOffArgs } from "./guard";

export interface BedrockBudgetTierArgs {
    /** Partition, account and region of the ARNs that are made. */
    readonly scope: pulumi.Input<ArnScope>;
    /** The most that a calendar month may cost, in US dollars. */
    readonly monthlyLimitUsd: number;
    /**
     * Levels of spending at which an alert is sent, in percent of the limit, each above 0 and up to 100; a forecast of
     * the whole limit comes on top. One to nine: AWS Budgets takes ten notifications a budget.
     */
    readonly alertPercents: readonly number[];
    /** E-mail addresses that every alert goes to: one to ten, each once; AWS Budgets takes no more. */
    readonly alertEmails: readonly string[];
    /** Name of the budget, unique in the account: 1 to 100 characters without `:`, `\` and `/action/` (AWS Budgets). */
    readonly budgetName: string;
    /** Name of the SNS topic that alerts are published to as well. */
    readonly topicName: string;
    /**
     * Names of the services that count, as Cost Explorer shows them: at least one, each once. Models that AWS sells
     * through its Marketplace are billed under names of their own, such as `Claude 3 Haiku (Amazon Bedrock Edition)`.
     *
     * @default `Amazon Bedrock`
     */
    readonly services?: readonly string[];
    /**
     * Counts only costs with this cost-allocation tag: tells two environments in one account apart.
     *
     * @default every cost of Bedrock in the account counts
     */
    readonly costTag?: CostTag;
    /** The end of spending: whom it reaches, and whether AWS Budgets starts it by itself. */
    readonly shutOff: ShutOffArgs;
    /**
     * Tags of everything that takes tags.
     *
     * @default none
     */
    readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * A monthly budget for Bedrock: who is told, and what ends the spending. Who may call which models is no part of it:
 * give the identity the statements of `invokeStatements` in `policy.ts`, which needs no resource.
 */
export class BedrockBudgetTier extends pulumi.ComponentResource {
    /** Name of the budget. */
    readonly budgetName: pulumi.Output<string>;
    /** ARN of the topic that alerts are published to. */
    readonly topicArn: pulumi.Output<string>;
    /** ARN of the role with which AWS Budgets attaches it. */
    readonly executionRoleArn: pulumi.Output<string>;

    constructor(
        private readonly name: string,
        private readonly args: BedrockBudgetTierArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("platform:ai:BedrockBudgetTier", name, {}, opts);
        this.validate();
        const scope = pulumi.output(args.scope);

        const topic = this.createTopic();
        const permission = this.letBudgetsPublish(scope, topic);
        const budget = this.createBudget(topic, permission);
        const role = createGuard(this, name, {
            scope,
            shutOff: args.shutOff,
            budgetName: budget.name,
            topicArn: topic.arn,
            tags: args.tags,
        });

        this.budgetName = budget.name;
        this.topicArn = topic.arn;
        this.executionRoleArn = role.arn;
        this.registerOutputs({
            budgetName: this.budgetName,
            topicArn: this.topicArn,
            executionRoleArn: this.executionRoleArn,
        });
    }

    private validate(): void {
        const { monthlyLimitUsd, alertPercents, alertEmails, budgetName, topicName, shutOff } = this.args;
        const { services = bedrockServices, costTag } = this.args;
        if (!Number.isFinite(monthlyLimitUsd) || monthlyLimitUsd <= 0) {
            refuse(this, "monthlyLimitUsd", monthlyLimitUsd, "a number of US dollars above 0");
        }
        if (
            alertPercents.length < 1 ||
            alertPercents.length > 9 ||
            new Set(alertPercents).size < alertPercents.length
        ) {
            refuse(this, "alertPercents", alertPercents, "one to nine levels, each once");
        }
        alertPercents.forEach((percent, index) => {
            if (!isPercent(percent)) refuse(this, `alertPercents[${index}]`, percent, "a number above 0 and up to 100");
        });
        refuseAlertEmails(this, alertEmails);
        if (services.length < 1 || services.includes("") || new Set(services).size < services.length) {
            refuse(this, "services", services, "names of services, at least one, each once");
        }
        if (costTag) refuseFault(this, "costTag.key", costTag.key, costTagKeyFault(costTag.key));
        if (!/^(?![^:\\]*\/action\/)[^:\\]{1,100}$/.test(budgetName)) {
            refuse(this, "budgetName", budgetName, "1 to 100 characters without `:`, `\\` and `/action/`");
        }
        if (!/^[A-Za-z0-9_-]{1,256}$/.test(topicName)) {
            refuse(this, "topicName", topicName, "1 to 256 letters, digits, hyphens and underscores");
        }
        if (shutOff.users.length + (shutOff.roles ?? []).length === 0) {
            refuse(this, "shutOff.users", shutOff.users, "at least one user, here or a role in shutOff.roles");
        }
        if (shutOff.percent !== undefined && !isPercent(shutOff.percent)) {
            refuse(this, "shutOff.percent", shutOff.percent, "a number above 0 and up to 100");
        }
    }

    private createTopic(): aws.sns.Topic {
        const { topicName, tags } = this.args;
        // Not encrypted with AWS's own key for SNS: Budgets may not use that key, and its alerts would be lost.
        return new aws.sns.Topic(`${this.name}-topic`, { name: topicName, tags }, { parent: this });
    }

    private letBudgetsPublish(scope: pulumi.Output<ArnScope>, topic: aws.sns.Topic): aws.sns.TopicPolicy {
        const document = pulumi
            .all([scope, topic.arn])
            .apply(([plain, topicArn]) => allowBudgetsToPublish(plain, topicArn));
        return new aws.sns.TopicPolicy(
            `${this.name}-topic-policy`,
            { arn: topic.arn, policy: pulumi.jsonStringify(document) },
            { parent: this },
        );
    }

    private createBudget(topic: aws.sns.Topic, permission: aws.sns.TopicPolicy): aws.budgets.Budget {
        const { args } = this;
        return new aws.budgets.Budget(
            `${this.name}-budget`,
            {
                name: args.budgetName,
                budgetType: "COST",
                timeUnit: "MONTHLY",
                limitAmount: String(args.monthlyLimitUsd),
                limitUnit: "USD",
                costFilters: bedrockCosts(args.services ?? bedrockServices, args.costTag),
                costTypes,
                notifications: topic.arn.apply((topicArn) =>
                    tierNotifications(args.alertPercents, args.alertEmails, topicArn),
                ),
                tags: args.tags,
            },
            // An alert that comes before the permission would be lost.
            { parent: this, dependsOn: permission },
        );
    }
}

function isPercent(value: number): boolean {
    return value > 0 && value <= 100;
}
