import { strict as assert } from "node:assert";

import * as pulumi from "@pulumi/pulumi";

import { spendingDeny } from "../../components/bedrock-budget-tier/deny";
import { BedrockGate, type BedrockGateArgs } from "../../components/bedrock-gate";
import { type FrontArgs } from "../../components/bedrock-gate/front";
import {
    allowAlarmsToPublish,
    allowControl,
    allowStarting,
    callStatements,
    type ControlRights,
    gatePolicy,
    trustLambda,
    trustScheduler,
} from "../../components/bedrock-gate/policy";
import { type PolicyStatement } from "../../components/policy-document";
import { RecordingMocks, runWithMocks, valueOf } from "../support/mocks";

const scope = { partition: "aws", accountId: "123456789012", region: "us-east-1" };
const topicArn = "arn:aws:sns:us-east-1:123456789012:the-topic";
const brakeArn = "arn:aws:iam::123456789012:policy/the-brake";
const userArn = "arn:aws:iam::123456789012:user/the-user";
const roleArn = "arn:aws:iam::123456789012:role/the-role";
const controlArn = "arn:aws:lambda:us-east-1:123456789012:function:the-gate-control";
const tags = { team: "models" };
const archive = (text: string) => new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset(text) });
const models: PolicyStatement[] = [
    { Sid: "AllowInvokingModels", Effect: "Allow", Action: "bedrock:InvokeModel", Resource: "arn:of:a-model" },
];

const front: FrontArgs = {
    roleName: "the-role",
    models,
    keys: false,
    timeoutSeconds: 300,
    code: archive("the gate"),
    settings: { requestsPerHour: "5" },
};

const args: Omit<BedrockGateArgs, "brake"> = {
    scope,
    functionName: "the-gate",
    tableName: "the-table",
    code: archive("the keeper"),
    settings: { region: "us-east-1", microUsdPerMonth: "50000000" },
    users: ["the-user"],
    topicName: "the-topic",
    alertEmails: ["one@example.org", "two@example.org"],
    logRetentionDays: 30,
    protectTable: false,
    tags,
};

async function run(changes: Partial<BedrockGateArgs> = {}, preview = false) {
    const mocks = new RecordingMocks();
    const gate = await runWithMocks(
        mocks,
        () => {
            const brake = spendingDeny("brake", { policyName: "the-brake" });
            return new BedrockGate("gate", { ...args, brake, front, ...changes });
        },
        { preview },
    );
    return { mocks, gate };
}

const withoutGate = [
    "aws:cloudwatch/logGroup:LogGroup gate-control-log",
    "aws:cloudwatch/metricAlarm:MetricAlarm gate-alarm-keeper-errors",
    "aws:cloudwatch/metricAlarm:MetricAlarm gate-alarm-keeper-silent",
    "aws:dynamodb/table:Table gate-table",
    "aws:iam/policy:Policy brake",
    "aws:iam/role:Role gate-control-role",
    "aws:iam/role:Role gate-schedule-role",
    "aws:iam/rolePolicy:RolePolicy gate-control-role-policy",
    "aws:iam/rolePolicy:RolePolicy gate-schedule-role-policy",
    "aws:lambda/function:Function gate-control",
    "aws:scheduler/schedule:Schedule gate-schedule-daily",
    "aws:scheduler/schedule:Schedule gate-schedule-keep",
    "aws:scheduler/schedule:Schedule gate-schedule-month",
    "aws:sns/topic:Topic gate-topic",
    "aws:sns/topicPolicy:TopicPolicy gate-topic-policy",
    "aws:sns/topicSubscription:TopicSubscription gate-subscription-one@example.org",
    "aws:sns/topicSubscription:TopicSubscription gate-subscription-two@example.org",
    "platform:ai:BedrockGate gate",
    "pulumi:pulumi:Stack platform-test",
];

const everything = [
    ...withoutGate,
    "aws:cloudwatch/logGroup:LogGroup gate-log",
    "aws:cloudwatch/metricAlarm:MetricAlarm gate-alarm-gate-errors",
    "aws:cloudwatch/metricAlarm:MetricAlarm gate-alarm-gate-throttles",
    "aws:iam/role:Role gate-role",
    "aws:iam/rolePolicy:RolePolicy gate-role-policy",
    "aws:lambda/alias:Alias gate-alias",
    "aws:lambda/function:Function gate-function",
    "aws:lambda/functionUrl:FunctionUrl gate-url",
].sort();

const rights: ControlRights = {
    tableName: "the-table",
    topicArn,
    brake: { policyArn: brakeArn, users: ["the-user"], roles: ["the-role"] },
    provisioned: { functionName: "the-gate", instances: 0 },
};

/** The files of the code that a function was registered with. */
async function textsOf(archive: pulumi.asset.AssetArchive): Promise<Record<string, string>> {
    const files = Object.entries(await archive.assets) as [string, pulumi.asset.StringAsset][];
    return Object.fromEntries(await Promise.all(files.map(async ([name, { text }]) => [name, await text])));
}

const actionsOf = (statements: readonly PolicyStatement[]) =>
    statements.flatMap(({ Action }) => [Action].flat() as string[]).sort();

describe("BedrockGate", () => {
    it("makes the table, two functions with their roles, logs and alarms, a URL, schedules, a topic, and nothing else", async () => {
        const { mocks } = await run();
        // In particular no permission of the function's own, and nothing that attaches the brake.
        assert.deepEqual(mocks.list(), everything);
        for (const { custom, name, options } of mocks.resources) {
            if (custom && name !== "brake") assert.equal(options.parent, "gate", name);
        }
    });

    it("E4: without a gate makes the keeper alone, which reaches the users alone", async () => {
        const { mocks, gate } = await run({ front: undefined });
        assert.deepEqual(mocks.list(), withoutGate);
        assert.equal(gate.gate, undefined);
        const { variables } = mocks.get("aws:lambda/function:Function", "gate-control").inputs.environment;
        const brake = { ...rights.brake, roles: [] };
        const { provisioned, ...others } = told;
        assert.ok(provisioned);
        assert.deepEqual(JSON.parse(variables.KEEPER_SETTINGS), { ...others, hasGate: false, brake });
        const { policy } = mocks.get("aws:iam/rolePolicy:RolePolicy", "gate-control-role-policy").inputs;
        assert.deepEqual(
            JSON.parse(policy),
            allowControl(scope, "the-gate-control", { tableName: rights.tableName, topicArn, brake }),
        );
    });

    it("declares the same in a preview", async () => {
        const { mocks } = await run({}, true);
        assert.deepEqual(mocks.list(), everything);
    });

    it("the table: paid by the request, with expiry and a way back in time", async () => {
        const { mocks } = await run();
        const { inputs, options } = mocks.get("aws:dynamodb/table:Table", "gate-table");
        assert.deepEqual(inputs, {
            name: "the-table",
            billingMode: "PAY_PER_REQUEST",
            hashKey: "partition",
            rangeKey: "sort",
            attributes: [
                { name: "partition", type: "S" },
                { name: "sort", type: "S" },
            ],
            ttl: { attributeName: "expiresAt", enabled: true },
            pointInTimeRecovery: { enabled: true },
            deletionProtectionEnabled: false,
            tags,
        });
        assert.equal(options.protect, false);
    });

    it("the table, where it is protected, by the engine and by AWS, and nothing else is", async () => {
        const { mocks } = await run({ protectTable: true });
        assert.equal(mocks.get("aws:dynamodb/table:Table", "gate-table").inputs.deletionProtectionEnabled, true);
        const isProtected = mocks.resources.filter(({ options }) => options.protect).map(({ name }) => name);
        assert.deepEqual(isProtected, ["gate-table"]);
    });

    it("the logs, before Lambda makes some that last for ever", async () => {
        const { mocks } = await run();
        const logs = mocks.all("aws:cloudwatch/logGroup:LogGroup").map(({ inputs }) => inputs);
        assert.deepEqual(logs, [
            { name: "/aws/lambda/the-gate-control", retentionInDays: 30, tags },
            { name: "/aws/lambda/the-gate", retentionInDays: 30, tags },
        ]);
    });

    it("E1: the role that invokes: deleted before the brake, and in spite of it", async () => {
        const { mocks } = await run();
        const { inputs, options } = mocks.get("aws:iam/role:Role", "gate-role");
        assert.deepEqual(
            { ...inputs, assumeRolePolicy: JSON.parse(inputs.assumeRolePolicy) },
            {
                name: "the-role",
                description: "The gate in front of Bedrock: alone invokes its environment's models.",
                assumeRolePolicy: trustLambda(),
                forceDetachPolicies: true,
                tags,
            },
        );
        assert.deepEqual(options.dependsOn, ["brake"]);
        const permission = mocks.get("aws:iam/rolePolicy:RolePolicy", "gate-role-policy").inputs;
        assert.deepEqual(
            { ...permission, policy: JSON.parse(permission.policy) },
            { name: "gate", role: "the-role", policy: gatePolicy(scope, "the-gate", rights, models) },
        );
    });

    it("E4: its role is deleted before whatever else may deny it", async () => {
        const mocks = new RecordingMocks();
        await runWithMocks(mocks, () => {
            const [brake, other] = ["brake", "other"].map((name) => spendingDeny(name, { policyName: name }));
            new BedrockGate("gate", { ...args, brake, front, deniedBy: [other] });
        });
        assert.deepEqual(mocks.get("aws:iam/role:Role", "gate-role").options.dependsOn, ["brake", "other"]);
    });

    /** What both functions are told, word for word. */
    const told = {
        region: "us-east-1",
        microUsdPerMonth: "50000000",
        table: "the-table",
        topicArn,
        brake: { policyArn: brakeArn, users: ["the-user"], roles: ["the-role"] },
        hasGate: true,
        provisioned: { functionName: "the-gate", alias: "live", instances: 0, idleMinutes: 0 },
    };

    it("the function: published, with its right and its log there first", async () => {
        const { mocks } = await run();
        const { inputs, options } = mocks.get("aws:lambda/function:Function", "gate-function");
        const { code: archive, environment, ...rest } = inputs;
        assert.deepEqual(await textsOf(archive), { "index.js": "the gate" });
        assert.deepEqual(Object.keys(environment.variables), ["GATE_SETTINGS"]);
        assert.deepEqual(JSON.parse(environment.variables.GATE_SETTINGS), { ...told, requestsPerHour: "5" });
        assert.deepEqual(rest, {
            name: "the-gate",
            description: "The gate in front of Bedrock: counts what calls cost before they are sent.",
            role: roleArn,
            runtime: "nodejs22.x",
            architectures: ["arm64"],
            handler: "index.handler",
            memorySize: 1024,
            timeout: 300,
            publish: true,
            tags,
        });
        for (const name of ["gate-log", "gate-role-policy"]) assert.ok(options.dependsOn.includes(name), name);
    });

    it("E9: instances that wait are told to both, and begun by the gate alone", async () => {
        const provisionedConcurrency = { instances: 2, idleMinutes: 15 };
        const { mocks } = await run({ front: { ...front, provisionedConcurrency } });
        for (const [name, variable] of [
            ["gate-function", "GATE_SETTINGS"],
            ["gate-control", "KEEPER_SETTINGS"],
        ]) {
            const { variables } = mocks.get("aws:lambda/function:Function", name).inputs.environment;
            assert.deepEqual(JSON.parse(variables[variable]).provisioned, {
                ...told.provisioned,
                ...provisionedConcurrency,
            });
        }
        const { policy } = mocks.get("aws:iam/rolePolicy:RolePolicy", "gate-role-policy").inputs;
        const provisioned = { functionName: "the-gate", instances: 2 };
        assert.deepEqual(JSON.parse(policy), gatePolicy(scope, "the-gate", { ...rights, provisioned }, models));
    });

    it("the settings may come later, as the users may", async () => {
        const { mocks } = await run({
            settings: pulumi.output({ later: true }),
            users: ["the-user", pulumi.output("another")],
        });
        const { variables } = mocks.get("aws:lambda/function:Function", "gate-function").inputs.environment;
        const settings = JSON.parse(variables.GATE_SETTINGS);
        assert.equal(settings.later, true);
        assert.deepEqual(settings.brake.users, ["the-user", "another"]);
    });

    it("E11: a shut-off reaches other roles, too", async () => {
        for (const [gate, roles] of [
            [undefined, ["another"]],
            [front, ["another", "the-role"]],
        ] as const) {
            const { mocks } = await run({ roles: ["another"], front: gate });
            const { variables } = mocks.get("aws:lambda/function:Function", "gate-control").inputs.environment;
            assert.deepEqual(JSON.parse(variables.KEEPER_SETTINGS).brake.roles, roles);
            const { policy } = mocks.get("aws:iam/rolePolicy:RolePolicy", "gate-control-role-policy").inputs;
            assert.match(policy, /role\/another/);
        }
    });

    describe("variables that AWS Lambda would not take", () => {
        const measured = (variables: object) => Buffer.byteLength(JSON.stringify(variables));
        const variablesOf = (mocks: RecordingMocks, name: string) =>
            mocks.get("aws:lambda/function:Function", name).inputs.environment.variables;
        const told = { region: "us-east-1" };
        const limit = "at most 4096 bytes, the limit of AWS Lambda for a function's environment variables; ";
        const refused = async (changes: Partial<BedrockGateArgs>) => {
            const mocks = new RecordingMocks();
            const making = runWithMocks(mocks, () => {
                const brake = spendingDeny("brake", { policyName: "the-brake" });
                new BedrockGate("gate", { ...args, brake, front: front, ...changes });
            });
            const error = await making.then(
                () => assert.fail("it was taken"),
                (thrown: Error) => thrown,
            );
            return { message: error.message, functions: mocks.all("aws:lambda/function:Function"), mocks };
        };

        it("are refused before anything is made, with the settings that make them large", async () => {
            const prices = { "a-model": "x".repeat(4096) };
            const { message, mocks } = await refused({
                settings: { region: "us-east-1", prices, models: ["a-model"] },
            });
            assert.ok(message.startsWith('KEEPER_SETTINGS is "4'), message);
            assert.ok(
                message.includes(`expected ${limit}the largest settings in it are prices (4110 bytes), `),
                message,
            );
            assert.deepEqual(mocks.all("aws:dynamodb/table:Table"), []);
        });

        it("are refused where the gate's alone are too large", async () => {
            const own = { ...front, settings: { prices: "x".repeat(4096) } };
            assert.match((await refused({ front: own })).message, /^GATE_SETTINGS is "4\d\d\d bytes"/);
        });

        it("are counted to the byte, as JSON in which quotes are escaped, with what was made for them", async () => {
            for (const [variable, name] of [
                ["KEEPER_SETTINGS", "gate-control"],
                ["GATE_SETTINGS", "gate-function"],
            ] as const) {
                const padded = (padding: string): Partial<BedrockGateArgs> =>
                    variable === "KEEPER_SETTINGS"
                        ? { settings: { ...told, padding }, front: undefined }
                        : { front: { ...front, settings: { ...told, padding } } };
                const empty = measured(variablesOf((await run(padded(""))).mocks, name));
                const room = 4096 - empty;
                const { mocks } = await run(padded("x".repeat(room)));
                assert.equal(measured(variablesOf(mocks, name)), 4096);
                const { message, functions } = await refused(padded("x".repeat(room + 1)));
                assert.ok(message.includes(`${variable} is "4097 bytes", expected ${limit}`), message);
                assert.ok(!functions.some((made) => made.name === name));
            }
        });

        it("are refused as soon as they are known, where that is later", async () => {
            const settings = pulumi.output({ prices: "x".repeat(4096) });
            const { message, functions } = await refused({ settings });
            assert.match(message, /KEEPER_SETTINGS is "4\d\d\d bytes"/);
            assert.deepEqual(functions, []);
        });
    });

    it("the URL asks for signatures and streams, and is that of the alias", async () => {
        const { mocks } = await run();
        assert.deepEqual(mocks.get("aws:lambda/alias:Alias", "gate-alias").inputs, {
            name: "live",
            functionName: "the-gate",
            functionVersion: "1",
        });
        assert.deepEqual(mocks.get("aws:lambda/functionUrl:FunctionUrl", "gate-url").inputs, {
            functionName: "the-gate",
            qualifier: "live",
            authorizationType: "AWS_IAM",
            invokeMode: "RESPONSE_STREAM",
        });
    });

    it("E4: the keeper: code and rights of its own", async () => {
        const { mocks } = await run();
        const { inputs, options } = mocks.get("aws:lambda/function:Function", "gate-control");
        const { code: archive, environment, ...rest } = inputs;
        assert.deepEqual(await textsOf(archive), { "index.js": "the keeper" });
        assert.deepEqual(Object.keys(environment.variables), ["KEEPER_SETTINGS"]);
        assert.deepEqual(JSON.parse(environment.variables.KEEPER_SETTINGS), told);
        assert.deepEqual(rest, {
            name: "the-gate-control",
            description: "Keeps the budget's ledger and brake, and restores it.",
            role: "arn:aws:iam::123456789012:role/the-gate-control",
            runtime: "nodejs22.x",
            architectures: ["arm64"],
            handler: "index.handler",
            memorySize: 512,
            timeout: 120,
            tags,
        });
        for (const name of ["gate-control-log", "gate-control-role-policy"]) {
            assert.ok(options.dependsOn.includes(name), name);
        }
        const role = mocks.get("aws:iam/role:Role", "gate-control-role").inputs;
        assert.deepEqual(
            { ...role, assumeRolePolicy: JSON.parse(role.assumeRolePolicy) },
            {
                name: "the-gate-control",
                description: "The keeper of the budget: attaches and detaches its brake.",
                assumeRolePolicy: trustLambda(),
                tags,
            },
        );
        const permission = mocks.get("aws:iam/rolePolicy:RolePolicy", "gate-control-role-policy").inputs;
        assert.deepEqual(
            { ...permission, policy: JSON.parse(permission.policy) },
            { name: "control", role: "the-gate-control", policy: allowControl(scope, "the-gate-control", rights) },
        );
    });

    it("E4: the schedules start the keeper every five minutes, and as a month begins in UTC", async () => {
        const { mocks } = await run();
        const schedule = (name: string, description: string, scheduleExpression: string, task = "keep") => ({
            name,
            description,
            scheduleExpression,
            scheduleExpressionTimezone: "UTC",
            flexibleTimeWindow: { mode: "OFF" },
            target: {
                arn: controlArn,
                roleArn: "arn:aws:iam::123456789012:role/the-gate-control-schedule",
                input: JSON.stringify({ task }),
                retryPolicy: { maximumRetryAttempts: 10, maximumEventAgeInSeconds: 3600 },
            },
        });
        const schedules = mocks.all("aws:scheduler/schedule:Schedule");
        assert.deepEqual(
            schedules.map(({ inputs }) => inputs),
            [
                schedule(
                    "the-gate-control-keep",
                    "Expires leases, attaches or detaches the brake where it has to be, and looks at what Bedrock has counted.",
                    "rate(5 minutes)",
                ),
                schedule("the-gate-control-month", "Restores the budget as a month begins.", "cron(0 0 1 * ? *)"),
                schedule(
                    "the-gate-control-daily",
                    "Reports what the month has cost so far.",
                    "cron(0 6 * * ? *)",
                    "daily",
                ),
            ],
        );
        for (const { name, options } of schedules) {
            assert.ok(options.dependsOn.includes("gate-schedule-role-policy"), name);
        }
        const role = mocks.get("aws:iam/role:Role", "gate-schedule-role").inputs;
        assert.deepEqual(
            { ...role, assumeRolePolicy: JSON.parse(role.assumeRolePolicy) },
            {
                name: "the-gate-control-schedule",
                description: "Lets the keeper's schedules start it.",
                assumeRolePolicy: trustScheduler(scope.accountId),
                tags,
            },
        );
        const permission = mocks.get("aws:iam/rolePolicy:RolePolicy", "gate-schedule-role-policy").inputs;
        assert.deepEqual(
            { ...permission, policy: JSON.parse(permission.policy) },
            { name: "start", role: "the-gate-control-schedule", policy: allowStarting(controlArn) },
        );
    });

    const alarm = (name: string, functionName: string, metricName: string, description: string, rest: object) => ({
        name,
        alarmDescription: description,
        namespace: "AWS/Lambda",
        metricName,
        dimensions: { FunctionName: functionName },
        statistic: "Sum",
        period: 300,
        alarmActions: [topicArn],
        tags,
        ...rest,
    });
    const failure = {
        evaluationPeriods: 1,
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
        treatMissingData: "notBreaching",
    };
    const ofKeeper = [
        alarm(
            "the-gate-control-errors",
            "the-gate-control",
            "Errors",
            "The keeper of the budget has failed: see its log.",
            failure,
        ),
        alarm(
            "the-gate-control-silent",
            "the-gate-control",
            "Invocations",
            "The keeper of the budget does not run, as it should every five minutes: see its schedules.",
            {
                evaluationPeriods: 3,
                comparisonOperator: "LessThanThreshold",
                threshold: 1,
                treatMissingData: "breaching",
                okActions: [topicArn],
            },
        ),
    ];
    const ofGate = [
        alarm(
            "the-gate-errors",
            "the-gate",
            "Errors",
            "The gate in front of Bedrock has crashed or run out of time: see its log.",
            failure,
        ),
        alarm(
            "the-gate-throttles",
            "the-gate",
            "Throttles",
            "Lambda has turned callers of the gate away: no concurrency was left for it.",
            failure,
        ),
    ];
    const byName = <Named extends { name: string }>(all: Named[]) =>
        [...all].sort((a, b) => (a.name < b.name ? -1 : 1));
    const alarmsIn = (mocks: RecordingMocks) =>
        byName(mocks.all("aws:cloudwatch/metricAlarm:MetricAlarm").map(({ inputs }) => inputs as { name: string }));

    it("E4: alarms: a keeper that fails or does not run, a gate that fails or turns callers away", async () => {
        const { mocks } = await run();
        assert.deepEqual(alarmsIn(mocks), byName([...ofKeeper, ...ofGate]));
        for (const { name, options } of mocks.all("aws:cloudwatch/metricAlarm:MetricAlarm")) {
            assert.ok(options.dependsOn.includes("gate-topic-policy"), name);
        }
    });

    it("E4: alarms of the keeper alone, where there is no gate", async () => {
        const { mocks } = await run({ front: undefined });
        assert.deepEqual(alarmsIn(mocks), ofKeeper);
        const { policy } = mocks.get("aws:sns/topicPolicy:TopicPolicy", "gate-topic-policy").inputs;
        const names = ["the-gate-control-errors", "the-gate-control-silent"];
        assert.deepEqual(JSON.parse(policy), allowAlarmsToPublish(scope, topicArn, names));
    });

    it("E4: a topic that every alarm may publish to, and that is mailed to each address", async () => {
        const { mocks } = await run();
        assert.deepEqual(mocks.get("aws:sns/topic:Topic", "gate-topic").inputs, { name: "the-topic", tags });
        const { arn, policy } = mocks.get("aws:sns/topicPolicy:TopicPolicy", "gate-topic-policy").inputs;
        assert.equal(arn, topicArn);
        const names = [...ofKeeper, ...ofGate].map(({ name }) => name);
        assert.deepEqual(JSON.parse(policy), allowAlarmsToPublish(scope, topicArn, names));
        assert.deepEqual(
            mocks.all("aws:sns/topicSubscription:TopicSubscription").map(({ inputs }) => inputs),
            args.alertEmails.map((endpoint) => ({ topic: topicArn, protocol: "email", endpoint })),
        );
    });

    it("gives out its URL and names", async () => {
        const { gate } = await run();
        const { tableName, controlName, topicArn: topic } = gate;
        const { url, functionName, roleName } = gate.gate!;
        assert.deepEqual(await valueOf(pulumi.all([url, functionName, roleName, tableName, controlName, topic])), [
            "https://gate-url.lambda-url.us-east-1.on.aws/",
            "the-gate",
            "the-role",
            "the-table",
            "the-gate-control",
            topicArn,
        ]);
    });

    const long = "n".repeat(48);
    const faults: [Partial<BedrockGateArgs>, string][] = [
        ...[long, "", "a.b"].map((functionName): [Partial<BedrockGateArgs>, string] => [
            { functionName },
            `functionName is "${functionName}", expected 1 to 47 letters, digits, hyphens and underscores`,
        ]),
        [
            { front: { ...front, roleName: "a/b" } },
            'front.roleName is "a/b", expected 1 to 64 letters, digits and +=,.@_-',
        ],
        ...["ab", "a b c"].map((tableName): [Partial<BedrockGateArgs>, string] => [
            { tableName },
            `tableName is "${tableName}", expected 3 to 255 letters, digits and _.-`,
        ]),
        ...["", "a.b", "n".repeat(257)].map((topicName): [Partial<BedrockGateArgs>, string] => [
            { topicName },
            `topicName is "${topicName}", expected 1 to 256 letters, digits, hyphens and underscores`,
        ]),
        [{ alertEmails: [] }, "alertEmails is [], expected one to ten addresses, each once"],
        [{ alertEmails: ["a@b", "ab"] }, 'alertEmails[1] is "ab", expected an e-mail address'],
        ...[0, 901, 1.5].map((timeoutSeconds): [Partial<BedrockGateArgs>, string] => [
            { front: { ...front, timeoutSeconds } },
            `front.timeoutSeconds is ${timeoutSeconds}, expected a whole number of seconds from 1 to 900`,
        ]),
    ];
    for (const [changes, sentence] of faults) {
        it(`refuses: ${sentence}`, async () => {
            const mocks = new RecordingMocks();
            await assert.rejects(
                runWithMocks(mocks, () => {
                    const brake = spendingDeny("brake", { policyName: "the-brake" });
                    new BedrockGate("gate", { ...args, brake, ...changes });
                }),
                (error: Error) =>
                    pulumi.ResourceError.isInstance(error) && error.hideStack && error.message === sentence,
            );
            assert.deepEqual(mocks.all("aws:lambda/function:Function"), []);
        });
    }

    it("takes the longest name with which every name that it makes is one that AWS takes", async () => {
        const { mocks } = await run({ functionName: "n".repeat(47) });
        const made = mocks.resources.filter(({ type }) => /Role$|Function$|Schedule$/.test(type));
        const lengths = made.map(({ inputs }) => String(inputs.name).length);
        assert.equal(Math.max(...lengths), 64);
    });
});

describe("policies of a BedrockGate", () => {
    const counting: PolicyStatement[] = [
        {
            Sid: "AllowCounting",
            Effect: "Allow",
            Action: ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"],
            Resource: "arn:aws:dynamodb:us-east-1:123456789012:table/the-table",
        },
        {
            Sid: "AllowLogging",
            Effect: "Allow",
            Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
            Resource: "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/the-gate:*",
        },
        { Sid: "AllowTelling", Effect: "Allow", Action: "sns:Publish", Resource: topicArn },
    ];
    const onlyTheBrake = { ArnEquals: { "iam:PolicyARN": brakeArn } };

    it("E4: its role counts, invokes and attaches the brake, to its user and itself, and cannot detach it", () => {
        assert.deepEqual(gatePolicy(scope, "the-gate", rights, models), {
            Version: "2012-10-17",
            Statement: [
                ...counting,
                {
                    Sid: "AllowAttachingToUsers",
                    Effect: "Allow",
                    Action: ["iam:AttachUserPolicy"],
                    Resource: [userArn],
                    Condition: onlyTheBrake,
                },
                {
                    Sid: "AllowAttachingToRoles",
                    Effect: "Allow",
                    Action: ["iam:AttachRolePolicy"],
                    Resource: [roleArn],
                    Condition: onlyTheBrake,
                },
                ...models,
            ],
        });
        assert.ok(!actionsOf(gatePolicy(scope, "the-gate", rights, models).Statement).some((of) => /Detach/.test(of)));
    });

    it("E4: its keeper attaches and detaches that policy on those, sees who has one, and invokes nothing", () => {
        assert.deepEqual(allowControl(scope, "the-gate", rights), {
            Version: "2012-10-17",
            Statement: [
                ...counting,
                {
                    Sid: "AllowAttachingAndDetachingToUsers",
                    Effect: "Allow",
                    Action: ["iam:AttachUserPolicy", "iam:DetachUserPolicy"],
                    Resource: [userArn],
                    Condition: onlyTheBrake,
                },
                {
                    Sid: "AllowAttachingAndDetachingToRoles",
                    Effect: "Allow",
                    Action: ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
                    Resource: [roleArn],
                    Condition: onlyTheBrake,
                },
                {
                    Sid: "AllowSeeingAttachmentsToUsers",
                    Effect: "Allow",
                    Action: "iam:ListAttachedUserPolicies",
                    Resource: [userArn],
                },
                {
                    Sid: "AllowSeeingAttachmentsToRoles",
                    Effect: "Allow",
                    Action: "iam:ListAttachedRolePolicies",
                    Resource: [roleArn],
                },
                {
                    Sid: "AllowEndingInstances",
                    Effect: "Allow",
                    Action: "lambda:DeleteProvisionedConcurrencyConfig",
                    Resource: "arn:aws:lambda:us-east-1:123456789012:function:the-gate:live",
                },
                {
                    Sid: "AllowLookingThroughTheTable",
                    Effect: "Allow",
                    Action: "dynamodb:Query",
                    Resource: "arn:aws:dynamodb:us-east-1:123456789012:table/the-table",
                },
                {
                    Sid: "AllowWatching",
                    Effect: "Allow",
                    Action: ["ce:GetCostAndUsage", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
                    Resource: "*",
                },
            ],
        });
    });

    it("E9: the gate begins instances of that alias where some are to wait, and no other right changes", () => {
        const some = { ...rights, provisioned: { functionName: "the-gate", instances: 1 } };
        const before = gatePolicy(scope, "the-gate", rights, models).Statement;
        assert.deepEqual(
            gatePolicy(scope, "the-gate", some, models).Statement.filter(
                ({ Sid }) => !before.some((s) => s.Sid === Sid),
            ),
            [
                {
                    Sid: "AllowBeginningInstances",
                    Effect: "Allow",
                    Action: "lambda:PutProvisionedConcurrencyConfig",
                    Resource: "arn:aws:lambda:us-east-1:123456789012:function:the-gate:live",
                },
            ],
        );
    });

    it("leave out whom a shut-off does not reach", () => {
        const nobody = { ...rights, brake: { ...rights.brake, users: [], roles: [] } };
        const actions = [gatePolicy(scope, "the-gate", nobody, []), allowControl(scope, "the-gate", nobody)].flatMap(
            ({ Statement }) => actionsOf(Statement),
        );
        assert.ok(!actions.some((action) => action.startsWith("iam:")));
    });

    it("E1: a caller may use the URL, signed, and not invoke the function in any other way", () => {
        const alias = "arn:aws:lambda:us-east-1:123456789012:function:the-gate:live";
        assert.deepEqual(callStatements(scope, "the-gate"), [
            {
                Sid: "AllowCallingGate",
                Effect: "Allow",
                Action: "lambda:InvokeFunctionUrl",
                Resource: alias,
                Condition: { StringEquals: { "lambda:FunctionUrlAuthType": "AWS_IAM" } },
            },
            {
                Sid: "AllowCallingGateThroughUrl",
                Effect: "Allow",
                Action: "lambda:InvokeFunction",
                Resource: alias,
                Condition: { Bool: { "lambda:InvokedViaFunctionUrl": "true" } },
            },
        ]);
    });

    it("name the partition's ARNs in every one", () => {
        const china = { partition: "aws-cn", accountId: "123456789012", region: "cn-north-1" };
        const text = JSON.stringify([
            gatePolicy(china, "the-gate", { ...rights, topicArn: "t", brake: { ...rights.brake, policyArn: "p" } }, []),
            callStatements(china, "the-gate"),
            allowAlarmsToPublish(china, "t", ["an-alarm"]),
        ]);
        assert.doesNotMatch(text, /arn:aws:/);
    });

    it("E4: the topic: those alarms of this account and region alone, and nobody else", () => {
        assert.deepEqual(allowAlarmsToPublish(scope, topicArn, ["one", "two"]).Statement, [
            {
                Sid: "AllowAlarmsToPublish",
                Effect: "Allow",
                Principal: { Service: "cloudwatch.amazonaws.com" },
                Action: "sns:Publish",
                Resource: topicArn,
                Condition: {
                    StringEquals: { "aws:SourceAccount": "123456789012" },
                    ArnLike: {
                        "aws:SourceArn": [
                            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:one",
                            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:two",
                        ],
                    },
                },
            },
        ]);
    });

    it("trust: Lambda, and the schedules of this account alone", () => {
        assert.deepEqual(trustLambda().Statement, [
            {
                Sid: "TrustLambda",
                Effect: "Allow",
                Principal: { Service: "lambda.amazonaws.com" },
                Action: "sts:AssumeRole",
            },
        ]);
        assert.deepEqual(trustScheduler("123456789012").Statement, [
            {
                Sid: "TrustScheduler",
                Effect: "Allow",
                Principal: { Service: "scheduler.amazonaws.com" },
                Action: "sts:AssumeRole",
                Condition: { StringEquals: { "aws:SourceAccount": "123456789012" } },
            },
        ]);
        assert.deepEqual(allowStarting(controlArn).Statement, [
            { Sid: "AllowStarting", Effect: "Allow", Action: "lambda:InvokeFunction", Resource: controlArn },
        ]);
    });
});
