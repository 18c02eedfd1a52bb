import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { type ArnScope } from "../arn";
import { identityNameFault } from "../naming";
import { type PolicyStatement } from "../policy-document";
import { refuse, refuseFault } from "../validation";
import { createControl } from "./control";
import { controlName, logGroupName } from "./names";
import { type ControlRights, gateAlias, gatePolicy, keysAlias, trustLambda } from "./policy";

export interface BedrockGateArgs {
    /** Partition, account and region of the ARNs that are made. */
    readonly scope: pulumi.Input<ArnScope>;
    /**
     * Name of the function: 1 to 47 letters, digits, hyphens and underscores. AWS Lambda allows 64, as IAM does for a
     * role, and that of the keeper's schedules adds `-control-schedule`.
     */
    readonly functionName: string;
    /** Name of the function's role. IAM allows 64 letters, digits and `+=,.@_-`. */
    readonly roleName: string;
    /** Name of the table that it counts in: 3 to 255 letters, digits and `_.-` (DynamoDB). */
    readonly tableName: string;
    /** The bundled code; its `index.handler` answers events of a function URL, its `index.control` those of schedules. */
    readonly code: pulumi.asset.Archive;
    /**
     * What the code is told, as JSON in the variable `GATE_SETTINGS`, beside the table, the topic and the brake. No secret:
     * who may read the function reads it.
     */
    readonly settings: pulumi.Input<object>;
    /** Statements that let the role invoke models. */
    readonly models: pulumi.Input<readonly PolicyStatement[]>;
    /** The policy that the gate attaches to {@link users} and to its own role when it shuts off. */
    readonly brake: aws.iam.Policy;
    /**
     * Policies that something else attaches to its role and detaches from it, such as the action of a budget: the role is
     * deleted before them, and in spite of them, as with {@link brake}.
     *
     * @default none
     */
    readonly deniedBy?: readonly aws.iam.Policy[];
    /** Names of the IAM users that a shut-off reaches. */
    readonly users: readonly pulumi.Input<string>[];
    /** ARN of the SNS topic on which people are told of a shut-off. */
    readonly topicArn: pulumi.Input<string>;
    /**
     * Whether there is a second URL that asks for no signature: callers show a key of the gate's own there, which the code
     * looks up. Anybody can reach it.
     */
    readonly keys: boolean;
    /** Seconds that one call may take, up to 900 (AWS Lambda). */
    readonly timeoutSeconds: number;
    /** Days for which the log is kept: one of those that CloudWatch Logs offers. */
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

/**
 * The way to Bedrock that counts money: a function behind a URL that asks for signed requests, and the table that it
 * counts in. Who may call it is said by `callStatements` in `policy.ts`.
 */
export class BedrockGate extends pulumi.ComponentResource {
    /** The URL, with a slash at its end. */
    readonly url: pulumi.Output<string>;
    /** The URL for callers with a gate key, where there is one. */
    readonly keysUrl?: pulumi.Output<string>;
    /** Name of the function. */
    readonly functionName: pulumi.Output<string>;
    /** Name of the role that invokes the models. */
    readonly roleName: pulumi.Output<string>;
    /** Name of the table. */
    readonly tableName: pulumi.Output<string>;
    /** Name of the function that shuts off and restores. */
    readonly controlName: pulumi.Output<string>;

    constructor(
        private readonly name: string,
        private readonly args: BedrockGateArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("platform:ai:BedrockGate", name, {}, opts);
        this.validate();
        const table = this.createTable();
        const logGroup = this.createLogGroup();
        const role = this.createRole();
        const rights = this.rights(table, role);
        const permission = this.allowTheRole(role, rights);
        const variables = { GATE_SETTINGS: this.settings(rights) };
        const gate = this.createFunction(role, variables, [logGroup, permission]);
        const url = this.createUrl("", gateAlias, gate, "AWS_IAM");
        if (args.keys) this.keysUrl = this.createUrl("-keys", keysAlias, gate, "NONE").functionUrl;
        const control = createControl(this, name, {
            ...args,
            scope: pulumi.output(args.scope),
            functionName: controlName(args.functionName),
            variables,
            rights,
        });

        this.url = url.functionUrl;
        this.functionName = gate.name;
        this.roleName = role.name;
        this.tableName = table.name;
        this.controlName = control.name;
        this.registerOutputs({
            url: this.url,
            keysUrl: this.keysUrl,
            functionName: this.functionName,
            roleName: this.roleName,
            tableName: this.tableName,
            controlName: this.controlName,
        });
    }

    private validate(): void {
        const { functionName, roleName, tableName, timeoutSeconds } = this.args;
        if (!/^[A-Za-z0-9_-]{1,47}$/.test(functionName)) {
            refuse(this, "functionName", functionName, "1 to 47 letters, digits, hyphens and underscores");
        }
        refuseFault(this, "roleName", roleName, identityNameFault(roleName));
        if (!/^[A-Za-z0-9_.-]{3,255}$/.test(tableName)) {
            refuse(this, "tableName", tableName, "3 to 255 letters, digits and _.-");
        }
        if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > 900) {
            refuse(this, "timeoutSeconds", timeoutSeconds, "a whole number of seconds from 1 to 900");
        }
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

    private createLogGroup(): aws.cloudwatch.LogGroup {
        const { functionName, logRetentionDays, tags } = this.args;
        return new aws.cloudwatch.LogGroup(
            `${this.name}-log`,
            { name: logGroupName(functionName), retentionInDays: logRetentionDays, tags },
            { parent: this },
        );
    }

    private createRole(): aws.iam.Role {
        const { roleName, brake, deniedBy = [], tags } = this.args;
        return new aws.iam.Role(
            `${this.name}-role`,
            {
                name: roleName,
                description: "The gate in front of Bedrock: alone invokes its environment's models.",
                assumeRolePolicy: pulumi.jsonStringify(trustLambda()),
                // A shut-off that is in force does not keep it from being deleted, before the policy.
                forceDetachPolicies: true,
                tags,
            },
            { parent: this, dependsOn: [brake, ...deniedBy] },
        );
    }

    private rights(table: aws.dynamodb.Table, role: aws.iam.Role): pulumi.Output<ControlRights> {
        const { brake, users, topicArn } = this.args;
        return pulumi
            .all([table.name, topicArn, brake.arn, pulumi.all([...users]), role.name])
            .apply(([tableName, topic, policyArn, userNames, roleName]) => ({
                tableName,
                topicArn: topic,
                brake: { policyArn, users: userNames, roles: [roleName] },
            }));
    }

    private allowTheRole(role: aws.iam.Role, rights: pulumi.Output<ControlRights>): aws.iam.RolePolicy {
        const { scope, functionName, models } = this.args;
        const document = pulumi
            .all([scope, rights, models])
            .apply(([plain, allowed, statements]) =>
                gatePolicy(plain, functionName, allowed, statements as PolicyStatement[]),
            );
        return new aws.iam.RolePolicy(
            `${this.name}-role-policy`,
            { name: "gate", role: role.name, policy: pulumi.jsonStringify(document) },
            { parent: this },
        );
    }

    /** What the code is told: the settings, and what was made for it. */
    private settings(rights: pulumi.Output<ControlRights>): pulumi.Output<string> {
        return pulumi.jsonStringify(
            pulumi.all([this.args.settings, rights]).apply(([settings, { tableName, topicArn, brake }]) => ({
                ...settings,
                table: tableName,
                topicArn,
                brake,
            })),
        );
    }

    private createFunction(
        role: aws.iam.Role,
        variables: Record<string, pulumi.Input<string>>,
        dependsOn: pulumi.Resource[],
    ): aws.lambda.Function {
        const { args } = this;
        return new aws.lambda.Function(
            `${this.name}-function`,
            {
                name: args.functionName,
                description: "The gate in front of Bedrock: counts what calls cost before they are sent.",
                role: role.arn,
                runtime: "nodejs22.x",
                architectures: ["arm64"],
                handler: "index.handler",
                code: args.code,
                // More memory is more processor: a request is mostly cryptography and JSON.
                memorySize: 1024,
                timeout: args.timeoutSeconds,
                publish: true,
                environment: { variables },
                tags: args.tags,
            },
            { parent: this, dependsOn },
        );
    }

    /** A function has one URL, and each of its aliases another. */
    private createUrl(
        suffix: string,
        aliasName: string,
        gate: aws.lambda.Function,
        authorizationType: "AWS_IAM" | "NONE",
    ): aws.lambda.FunctionUrl {
        const alias = new aws.lambda.Alias(
            `${this.name}-alias${suffix}`,
            { name: aliasName, functionName: gate.name, functionVersion: gate.version },
            { parent: this },
        );
        const permissions = authorizationType === "NONE" ? this.allowEverybody(suffix, gate, alias) : [];
        return new aws.lambda.FunctionUrl(
            `${this.name}-url${suffix}`,
            {
                functionName: gate.name,
                qualifier: alias.name,
                authorizationType,
                // An answer is passed on as the model writes it.
                invokeMode: "RESPONSE_STREAM",
            },
            { parent: this, dependsOn: permissions },
        );
    }

    /** A URL without signatures asks for both permissions, too (AWS Lambda, since October 2025). */
    private allowEverybody(
        suffix: string,
        gate: aws.lambda.Function,
        alias: aws.lambda.Alias,
    ): aws.lambda.Permission[] {
        const common = { function: gate.name, qualifier: alias.name, principal: "*" };
        return [
            new aws.lambda.Permission(
                `${this.name}-permission${suffix}-url`,
                { ...common, action: "lambda:InvokeFunctionUrl", functionUrlAuthType: "NONE" },
                { parent: this },
            ),
            new aws.lambda.Permission(
                `${this.name}-permission${suffix}-invoke`,
                { ...common, action: "lambda:InvokeFunction", invokedViaFunctionUrl: true },
                { parent: this },
            ),
        ];
    }
}
