import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { type ArnScope } from "../arn";
import { identityNameFault } from "../naming";
import { refuse, refuseAlertEmails, refuseFault } from "../validation";
import { createAlarms } from "./alarms";
import { createControl } from "./control";
import { createFrontRole, Front, type FrontArgs } from "./front";
import { alarmsOf, controlName } from "./names";
import { type ControlRights, gateAlias } from "./policy";
import { createTopic } from "./topic";
import { bytesOfVariables, type SettingsVariable, variablesFault } from "./variables";

export interface BedrockGateArgs {
    /** Partition, account and region of the ARNs that are made. */
    readonly scope: pulumi.Input<ArnScope>;
    /**
     * Name of the gate's function: 1 to 47 letters, digits, hyphens and underscores. The keeper's begins with it. AWS
     * Lambda allows 64, as IAM does for a role, and that of the keeper's schedules adds `-control-schedule`.
     */
    readonly functionName: string;
    /** Name of the table that is counted in: 3 to 255 letters, digits and `_.-` (DynamoDB). */
    readonly tableName: string;
    /** The keeper's bundled code; its `index.handler` answers events of schedules. */
    readonly code: pulumi.asset.Archive;
    /**
     * What the keeper is told, as JSON in the variable `KEEPER_SETTINGS`, beside the table, the topic, the brake and
     * whether there is a gate. No secret: who may read the function reads it. AWS Lambda allows a function 4,096 bytes of
     * variables, and settings that make more are refused.
     */
    readonly settings: pulumi.Input<object>;
    /** The policy that a shut-off attaches to {@link users}, to {@link roles} and to the gate's role. */
    readonly brake: aws.iam.Policy;
    /**
     * Policies that something else attaches to the gate's role and detaches from it, such as the action of a budget: the
     * role is deleted before them, and in spite of them, as with {@link brake}.
     *
     * @default none
     */
    readonly deniedBy?: readonly aws.iam.Policy[];
    /** Names of the IAM users that a shut-off reaches. */
    readonly users: readonly pulumi.Input<string>[];
    /**
     * Name of the SNS topic on which people are told of a shut-off, and of whatever keeps a shut-off from happening: 1 to
     * 256 letters, digits, hyphens and underscores (SNS).
     */
    readonly topicName: string;
    /**
     * E-mail addresses that are subscribed to the topic: one to ten, each once. SNS sends each a link, and nothing else
     * until its owner has followed it.
     */
    readonly alertEmails: readonly string[];
    /**
     * Names of the IAM roles that a shut-off reaches besides the gate's.
     *
     * @default none
     */
    readonly roles?: readonly pulumi.Input<string>[];
    /**
     * The gate.
     *
     * @default none: the users invoke the models themselves, and the keeper shuts off by what CloudWatch counts
     */
    readonly front?: FrontArgs;
    /** Days for which the logs are kept: one of those that CloudWatch Logs offers. */
    readonly logRetentionDays: number;
    /** Whether the table, which knows what was spent, cannot be deleted. */
    readonly protectTable: boolean;
    /**
     * Tags of everything that takes tags.
     *
     * @default none
     */
    readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** What a gate gives out. */
export interface GateAddresses {
    /** The URL, with a slash at its end. */
    readonly url: pulumi.Output<string>;
    /** The URL for callers with a gate key, where there is one. */
    readonly keysUrl?: pulumi.Output<string>;
    /** Name of the function. */
    readonly functionName: pulumi.Output<string>;
    /** Name of the role that invokes the models. */
    readonly roleName: pulumi.Output<string>;
}

/**
 * What ends invocations when a month's budget is nearly spent: a table that what is spent is counted in, and a keeper
 * that shuts off and restores, with a topic on which people hear of that, and of alarms where either of them fails.
 * Before it, where it is wanted, the way to Bedrock that counts money before it is spent: a function behind a URL that
 * asks for signed requests. Who may call that is said by `callStatements` in `policy.ts`.
 */
export class BedrockGate extends pulumi.ComponentResource {
    /** Name of the table. */
    readonly tableName: pulumi.Output<string>;
    /** Name of the function that shuts off and restores. */
    readonly controlName: pulumi.Output<string>;
    /** ARN of the topic on which people are told. */
    readonly topicArn: pulumi.Output<string>;
    /** The gate, where there is one. */
    readonly gate?: GateAddresses;

    constructor(
        private readonly name: string,
        private readonly args: BedrockGateArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("platform:ai:BedrockGate", name, {}, opts);
        this.validate();
        const { front } = args;
        const table = this.createTable();
        const role = front && createFrontRole(this, name, front, args, [args.brake, ...(args.deniedBy ?? [])]);
        const alarms = alarmsOf(controlName(args.functionName), front && args.functionName);
        const topic = createTopic(this, name, { ...args, alarmNames: alarms.map((alarm) => alarm.name) });
        const rights = this.rights(table, topic.arn, role);
        const settings = this.settings(rights);
        const control = createControl(this, name, {
            ...args,
            scope: pulumi.output(args.scope),
            functionName: controlName(args.functionName),
            variables: { KEEPER_SETTINGS: this.variable("KEEPER_SETTINGS", settings) },
            rights,
        });
        if (front && role) {
            const all = pulumi.all([settings, front.settings]).apply(([common, own]) => ({ ...common, ...own }));
            const made = { role, rights, settings: this.variable("GATE_SETTINGS", all) };
            const { url, keysUrl, functionName } = new Front(this, name, front, args, made);
            this.gate = { url, keysUrl, functionName, roleName: role.name };
        }
        createAlarms(this, name, alarms, topic, args.tags);
        this.tableName = table.name;
        this.controlName = control.name;
        this.topicArn = topic.arn;
        this.registerOutputs({
            tableName: this.tableName,
            controlName: this.controlName,
            topicArn: this.topicArn,
            gate: this.gate,
        });
    }

    private validate(): void {
        const { functionName, tableName, topicName, alertEmails, settings, front } = this.args;
        if (!/^[A-Za-z0-9_-]{1,47}$/.test(functionName)) {
            refuse(this, "functionName", functionName, "1 to 47 letters, digits, hyphens and underscores");
        }
        if (!/^[A-Za-z0-9_.-]{3,255}$/.test(tableName)) {
            refuse(this, "tableName", tableName, "3 to 255 letters, digits and _.-");
        }
        if (!/^[A-Za-z0-9_-]{1,256}$/.test(topicName)) {
            refuse(this, "topicName", topicName, "1 to 256 letters, digits, hyphens and underscores");
        }
        refuseAlertEmails(this, alertEmails);
        this.refuseLarge("KEEPER_SETTINGS", settings);
        if (!front) return;
        this.refuseLarge("GATE_SETTINGS", settings, front.settings);
        const { roleName, timeoutSeconds } = front;
        refuseFault(this, "front.roleName", roleName, identityNameFault(roleName));
        if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > 900) {
            refuse(this, "front.timeoutSeconds", timeoutSeconds, "a whole number of seconds from 1 to 900");
        }
    }

    /** By what is known: before anything is made, settings may be too large already. */
    private refuseLarge(variable: SettingsVariable["variable"], ...parts: pulumi.Input<object>[]): void {
        if (!parts.every(isPlain)) return;
        const of = { variable, settings: Object.assign({}, ...parts) as object };
        refuseFault(this, variable, `${bytesOfVariables(of)} bytes`, variablesFault(of));
    }

    /** A function's settings as its one variable. */
    private variable(variable: SettingsVariable["variable"], settings: pulumi.Output<object>): pulumi.Output<string> {
        return settings.apply((known) => {
            this.refuseLarge(variable, known);
            return JSON.stringify(known);
        });
    }

    private createTable(): aws.dynamodb.Table {
        const { tableName, protectTable, tags } = this.args;
        return new aws.dynamodb.Table(
            `${this.name}-table`,
            {
                name: tableName,
                billingMode: "PAY_PER_REQUEST",
                hashKey: "partition",
                rangeKey: "sort",
                attributes: [
                    { name: "partition", type: "S" },
                    { name: "sort", type: "S" },
                ],
                ttl: { attributeName: "expiresAt", enabled: true },
                pointInTimeRecovery: { enabled: true },
                deletionProtectionEnabled: protectTable,
                tags,
            },
            // A new table would begin the month at 0.
            { parent: this, protect: protectTable },
        );
    }

    private rights(
        table: aws.dynamodb.Table,
        topicArn: pulumi.Output<string>,
        role: aws.iam.Role | undefined,
    ): pulumi.Output<ControlRights> {
        const { brake, users, roles = [], functionName, front } = this.args;
        const instances = front?.provisionedConcurrency?.instances ?? 0;
        return pulumi
            .all([
                table.name,
                topicArn,
                brake.arn,
                pulumi.all([...users]),
                pulumi.all([...roles, ...(role ? [role.name] : [])]),
            ])
            .apply(([tableName, topic, policyArn, userNames, roleNames]) => ({
                tableName,
                topicArn: topic,
                brake: { policyArn, users: userNames, roles: roleNames },
                ...(front ? { provisioned: { functionName, instances } } : {}),
            }));
    }

    /** What both functions are told: the settings, and what was made for them. */
    private settings(rights: pulumi.Output<ControlRights>): pulumi.Output<object> {
        const { front } = this.args;
        const idleMinutes = front?.provisionedConcurrency?.idleMinutes ?? 0;
        return pulumi
            .all([this.args.settings, rights])
            .apply(([settings, { tableName, topicArn, brake, provisioned }]) => ({
                ...settings,
                table: tableName,
                topicArn,
                brake,
                hasGate: front !== undefined,
                ...(provisioned ? { provisioned: { ...provisioned, alias: gateAlias, idleMinutes } } : {}),
            }));
    }
}

/** Whether a value is known without waiting, in all of its parts. */
function isPlain(value: unknown): boolean {
    if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
    return typeof value !== "object" || value === null || Object.values(value).every(isPlain);
}
