import assert from "node:assert/strict";

import { gaps, localOperatorPolicy } from "../../local/aws/gaps";
import { operatorPolicy } from "../../ops/rights/operator";
import { plan, type PlanTarget } from "../../ops/verify/plan";
import { serviceFacts, type ServiceName, type ServiceOutputs } from "../../services";
import { type Check } from "../../services/checks";
import { grantsInWords } from "../../services/grants";
import { sessionPolicy } from "../../services/llm-models/session";

const accountId = "123456789012";
const keys = { accessKeyId: "AKIAONE", accessKeyIds: ["AKIAONE"], secretAccessKey: "hidden" };
const region = "us-east-1";
const iam = (resource: string) => `arn:aws:iam::${accountId}:${resource}`;

const outputs = {
    "rl-studio": { region, bucketName: "rollouts", userName: "rl", noncurrentVersionDays: 14, ...keys },
    "clinical-ai": {
        region,
        sourceBucket: "source",
        destinationBucket: "destination",
        identityMode: "static",
        userName: "worker",
        ...keys,
    },
    snapshotter: {
        region,
        bucketName: "snapshots",
        prefix: "repo-scans/snapshotter/",
        taskRoleArn: iam("role/task"),
        executionRoleArn: iam("role/execution"),
        policyArn: iam("policy/rw"),
        taskDefinitionArn: `arn:aws:ecs:${region}:${accountId}:task-definition/snapshotter:1`,
        groupName: "agents",
        agentUserName: "agent",
        ...keys,
    },
    mlflow: {
        region,
        bucketName: "artifacts",
        prefix: "mlflow-artifacts/",
        artifactRoot: "s3://artifacts/mlflow-artifacts",
        userName: "mlflow",
        ...keys,
    },
    "llm-models": {
        region,
        models: ["meta.one", "meta.two"],
        userName: "llm",
        budgetName: "budget",
        monthlyLimitUsd: 50,
        alertPercent: 80,
        alertEmails: ["b@example.org", "a@example.org"],
        topicArn: `arn:aws:sns:${region}:${accountId}:alerts`,
        denyPolicyArn: iam("policy/deny"),
        shutOffRoleArn: iam("role/shut-off"),
        budgetAction: false,
        keeper: {
            tableName: "table",
            controlName: "keeper",
            brakePolicyArn: iam("policy/brake"),
            topicArn: `arn:aws:sns:${region}:${accountId}:gate-alerts`,
        },
        ...keys,
    },
} satisfies Partial<ServiceOutputs>;

const services = Object.keys(outputs) as ServiceName[];
const target: PlanTarget = { accountId, outputs, services };

function checksOf(changed: Partial<PlanTarget> = {}): Check[] {
    return plan({ ...target, ...changed }).map(({ check }) => check);
}

function theCheck(id: string, name: string, changed: Partial<PlanTarget> = {}): Check {
    const found = checksOf(changed).filter((check) => check.id === id && check.name === name);
    assert.equal(found.length, 1, `${id} ${name}`);
    return found[0];
}

describe("what the emulator lacks", () => {
    for (const { id, name } of gaps) {
        it(`is about one check: ${id} ${name}`, () => {
            const named = plan(target).filter(({ check }) => check.id === id && check.name === name);
            assert.equal(named.length, 1);
        });
    }
});

describe("the checks of the services", () => {
    it("cover every requirement that a live call can prove", () => {
        const ids = [...new Set(checksOf().map(({ id }) => id))].sort();
        const wanted = "A1 A2 A4 A5 B1 C1 C2 C3 C4 C6 C7 D1 D5 E1 E10 E2 E3 E4 E5".split(" ");
        assert.deepEqual(ids, wanted);
    });

    it("are told apart by id, name and identity", () => {
        const names = checksOf().map(({ id, name, caller }) => JSON.stringify([id, name, caller]));
        assert.deepEqual(
            names.filter((name, index) => names.indexOf(name) !== index),
            [],
        );
    });

    it("never show a secret", () => {
        assert.ok(!JSON.stringify(checksOf()).includes("hidden"));
    });

    it("ask of every identity at least once", () => {
        const callers = new Set(checksOf().map(({ caller }) => JSON.stringify(caller)));
        assert.deepEqual([...callers].sort(), [
            '"deployer"',
            '"operator"',
            '"service"',
            '{"mayAssume":"arn:aws:iam::123456789012:role/task"}',
            '{"temporaryMemberOf":"agents"}',
        ]);
    });

    it("try each bucket with the keys of another service", () => {
        const foreign = checksOf().filter(({ name }) => name.startsWith("write another's "));
        assert.deepEqual(
            foreign.map(({ id, name }) => [id, name.replace("write another's ", "")]),
            [
                ["A5", "source"],
                ["B1", "snapshots"],
                ["C4", "artifacts"],
                ["D5", "rollouts"],
                ["E1", "rollouts"],
            ],
        );
    });

    it("try no other bucket where a stack has none", () => {
        const alone = checksOf({ outputs: { "rl-studio": outputs["rl-studio"] }, services: ["rl-studio"] });
        assert.ok(alone.length > 0 && alone.every(({ name }) => !name.includes("another's")));
    });

    it("are refused for a service that the stack does not have", () => {
        assert.throws(() => plan({ ...target, outputs: {} }), /services: got rl-studio, expected a service/);
    });
});

describe("the checks of rl-studio", () => {
    it("expect the lifecycle's days from the outputs", () => {
        assert.equal(
            theCheck("A1", "lifecycle: two rules, nothing more").expected,
            "all objects: abort uploads after 7 days, expire after 365 days, noncurrent versions after 14 days; " +
                "all objects: remove expired delete markers",
        );
    });

    it("try the two encryptions that the bucket denies", () => {
        const puts = checksOf({ services: ["rl-studio"] }).filter(
            ({ probe }) => probe.kind === "s3" && probe.bucket === "rollouts" && probe.encryption,
        );
        assert.deepEqual(
            puts.map(({ expected, probe }) => [expected, probe.kind === "s3" && probe.encryption]),
            [
                ["denied (AccessDenied)", "aws:kms"],
                ["denied (AccessDenied)", "customer key"],
            ],
        );
    });

    it("expect four actions", () => {
        assert.equal(
            theCheck("A2", "user's policy: four actions").expected,
            "Allow s3:DeleteObject, s3:GetObject, s3:PutObject on arn:aws:s3:::rollouts/*; " +
                "Allow s3:ListBucket on arn:aws:s3:::rollouts",
        );
    });

    it("expect both keys during a rotation", () => {
        const rotating = { ...outputs["rl-studio"], accessKeyIds: ["AKIATWO", "AKIAONE"] };
        const check = theCheck("A2", "user's keys", { outputs: { ...outputs, "rl-studio": rotating } });
        assert.equal(check.expected, "active: AKIAONE, AKIATWO; inactive: none");
    });
});

describe("the checks of clinical-ai", () => {
    const withRole = (
        changed: Pick<
            ServiceOutputs["clinical-ai"],
            "identityMode" | "oidcProviderArn" | "clusterName" | "vaultPrincipalArn"
        >,
    ) =>
        checksOf({
            outputs: {
                ...outputs,
                "clinical-ai": {
                    region,
                    sourceBucket: "source",
                    destinationBucket: "destination",
                    roleArn: iam("role/worker"),
                    ...changed,
                },
            },
            services: ["clinical-ai"],
        });
    const issuer = "oidc.eks.us-east-1.amazonaws.com/id/1";

    it("compare only what is declared where nobody outside the cluster has credentials", () => {
        assert.deepEqual(
            withRole({ identityMode: "irsa" }).map(({ caller, probe }) => [caller, probe]),
            ["grants", "attachments", "trust"].map((aspect) => ["operator", { kind: "role", aspect, role: "worker" }]),
        );
    });

    const trusts = {
        irsa:
            `Allow sts:AssumeRoleWithWebIdentity to Federated ${iam(`oidc-provider/${issuer}`)} if ` +
            `StringEquals ${issuer}:aud = sts.amazonaws.com and ` +
            `StringEquals ${issuer}:sub = system:serviceaccount:clinical-ai:clinical-ai-prefect-worker`,
        podIdentity:
            "Allow sts:AssumeRole, sts:TagSession to Service pods.eks.amazonaws.com if " +
            "ArnEquals aws:SourceArn = arn:aws:eks:us-east-1:123456789012:cluster/main and " +
            "StringEquals aws:RequestTag/kubernetes-namespace = clinical-ai and " +
            "StringEquals aws:RequestTag/kubernetes-service-account = clinical-ai-prefect-worker and " +
            "StringEquals aws:SourceAccount = 123456789012",
        vaultDynamic: "Allow sts:AssumeRole to AWS arn:aws:iam::123456789012:user/vault",
    };
    for (const identityMode of ["irsa", "podIdentity", "vaultDynamic"] as const) {
        it(`expect the trust of mode ${identityMode}`, () => {
            const checks = withRole({
                identityMode,
                oidcProviderArn: iam(`oidc-provider/${issuer}`),
                clusterName: "main",
                vaultPrincipalArn: iam("user/vault"),
            });
            assert.equal(checks.find(({ name }) => name === "role's trust")?.expected, trusts[identityMode]);
        });
    }
});

describe("the checks of the snapshotter", () => {
    it("try the three cases of its policy test under their names", () => {
        assert.deepEqual(
            checksOf()
                .filter(({ id, probe }) => id === "C6" && probe.kind === "s3")
                .map(({ name, expected, probe }) => [name, expected, probe.kind === "s3" && probe.encryption]),
            [
                ["no_sse_header_should_fail", "denied (AccessDenied)", undefined],
                ["sse_aes256_should_succeed", "allowed", "AES256"],
                ["sse_aws_kms_should_fail", "denied (AccessDenied)", "aws:kms"],
            ],
        );
    });

    it("begin with what a temporary member is allowed, so that a later denial is no delay", () => {
        const members = checksOf().filter(({ caller }) => typeof caller === "object" && "temporaryMemberOf" in caller);
        assert.equal(members[0].expected, "allowed");
    });

    it("try the trust with a user whose right to assume is in force by then", () => {
        const holders = checksOf().filter(({ caller }) => typeof caller === "object" && "mayAssume" in caller);
        assert.deepEqual(
            holders.map(({ probe, expected }) => [probe.kind, expected.startsWith("Allow sts:AssumeRole")]),
            [
                ["role", true],
                ["assumeRole", false],
            ],
        );
        assert.equal(holders[1].expected, "denied (AccessDenied)");
    });

    it("expect the trust of ECS tasks of this account and region alone", () => {
        assert.equal(
            theCheck("C3", "task role's trust").expected,
            "Allow sts:AssumeRole to Service ecs-tasks.amazonaws.com if " +
                "ArnLike aws:SourceArn = arn:aws:ecs:us-east-1:123456789012:* and " +
                "StringEquals aws:SourceAccount = 123456789012",
        );
    });
});

describe("the checks of llm-models", () => {
    const alerts = (alertPercent: number) =>
        theCheck("E3", "alert levels, each once", {
            outputs: { ...outputs, "llm-models": { ...outputs["llm-models"], alertPercent } },
        }).expected;

    it("expect the tier's own level among the usual ones", () => {
        assert.equal(alerts(80), "ACTUAL > 50%, 75%, 80%, 90%; FORECASTED > 100%");
    });

    it("expect a level once that the tier repeats", () => {
        assert.equal(alerts(75), "ACTUAL > 50%, 75%, 90%; FORECASTED > 100%");
    });

    it("expect the cost tag as a filter", () => {
        const tagged = { ...outputs["llm-models"], costTag: { key: "env", value: "dev" } };
        assert.equal(
            theCheck("E2", "monthly budget", { outputs: { ...outputs, "llm-models": tagged } }).expected,
            "COST, MONTHLY, 50 USD; Service = Amazon Bedrock; TagKeyValue = user:env$dev; without Credit, Refund",
        );
    });

    it("expect the services that the budget counts, whatever their order", () => {
        const counted = { ...outputs["llm-models"], budgetServices: ["Two", "One"] };
        assert.equal(
            theCheck("E2", "monthly budget", { outputs: { ...outputs, "llm-models": counted } }).expected,
            "COST, MONTHLY, 50 USD; Service = One, Two; without Credit, Refund",
        );
    });

    it("tolerate a model that is not in the catalogue, but not one that cannot be invoked; and who has yet to confirm", () => {
        const tolerant = checksOf().filter(({ tolerated }) => tolerated);
        const mailed = (email: string) => [`gate's topic is mailed to ${email}`, ["not confirmed yet"]];
        assert.deepEqual(
            tolerant.map(({ name, tolerated }) => [name, tolerated]),
            [
                ...["get meta.one", "get meta.two"].map((name) => [
                    name,
                    ["not served here (ResourceNotFoundException)"],
                ]),
                mailed("b@example.org"),
                mailed("a@example.org"),
            ],
        );
    });

    it("expect of a profile the regions of the settings, and of a global one every region", () => {
        const modelId = "meta.one";
        const inferenceProfiles = [
            { profileId: "us.meta.one", modelId, destinationRegions: ["us-west-2", "us-east-1"] },
            { profileId: "global.meta.one", modelId, destinationRegions: [] },
        ];
        const found = checksOf({
            outputs: { ...outputs, "llm-models": { ...outputs["llm-models"], inferenceProfiles } },
        });
        assert.deepEqual(
            found
                .filter(({ probe }) => probe.kind === "inferenceProfile")
                .map(({ id, name, caller, expected }) => [id, name, caller, expected]),
            [
                ["us.meta.one", "meta.one in us-east-1, us-west-2"],
                ["global.meta.one", "meta.one in every region"],
            ].map(([profile, routes]) => ["E1", `profile ${profile}: regions as AWS routes`, "service", routes]),
        );
    });

    it("expect the budget's own action where it is on, and no other where it is off", () => {
        const on = { outputs: { ...outputs, "llm-models": { ...outputs["llm-models"], budgetAction: true } } };
        assert.equal(
            theCheck("E4", "budget action: that policy, that user, by itself", on).expected,
            `APPLY_IAM_POLICY, AUTOMATIC, ACTUAL > 95%: ${iam("policy/deny")} for user llm: by ${iam("role/shut-off")}`,
        );
        assert.match(JSON.stringify(operatorPolicy({ ...target, ...on })), /DescribeBudgetActionsForBudget/);
        assert.ok(!checksOf().some(({ name }) => name.startsWith("budget action")));
    });

    it("say that the budget's own action was not tried", () => {
        assert.match(theCheck("E4", "deny policy attached by hand").note ?? "", /does not show that AWS Budgets/);
    });
});

describe("the checks of llm-models' narrowed sessions (E11)", () => {
    const sessionRoleArn = iam("role/the-sessions");
    const profile = { profileId: "us.meta.one", modelId: "meta.one", destinationRegions: ["us-east-1", "us-west-2"] };
    const own = { ...outputs["llm-models"], sessionRoleArn };
    const on = { outputs: { ...outputs, "llm-models": own } };

    it("say what the role may do and who may have it, and that a shut-off reaches it", () => {
        const model = (id: string) => `arn:aws:bedrock:us-east-1::foundation-model/${id}`;
        assert.equal(
            theCheck("E11", "role of the narrowed sessions: these models only", on).expected,
            `Allow bedrock:InvokeModel, bedrock:InvokeModelWithResponseStream on ${model("meta.one")}, ${model("meta.two")}`,
        );
        assert.match(
            theCheck("E11", "role of the narrowed sessions: trust", on).expected,
            /^Allow sts:AssumeRole .*arn:aws:iam::123456789012:user\/llm$/,
        );
        const attaching = theCheck("E4", "shut-off role: that policy, that user and its sessions", on).expected;
        const keeper = theCheck("E4", "role of the keeper: its table, attaching and detaching the brake", on).expected;
        for (const may of [attaching, keeper]) {
            assert.match(may, /Allow iam:AttachRolePolicy, iam:DetachRolePolicy on \S+role\/the-sessions if /);
        }
    });

    it("try a session of one model with another", () => {
        const { expected, probe, caller } = theCheck("E11", "a session narrowed to meta.one", on);
        assert.equal(expected, "it: allowed; meta.two: denied (AccessDeniedException)");
        assert.equal(caller, "service");
        assert.ok(probe.kind === "narrowedSession" && probe.roleArn === sessionRoleArn);
        assert.match(probe.policy, /foundation-model\/meta\.one/);
        assert.doesNotMatch(probe.policy, /meta\.two|bedrock:(Get|List)/);
    });

    it("narrow to a profile: itself, and its model through it in each region, and not the model itself", () => {
        const { Statement } = sessionPolicy({ ...own, inferenceProfiles: [profile] }, ["us.meta.one"], {
            partition: "aws",
            accountId,
        });
        assert.deepEqual(
            Statement.map(({ Resource, Condition }) => [[Resource].flat().length, Condition !== undefined]),
            [
                [1, false],
                [2, true],
            ],
        );
        assert.ok(JSON.stringify(Statement).length < 2048);
    });

    it("are not there where there is no such role", () =>
        assert.ok(!checksOf().some(({ id, name }) => id === "E11" && /session/.test(name))));
});

describe("the checks of llm-models behind a gate", () => {
    const gate = {
        url: "https://gate.lambda-url.us-east-1.on.aws/",
        functionName: "gate",
        roleName: "gate-role",
        requestsPerHour: 1,
        requestsPerDay: 2,
        cacheMinutes: 60,
    };
    const profile = { profileId: "us.meta.one", modelId: "meta.one", destinationRegions: ["us-east-1"] };
    const gated = { ...outputs["llm-models"], inferenceProfiles: [profile], budgetAction: true, gate };
    const on = { outputs: { ...outputs, "llm-models": gated }, services: ["llm-models"] as const };
    const off = { outputs: { ...outputs, "llm-models": { ...gated, gate: undefined } }, services: on.services };
    const byCall = (changed: typeof on | typeof off, calls: readonly string[]) =>
        checksOf(changed).flatMap(({ probe, expected, caller }) =>
            probe.kind === "bedrock" && calls.includes(probe.call) ? [[probe.call, probe.model, expected, caller]] : [],
        );
    const denied = "denied (AccessDeniedException)";

    it("E1: the service sees its models and invokes none, by no way", () => {
        const invoked = ["meta.one", "meta.two", "us.meta.one", "amazon.nova-micro-v1:0"];
        assert.deepEqual(
            byCall(on, ["invoke", "invokeStream"]),
            invoked.flatMap((model) => ["invoke", "invokeStream"].map((call) => [call, model, denied, "service"])),
        );
        assert.deepEqual(byCall(on, ["list", "get"]), byCall(off, ["list", "get"]));
    });

    it("E1: without one it invokes its models, and no other", () => {
        assert.deepEqual(
            byCall(off, ["invoke"]).map(([, model, expected]) => [model, expected]),
            [
                ["meta.one", "allowed"],
                ["meta.two", "allowed"],
                ["amazon.nova-micro-v1:0", denied],
            ],
        );
    });

    it("E1: what may invoke is the gate's role, and it may not undo a shut-off", () => {
        const { expected } = theCheck("E1", "role of the gate: these models, its table, attaching the brake", on);
        assert.match(expected, /^Allow bedrock:InvokeModel, bedrock:InvokeModelWithResponseStream on /);
        assert.doesNotMatch(expected, /Detach|bedrock:(Get|List)/);
        const user = theCheck("E1", "user's policy: sees these models, calls the gate", on).expected;
        assert.doesNotMatch(user, /bedrock:Invoke/);
        assert.match(user, /lambda:InvokeFunctionUrl on arn:aws:lambda:us-east-1:123456789012:function:gate:live if /);
        assert.ok(!checksOf(on).some(({ name }) => name === "user's policy: these models only"));
    });

    it("E4: each brake ends every invocation, is attached to nobody, and reaches the user and the gate", () => {
        const attachments = checksOf(on).filter(({ probe }) => "aspect" in probe && probe.aspect === "deniesInvoking");
        assert.deepEqual(
            attachments.map(({ probe }) => "policyArn" in probe && probe.policyArn),
            [iam("policy/deny"), iam("policy/brake")],
        );
        for (const name of ["no shut-off in force", "keeper's brake not in force"]) {
            assert.equal(theCheck("E4", name, on).expected, "groups: none; roles: none; users: none");
        }
        assert.equal(
            theCheck("E4", "budget action: that policy, that user and the gate, by itself", on).expected,
            `APPLY_IAM_POLICY, AUTOMATIC, ACTUAL > 95%: ${iam("policy/deny")} for user llm, role gate-role: by ` +
                iam("role/shut-off"),
        );
        const one = (policy: string) => `if ArnEquals iam:PolicyARN = ${iam(`policy/${policy}`)}`;
        const both = (policy: string) =>
            `Allow iam:AttachRolePolicy, iam:DetachRolePolicy on ${iam("role/gate-role")} ${one(policy)}; ` +
            `Allow iam:AttachUserPolicy, iam:DetachUserPolicy on ${iam("user/llm")} ${one(policy)}`;
        assert.equal(theCheck("E4", "shut-off role: that policy, that user and the gate", on).expected, both("deny"));
        const keeper = (changed: typeof on | typeof off) =>
            theCheck("E4", "role of the keeper: its table, attaching and detaching the brake", changed).expected;
        assert.ok(keeper(on).includes(both("brake")), keeper(on));
        assert.doesNotMatch(keeper(on), /bedrock:|policy\/deny/);
        assert.match(keeper(off), /iam:DetachUserPolicy/);
        assert.doesNotMatch(keeper(off), /RolePolic/);
    });

    it("ask neither for health nor for a shut-off with keys that invoke nothing", () => {
        const kinds = (changed: typeof on | typeof off) => checksOf(changed).map(({ probe }) => probe.kind);
        for (const kind of ["modelHealth", "shutOff", "keeperShutOff"] as const) {
            assert.ok(!kinds(on).includes(kind), kind);
            assert.ok(kinds(off).includes(kind), kind);
        }
    });

    it("are told apart by id, name and identity", () => {
        const names = checksOf(on).map(({ id, name, caller }) => JSON.stringify([id, name, caller]));
        assert.equal(new Set(names).size, names.length);
    });

    it("are those of the operator, whose policy still fits in a managed one", () => {
        const all = { ...on, services };
        assert.ok(JSON.stringify(operatorPolicy({ ...target, ...all })).length < 6_144);
    });

    it("either brake is a shut-off to who asks whether one is in force", () => {
        const { shutOff } = serviceFacts["llm-models"];
        assert.deepEqual(shutOff!(gated), { userName: "llm", policyArns: [iam("policy/deny"), iam("policy/brake")] });
    });
});

describe("grantsInWords", () => {
    const words = "Allow s3:GetObject, s3:PutObject on arn:one, arn:two";

    it("does not depend on how statements are divided or ordered", () => {
        const one = [{ Effect: "Allow", Action: ["s3:PutObject", "s3:GetObject"], Resource: ["arn:two", "arn:one"] }];
        const many = ["arn:one", "arn:two"].flatMap((Resource) =>
            ["s3:PutObject", "s3:GetObject"].map((Action) => ({
                Sid: Resource + Action,
                Effect: "Allow",
                Action,
                Resource,
            })),
        );
        assert.equal(grantsInWords(one), words);
        assert.equal(grantsInWords(many), words);
    });

    for (const [what, statement] of Object.entries({
        "an effect": { Effect: "Deny", Action: "a:B", Resource: "*" },
        "an action": { Effect: "Allow", Action: "a:*", Resource: "*" },
        "everything but an action": { Effect: "Allow", NotAction: "a:B", Resource: "*" },
        "a resource": { Effect: "Allow", Action: "a:B", Resource: "arn:x" },
        "everything but a resource": { Effect: "Allow", Action: "a:B", NotResource: "*" },
        "a principal": { Effect: "Allow", Principal: "*" as const, Action: "a:B", Resource: "*" },
        "a condition": { Effect: "Allow", Action: "a:B", Resource: "*", Condition: { Bool: { "aws:x": "true" } } },
    })) {
        it(`tells ${what} apart`, () => {
            assert.notEqual(
                grantsInWords([statement]),
                grantsInWords([{ Effect: "Allow", Action: "a:B", Resource: "*" }]),
            );
        });
    }
});

describe("operatorPolicy", () => {
    const document = operatorPolicy(target);

    it("reads and does nothing else", () => {
        const actions = document.Statement.flatMap(({ Action }) => Action);
        assert.ok(
            actions.every((action) => /^\w+:(Get|List|Describe|View)\w+$/.test(action)),
            actions.join(" "),
        );
    });

    it("names every resource except where an action has none", () => {
        const open = document.Statement.filter(({ Resource }) => [Resource].flat().includes("*"));
        assert.deepEqual(
            open.flatMap(({ Action }) => Action),
            ["ecs:DescribeTaskDefinition"],
        );
    });

    it("fits in a managed policy", () => {
        assert.ok(JSON.stringify(document).length < 6_144);
    });

    it("asks for the budget by the emulator's names only there", () => {
        const describes = (of: typeof document) => /budgets:Describe/.test(JSON.stringify(of));
        assert.deepEqual([describes(document), describes(localOperatorPolicy(document))], [false, true]);
    });

    it("is about the chosen services only", () => {
        assert.ok(!JSON.stringify(operatorPolicy({ ...target, services: ["rl-studio"] })).includes("snapshots"));
    });
});
