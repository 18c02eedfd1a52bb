import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type ArnScope } from "../arn";
import { bucketArnFault, prefixFault } from "../bucket-access";
import { identityNameFault, policyNameFault } from "../naming";
import { refuseFault } from "../validation";
import { executionPolicy, taskPolicy, trustPolicy } from "./policy";
import { containerDefinition, cpuFault, familyFault, imageFault, memoryFault, retentionFault } from "./task";

/** The task definition of an {@link EcsTaskRole}: one container on Fargate. */
export interface EcsTaskDefinition {
    /** Name of the task definition's family and of its container. ECS allows 255 letters, digits, hyphens and underscores. */
    readonly family: string;
    /** Image of the container, named by its digest: `<name>@sha256:<digest>`. */
    readonly image: pulumi.Input<string>;
    /** CPU units; 1024 are one vCPU. Fargate offers 256, 512, 1024, 2048, 4096, 8192 and 16384. */
    readonly cpu: number;
    /** Memory in MiB. What Fargate offers depends on {@link cpu}: next to 256 for example 512, 1024 or 2048. */
    readonly memory: number;
    /** Environment variables by name; anyone who may describe the task definition can read them: no secrets. @default none */
    readonly environment?: Readonly<Record<string, pulumi.Input<string>>>;
    /** Days for which the log is kept: one of those that CloudWatch Logs offers (1, 3, 5, 7, 14, 30, 60, 90, … 3653). */
    readonly logRetentionDays: number;
}

/** Arguments of {@link EcsTaskRole}. */
export interface EcsTaskRoleArgs {
    /** Name of the task role; the execution role's adds `-execution`. IAM allows 64 letters, digits and `+=,.@_-`. */
    readonly roleName: string;

    /** Name of the customer-managed policy. IAM allows 128 letters, digits and `+=,.@_-`. */
    readonly policyName: string;

    /** Partition, account and region whose ECS tasks are trusted. */
    readonly scope: pulumi.Input<ArnScope>;

    /** ARN of the bucket that the task works in. */
    readonly bucketArn: pulumi.Input<string>;

    /** Beginning of the keys that the task works under, for example `scans/`: path segments that each end with `/`. */
    readonly prefix: string;

    /**
     * Names of groups that share the task's policy. A group's place in the list is part of the name of its attachment:
     * add at the end.
     * @default none
     */
    readonly groups?: readonly pulumi.Input<string>[];

    /** What the task runs. */
    readonly taskDefinition: EcsTaskDefinition;

    /** Tags of the roles, the policy, the log group and the task definition. AWS allows 50 each. @default none */
    readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** A Fargate task that works under one prefix of one bucket, and whose policy groups of people can share. */
export class EcsTaskRole extends pulumi.ComponentResource {
    /** ARN of the role that the code in the task has. */
    readonly roleArn: pulumi.Output<string>;

    /** ARN of the task's customer-managed policy. */
    readonly policyArn: pulumi.Output<string>;

    /** ARN of the role with which ECS starts the task: it pulls the image and writes the log. */
    readonly executionRoleArn: pulumi.Output<string>;

    /** ARN of the current revision of the task definition. */
    readonly taskDefinitionArn: pulumi.Output<string>;

    constructor(
        private readonly name: string,
        private readonly args: EcsTaskRoleArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("platform:compute:EcsTaskRole", name, {}, opts);
        this.validate();

        const policy = this.createPolicy();
        const role = this.createRole("role", args.roleName);
        const attachment = this.attachToRole(policy, role);
        this.attachToGroups(policy, args.groups ?? []);

        const image = this.checkedImage();
        const logGroup = this.createLogGroup();
        const executionRole = this.createRole("execution-role", this.executionRoleName());
        const executionPolicy = this.allowExecution(executionRole, logGroup, image);
        const task = this.defineTask(role, executionRole, logGroup, image, [attachment, executionPolicy]);

        this.roleArn = role.arn;
        this.policyArn = policy.arn;
        this.executionRoleArn = executionRole.arn;
        this.taskDefinitionArn = task.arn;
        this.registerOutputs({
            roleArn: this.roleArn,
            policyArn: this.policyArn,
            executionRoleArn: this.executionRoleArn,
            taskDefinitionArn: this.taskDefinitionArn,
        });
    }

    private validate(): void {
        const { roleName, policyName, prefix, taskDefinition } = this.args;
        const { family, cpu, memory, logRetentionDays } = taskDefinition;
        refuseFault(this, "roleName", roleName, identityNameFault(roleName));
        refuseFault(
            this,
            "name of the execution role",
            this.executionRoleName(),
            identityNameFault(this.executionRoleName()),
        );
        refuseFault(this, "policyName", policyName, policyNameFault(policyName));
        refuseFault(this, "prefix", prefix, prefixFault(prefix));
        refuseFault(this, "taskDefinition.family", family, familyFault(family));
        refuseFault(this, "taskDefinition.cpu", cpu, cpuFault(cpu));
        refuseFault(this, "taskDefinition.memory", memory, memoryFault(cpu, memory));
        refuseFault(this, "taskDefinition.logRetentionDays", logRetentionDays, retentionFault(logRetentionDays));
    }

    private createPolicy(): aws.iam.Policy {
        const { policyName, bucketArn, prefix, tags } = this.args;
        const document = pulumi.output(bucketArn).apply((arn) => {
            refuseFault(this, "bucketArn", arn, bucketArnFault(arn));
            return taskPolicy(arn, prefix);
        });
        return new aws.iam.Policy(
            `${this.name}-policy`,
            { name: policyName, policy: pulumi.jsonStringify(document), tags },
            { parent: this },
        );
    }

    private createRole(role: "role" | "execution-role", roleName: string): aws.iam.Role {
        const { scope, tags } = this.args;
        return new aws.iam.Role(
            `${this.name}-${role}`,
            {
                name: roleName,
                assumeRolePolicy: pulumi.jsonStringify(pulumi.output(scope).apply(trustPolicy)),
                tags,
            },
            { parent: this },
        );
    }

    private attachToRole(policy: aws.iam.Policy, role: aws.iam.Role): aws.iam.RolePolicyAttachment {
        return new aws.iam.RolePolicyAttachment(
            `${this.name}-role-attachment`,
            { role: role.name, policyArn: policy.arn },
            { parent: this },
        );
    }

    private attachToGroups(policy: aws.iam.Policy, groups: readonly pulumi.Input<string>[]): void {
        for (const [index, group] of groups.entries()) {
            new aws.iam.GroupPolicyAttachment(
                `${this.name}-group-attachment-${index + 1}`,
                { group, policyArn: policy.arn },
                { parent: this },
            );
        }
    }

    private createLogGroup(): aws.cloudwatch.LogGroup {
        const { taskDefinition, tags } = this.args;
        return new aws.cloudwatch.LogGroup(
            `${this.name}-log-group`,
            { name: `/ecs/${taskDefinition.family}`, retentionInDays: taskDefinition.logRetentionDays, tags },
            { parent: this },
        );
    }

    private allowExecution(
        role: aws.iam.Role,
        logGroup: aws.cloudwatch.LogGroup,
        image: pulumi.Output<string>,
    ): aws.iam.RolePolicy {
        const document = pulumi
            .all([this.args.scope, logGroup.name, image])
            .apply(([scope, logGroupName, image]) => executionPolicy(scope, logGroupName, image));
        return new aws.iam.RolePolicy(
            `${this.name}-execution-policy`,
            {
                role: role.name,
                name: `${this.executionRoleName()}-policy`,
                policy: pulumi.jsonStringify(document),
            },
            { parent: this },
        );
    }

    /** Defined last, so that a task that is started at once has all of its rights. */
    private defineTask(
        role: aws.iam.Role,
        executionRole: aws.iam.Role,
        logGroup: aws.cloudwatch.LogGroup,
        image: pulumi.Output<string>,
        after: pulumi.Resource[],
    ): aws.ecs.TaskDefinition {
        const { taskDefinition, scope, tags } = this.args;
        const { family, cpu, memory, environment = {} } = taskDefinition;
        const container = pulumi
            .all([scope, logGroup.name, image, pulumi.output(environment)])
            .apply(([{ region }, logGroupName, image, environment]) =>
                containerDefinition({ family, image, environment, logGroupName, region }),
            );
        return new aws.ecs.TaskDefinition(
            `${this.name}-task`,
            {
                family,
                requiresCompatibilities: ["FARGATE"],
                networkMode: "awsvpc",
                cpu: String(cpu),
                memory: String(memory),
                taskRoleArn: role.arn,
                executionRoleArn: executionRole.arn,
                containerDefinitions: pulumi.jsonStringify([container]),
                tags,
            },
            { parent: this, dependsOn: after },
        );
    }

    private checkedImage(): pulumi.Output<string> {
        return pulumi.output(this.args.taskDefinition.image).apply((image) => {
            refuseFault(this, "taskDefinition.image", image, imageFault(image));
            return image;
        });
    }

    private executionRoleName(): string {
        return `${this.args.roleName}-execution`;
    }
}
