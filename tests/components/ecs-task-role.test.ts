import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import { type EcsTaskDefinition, EcsTaskRole, type EcsTaskRoleArgs } from "../../components/ecs-task-role";
import { executionPolicy, taskPolicy, trustPolicy } from "../../components/ecs-task-role/policy";
import { RecordingMocks, runWithMocks, valueOf } from "../support/mocks";

const scope = { partition: "aws", accountId: "123456789012", region: "eu-west-1" };
const digest = `sha256:${"0a".repeat(32)}`;
const image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/scan@${digest}`;
const taskDefinition: EcsTaskDefinition = { family: "scanner", image, cpu: 512, memory: 1024, logRetentionDays: 30 };
const minimal: EcsTaskRoleArgs = {
    roleName: "scanner-task-role",
    policyName: "scans-rw",
    scope,
    bucketArn: "arn:aws:s3:::snapshots",
    prefix: "scans/",
    taskDefinition,
};

async function deploy(args: EcsTaskRoleArgs, preview = false) {
    const mocks = new RecordingMocks({
        outputs: {
            "aws:ecs/taskDefinition:TaskDefinition": ({ inputs }) => ({ arn: `arn:task-definition/${inputs.family}` }),
        },
    });
    const task = await runWithMocks(mocks, () => new EcsTaskRole("scan", args), { preview });
    return { mocks, task };
}

const minimalList = [
    "aws:cloudwatch/logGroup:LogGroup scan-log-group",
    "aws:ecs/taskDefinition:TaskDefinition scan-task",
    "aws:iam/policy:Policy scan-policy",
    "aws:iam/role:Role scan-execution-role",
    "aws:iam/role:Role scan-role",
    "aws:iam/rolePolicy:RolePolicy scan-execution-policy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment scan-role-attachment",
    "platform:compute:EcsTaskRole scan",
    "pulumi:pulumi:Stack platform-test",
];

describe("EcsTaskRole", () => {
    it("a task has two roles, one policy, one log and no exclusive attachment (C3, C4, C7)", async () => {
        const { mocks, task } = await deploy(minimal);
        assert.deepEqual(mocks.list(), minimalList);

        for (const [child, name] of [
            ["scan-role", "scanner-task-role"],
            ["scan-execution-role", "scanner-task-role-execution"],
        ]) {
            const { assumeRolePolicy, ...rest } = mocks.get("aws:iam/role:Role", child).inputs;
            assert.deepEqual(rest, { name });
            assert.deepEqual(JSON.parse(assumeRolePolicy), trustPolicy(scope));
        }
        const policy = mocks.get("aws:iam/policy:Policy", "scan-policy").inputs;
        assert.deepEqual(
            { ...policy, policy: JSON.parse(policy.policy) },
            {
                name: "scans-rw",
                policy: taskPolicy("arn:aws:s3:::snapshots", "scans/"),
            },
        );
        assert.deepEqual(
            mocks.get("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "scan-role-attachment").inputs,
            { role: "scanner-task-role", policyArn: "arn:aws:iam::123456789012:policy/scans-rw" },
        );
        const execution = mocks.get("aws:iam/rolePolicy:RolePolicy", "scan-execution-policy").inputs;
        assert.deepEqual(
            { ...execution, policy: JSON.parse(execution.policy) },
            {
                role: "scanner-task-role-execution",
                name: "scanner-task-role-execution-policy",
                policy: executionPolicy(scope, "/ecs/scanner", image),
            },
        );
        assert.deepEqual(mocks.get("aws:cloudwatch/logGroup:LogGroup", "scan-log-group").inputs, {
            name: "/ecs/scanner",
            retentionInDays: 30,
        });
        const definition = mocks.get("aws:ecs/taskDefinition:TaskDefinition", "scan-task").inputs;
        assert.deepEqual(
            { ...definition, containerDefinitions: JSON.parse(definition.containerDefinitions) },
            {
                family: "scanner",
                requiresCompatibilities: ["FARGATE"],
                networkMode: "awsvpc",
                cpu: "512",
                memory: "1024",
                taskRoleArn: "arn:aws:iam::123456789012:role/scanner-task-role",
                executionRoleArn: "arn:aws:iam::123456789012:role/scanner-task-role-execution",
                containerDefinitions: [
                    {
                        name: "scanner",
                        image,
                        essential: true,
                        readonlyRootFilesystem: true,
                        environment: [],
                        logConfiguration: {
                            logDriver: "awslogs",
                            options: {
                                "awslogs-group": "/ecs/scanner",
                                "awslogs-region": "eu-west-1",
                                "awslogs-stream-prefix": "scanner",
                            },
                        },
                    },
                ],
            },
        );
        assert.equal(await valueOf(task.roleArn), "arn:aws:iam::123456789012:role/scanner-task-role");
        assert.equal(
            await valueOf(task.executionRoleArn),
            "arn:aws:iam::123456789012:role/scanner-task-role-execution",
        );
        assert.equal(await valueOf(task.policyArn), "arn:aws:iam::123456789012:policy/scans-rw");
        assert.equal(await valueOf(task.taskDefinitionArn), "arn:task-definition/scanner");
    });

    it("groups, tags and variables reach the resources", async () => {
        const { mocks } = await deploy({
            ...minimal,
            scope: pulumi.output(scope),
            bucketArn: pulumi.output("arn:aws:s3:::snapshots"),
            groups: ["agents", pulumi.output("people")],
            tags: { service: "lab" },
            taskDefinition: {
                ...taskDefinition,
                image: pulumi.output(image),
                environment: { S3_PREFIX: "scans/", BUCKET: pulumi.output("snapshots") },
            },
        });
        const attachments = [
            "aws:iam/groupPolicyAttachment:GroupPolicyAttachment scan-group-attachment-1",
            "aws:iam/groupPolicyAttachment:GroupPolicyAttachment scan-group-attachment-2",
        ];
        assert.deepEqual(mocks.list(), [...minimalList, ...attachments].sort());
        assert.deepEqual(
            mocks.all("aws:iam/groupPolicyAttachment:GroupPolicyAttachment").map(({ inputs }) => inputs),
            ["agents", "people"].map((group) => ({ group, policyArn: "arn:aws:iam::123456789012:policy/scans-rw" })),
        );
        const tagged = mocks.resources.filter(({ inputs }) => inputs.tags).map(({ name }) => name);
        assert.deepEqual(tagged.sort(), [
            "scan-execution-role",
            "scan-log-group",
            "scan-policy",
            "scan-role",
            "scan-task",
        ]);
        for (const { inputs } of mocks.resources) if (inputs.tags) assert.deepEqual(inputs.tags, { service: "lab" });
        const { containerDefinitions } = mocks.get("aws:ecs/taskDefinition:TaskDefinition", "scan-task").inputs;
        const [container] = JSON.parse(containerDefinitions);
        assert.deepEqual(container.environment, [
            { name: "BUCKET", value: "snapshots" },
            { name: "S3_PREFIX", value: "scans/" },
        ]);
    });

    it("a task that is started at once has all of its rights", async () => {
        const { mocks } = await deploy(minimal);
        const { dependsOn } = mocks.get("aws:ecs/taskDefinition:TaskDefinition", "scan-task").options;
        for (const name of ["scan-role-attachment", "scan-execution-policy", "scan-log-group"]) {
            assert.equal(dependsOn.includes(name), true, name);
        }
    });

    it("every resource is a child", async () => {
        const { mocks } = await deploy({ ...minimal, groups: ["agents"] });
        for (const { custom, name, options } of mocks.resources) if (custom) assert.equal(options.parent, "scan", name);
    });

    it("a preview registers the same resources as an update", async () => {
        const [update, preview] = [await deploy(minimal), await deploy(minimal, true)];
        assert.deepEqual(
            preview.mocks.resources.map(({ name, inputs }) => [name, inputs]).sort(),
            update.mocks.resources.map(({ name, inputs }) => [name, inputs]).sort(),
        );
    });

    const task = (changes: Partial<EcsTaskDefinition>) => ({ taskDefinition: { ...taskDefinition, ...changes } });
    const refused: [args: Partial<EcsTaskRoleArgs>, sentence: string | RegExp][] = [
        [{ roleName: "a/b" }, 'roleName is "a/b", expected 1 to 64 letters, digits and +=,.@_-'],
        [
            { roleName: "x".repeat(60) },
            `name of the execution role is "${"x".repeat(60)}-execution", expected 1 to 64 letters, digits and +=,.@_-`,
        ],
        [{ policyName: "" }, 'policyName is "", expected 1 to 128 letters, digits and +=,.@_-'],
        [{ prefix: "scans/*" }, /^prefix is "scans\/\*", expected segments of letters, digits and /],
        [{ bucketArn: pulumi.output("*") }, 'bucketArn is "*", expected the ARN of one bucket'],
        [
            task({ family: "a.b" }),
            'taskDefinition.family is "a.b", expected 1 to 255 letters, digits, hyphens and underscores',
        ],
        [
            task({ cpu: 100 }),
            "taskDefinition.cpu is 100, expected one of 256, 512, 1024, 2048, 4096, 8192, 16384 CPU units",
        ],
        [
            task({ memory: 512 }),
            "taskDefinition.memory is 512, expected 1024 to 4096 MiB in steps of 1024 next to 512 CPU units",
        ],
        [task({ logRetentionDays: 2 }), /^taskDefinition.logRetentionDays is 2, expected one of 1, 3, 5, .* days$/],
        [
            task({ image: pulumi.output("scan:latest") }),
            /^taskDefinition.image is "scan:latest", expected an image named by its digest/,
        ],
    ];
    for (const [args, sentence] of refused) {
        it(`refuses: ${sentence}`, async () => {
            await assert.rejects(deploy({ ...minimal, ...args }), (error: pulumi.ResourceError) => {
                if (typeof sentence === "string") assert.equal(error.message, sentence);
                else assert.match(error.message, sentence);
                return pulumi.ResourceError.isInstance(error) && error.hideStack === true;
            });
        });
    }
});
