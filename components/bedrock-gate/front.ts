import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { type ArnScope } from "../arn";
import { type PolicyStatement } from "../policy-document";
import { logGroupName } from "./names";
import { type ControlRights, gateAlias, gatePolicy, keysAlias, trustLambda } from "./policy";

/** The gate itself: what callers reach. */
export interface FrontArgs {
    /** Name of its role. IAM allows 64 letters, digits and `+=,.@_-`. */
    readonly roleName: string;
    /** Statements that let the role invoke models. */
    readonly models: pulumi.Input<readonly PolicyStatement[]>;
    /**
     * Whether there is a second URL that asks for no signature: callers show a key of the gate's own there, which the code
     * looks up. Anybody can reach it.
     */
    readonly keys: boolean;
    /**
     * Instances that wait for signed requests while the gate is used, and for how many minutes after that.
     *
     * @default none
     */
    readonly provisionedConcurrency?: { readonly instances: number; readonly idleMinutes: number };
    /** Seconds that one call may take, up to 900 (AWS Lambda). */
    readonly timeoutSeconds: number;
    /** The bundled code; its `index.handler` answers events of a function URL. */
    readonly code: pulumi.asset.Archive;
    /** What the code is told beside what the keeper is told, as JSON in the variable `GATE_SETTINGS`. No secret. */
    readonly settings: pulumi.Input<object>;
}

/** What the gate has of the component that it is part of. */
export interface FrontSurroundings {
    readonly scope: pulumi.Input<ArnScope>;
    readonly functionName: string;
    readonly logRetentionDays: number;
    readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** The role that invokes the models: deleted before the policies that may deny it, and in spite of them. */
export function createFrontRole(
    parent: pulumi.Resource,
    name: string,
    { roleName }: FrontArgs,
    { tags }: FrontSurroundings,
    deniedBy: pulumi.Resource[],
): aws.iam.Role {
    return new aws.iam.Role(
        `${name}-role`,
        {
            name: roleName,
            description: "The gate in front of Bedrock: alone invokes its environment's models.",
            assumeRolePolicy: pulumi.jsonStringify(trustLambda()),
            // A shut-off that is in force does not keep it from being deleted, before the policy.
            forceDetachPolicies: true,
            tags,
        },
        { parent, dependsOn: deniedBy },
    );
}

/** The function behind its URLs. */
export class Front {
    readonly functionName: pulumi.Output<string>;
    readonly url: pulumi.Output<string>;
    readonly keysUrl?: pulumi.Output<string>;

    constructor(
        private readonly parent: pulumi.Resource,
        private readonly name: string,
        private readonly args: FrontArgs,
        private readonly surroundings: FrontSurroundings,
        made: {
            readonly role: aws.iam.Role;
            readonly rights: pulumi.Output<ControlRights>;
            /** The variable `GATE_SETTINGS`. */
            readonly settings: pulumi.Output<string>;
        },
    ) {
        const logGroup = this.createLogGroup();
        const permission = this.allowTheRole(made.role, made.rights);
        const gate = this.createFunction(made.role, made.settings, [logGroup, permission]);
        this.functionName = gate.name;
        this.url = this.createUrl("", gateAlias, gate, "AWS_IAM").functionUrl;
        if (args.keys) this.keysUrl = this.createUrl("-keys", keysAlias, gate, "NONE").functionUrl;
    }

    private createLogGroup(): aws.cloudwatch.LogGroup {
        const { functionName, logRetentionDays, tags } = this.surroundings;
        return new aws.cloudwatch.LogGroup(
            `${this.name}-log`,
            { name: logGroupName(functionName), retentionInDays: logRetentionDays, tags },
            { parent: this.parent },
        );
    }

    private allowTheRole(role: aws.iam.Role, rights: pulumi.Output<ControlRights>): aws.iam.RolePolicy {
        const { scope, functionName } = this.surroundings;
        const document = pulumi
            .all([scope, rights, this.args.models])
            .apply(([plain, allowed, statements]) =>
                gatePolicy(plain, functionName, allowed, statements as PolicyStatement[]),
            );
        return new aws.iam.RolePolicy(
            `${this.name}-role-policy`,
            { name: "gate", role: role.name, policy: pulumi.jsonStringify(document) },
            { parent: this.parent },
        );
    }

    private createFunction(
        role: aws.iam.Role,
        settings: pulumi.Output<string>,
        dependsOn: pulumi.Resource[],
    ): aws.lambda.Function {
        const { functionName, tags } = this.surroundings;
        return new aws.lambda.Function(
            `${this.name}-function`,
            {
                name: functionName,
                description: "The gate in front of Bedrock: counts what calls cost before they are sent.",
                role: role.arn,
                runtime: "nodejs22.x",
                architectures: ["arm64"],
                handler: "index.handler",
                code: this.args.code,
                // More memory is more processor: a request is mostly cryptography and JSON.
                memorySize: 1024,
                timeout: this.args.timeoutSeconds,
                publish: true,
                environment: { variables: { GATE_SETTINGS: settings } },
                tags,
            },
            { parent: this.parent, dependsOn },
        );
    }

    /** A function has one URL, and each of its aliases another. */
    private createUrl(
        suffix: string,
        aliasName: string,
        gate: aws.lambda.Function,
        authorizationType: "AWS_IAM" | "NONE",
    ): aws.lambda.FunctionUrl {
        const { parent, name } = this;
        const alias = new aws.lambda.Alias(
            `${name}-alias${suffix}`,
            { name: aliasName, functionName: gate.name, functionVersion: gate.version },
            { parent },
        );
        const permissions = authorizationType === "NONE" ? this.allowEverybody(suffix, gate, alias) : [];
        return new aws.lambda.FunctionUrl(
            `${name}-url${suffix}`,
            {
                functionName: gate.name,
                qualifier: alias.name,
                authorizationType,
                // An answer is passed on as the model writes it.
                invokeMode: "RESPONSE_STREAM",
            },
            { parent, dependsOn: permissions },
        );
    }

    /** A URL without signatures asks for both permissions, too (AWS Lambda, since October 2025). */
    private allowEverybody(
        suffix: string,
        gate: aws.lambda.Function,
        alias: aws.lambda.Alias,
    ): aws.lambda.Permission[] {
        const { parent, name } = this;
        const common = { function: gate.name, qualifier: alias.name, principal: "*" };
        return [
            new aws.lambda.Permission(
                `${name}-permission${suffix}-url`,
                { ...common, action: "lambda:InvokeFunctionUrl", functionUrlAuthType: "NONE" },
                { parent },
            ),
            new aws.lambda.Permission(
                `${name}-permission${suffix}-invoke`,
                { ...common, action: "lambda:InvokeFunction", invokedViaFunctionUrl: true },
                { parent },
            ),
        ];
    }
}
