import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { hostname } from "node:os";

import { clientsFor, closeClients } from "../../ops/aws/clients";
import { awsDiagnosisOf, diagnoseAws } from "../../ops/doctor/aws";
import { type AwsFacts, type Keys, type ServiceFacts, type UnfinishedUpdate } from "../../ops/doctor/aws/facts";
import { type Need, needsOf } from "../../ops/doctor/aws/needs";
import { judgementOf, principalOf, simulate } from "../../ops/doctor/aws/simulate";
import { joined } from "../../ops/doctor/examine";
import { type Look } from "../../ops/doctor/facts";
import { diagnosisInWords, type Finding, remediesOf } from "../../ops/doctor/finding";
import { type ExportedState } from "../../ops/recover/state";
import { deployerPolicy } from "../../ops/rights/deployer";
import { type StackState } from "../../ops/stack/backend";
import { resourcesOf } from "../../ops/stack/resources";
import { readStackSettings } from "../../ops/stack/settings";
import { type ServiceName, serviceNames } from "../../services";
import { OutdatedOutputs } from "../../services/outputs";
import { type Settings } from "../../stacks/settings";

const accountId = "123456789012";
const scope = { partition: "aws", accountId, region: "us-east-1" };
const verify = "infra verify --stack dev --deployer-profile NAME";
const declared = { stack: "dev", program: "infra", verify, region: "us-east-1", accountIds: [accountId] };
const remedies = remediesOf("dev");
const arn = `arn:aws:iam::${accountId}:user/deployer`;

describe("what the deployer needs", () => {
    const dev = readStackSettings("dev");
    const needed = (service: ServiceName, changed: Partial<Settings> = {}) =>
        needsOf(resourcesOf(service, { ...dev, ...changed }), scope);
    const withIdentity = (identity: object) => ({ "clinical-ai": { ...dev["clinical-ai"]!, identity } }) as Settings;
    const podIdentity = withIdentity({ mode: "podIdentity", clusterName: "main" });

    it("for rl-studio are the eight of A6 by IAM's names, each on the resource that it is about", () => {
        const on = (resource: string) => needed("rl-studio").find((need) => need.resource === resource)!.actions;
        const bucket = on("arn:aws:s3:::rl-studio-rollouts-dev");
        const user = on(`arn:aws:iam::${accountId}:user/rl-studio-rollouts-service-user-dev`);
        for (const action of ["CreateBucket", "PutBucketVersioning", "PutEncryptionConfiguration"]) {
            assert.ok(bucket.includes(`s3:${action}`), action);
        }
        for (const action of ["PutBucketPublicAccessBlock", "PutLifecycleConfiguration"]) {
            assert.ok(bucket.includes(`s3:${action}`), action);
        }
        for (const action of ["CreateUser", "PutUserPolicy", "CreateAccessKey"]) {
            assert.ok(user.includes(`iam:${action}`), action);
        }
    });

    it("are of all services together the actions of the deployer's policy", () => {
        const every = serviceNames.flatMap((service) => [...needed(service), ...needed(service, podIdentity)]);
        const policy = deployerPolicy("aws", accountId).Statement.flatMap(({ Action }) => [Action].flat() as string[]);
        assert.deepEqual([...new Set(every.flatMap(({ actions }) => actions))].sort(), policy.sort());
    });

    it("hand a role over to the one service of AWS that takes it", () => {
        const passed = needed("snapshotter").filter(({ actions }) => actions.includes("iam:PassRole"));
        assert.deepEqual(
            passed.map(({ resource, passedTo }) => [resource.split("/")[1], passedTo]),
            [
                ["fruitful-repo-snapshotter-task-role-dev", "ecs-tasks.amazonaws.com"],
                ["fruitful-repo-snapshotter-task-role-dev-execution", "ecs-tasks.amazonaws.com"],
            ],
        );
        assert.ok(!needed("rl-studio").some(({ actions }) => actions.includes("iam:PassRole")));
        const ofModels = needed("llm-models").filter(({ actions }) => actions.includes("iam:PassRole"));
        assert.deepEqual(
            ofModels.map(({ resource, passedTo }) => [resource.split("/")[1], passedTo]),
            [
                ["deployer-ddf-llm-models-shut-off-role-dev", "budgets.amazonaws.com"],
                ["deployer-ddf-llm-models-dev-control", "lambda.amazonaws.com"],
                ["deployer-ddf-llm-models-dev-control-schedule", "scheduler.amazonaws.com"],
                ["deployer-ddf-llm-models-gate-role-dev", "lambda.amazonaws.com"],
            ],
        );
        const byHand = { "llm-models": { ...dev["llm-models"]!, budgetAction: false } };
        const creates = ({ actions }: Need) => actions.includes("budgets:CreateBudgetAction");
        assert.deepEqual(
            [needed("llm-models").some(creates), needed("llm-models", byHand).some(creates)],
            [true, false],
        );
    });

    it("are on the table, the functions and the schedules that llm-models is made of, with a gate and without", () => {
        const regional = (service: string, resource: string) =>
            `arn:aws:${service}:${scope.region}:${accountId}:${resource}`;
        const gate = regional("lambda", "function:deployer-ddf-llm-models-dev");
        const keeper = [
            regional("dynamodb", "table/deployer-ddf-llm-models-gate-dev"),
            regional("lambda", "function:deployer-ddf-llm-models-dev-control"),
            regional("scheduler", "schedule/default/deployer-ddf-llm-models-dev-control-daily"),
            regional("scheduler", "schedule/default/deployer-ddf-llm-models-dev-control-keep"),
            regional("scheduler", "schedule/default/deployer-ddf-llm-models-dev-control-month"),
        ];
        const resources = (changed: Partial<Settings> = {}) =>
            needed("llm-models", changed)
                .map(({ resource }) => resource)
                .filter((resource) => /:(dynamodb|lambda|scheduler):/.test(resource));
        assert.deepEqual(resources().sort(), [...keeper, gate].sort());
        assert.deepEqual(resources({ "llm-models": { ...dev["llm-models"]!, gate: undefined } }).sort(), keeper);
    });

    it("are for a role instead of a user in the modes of clinical-ai without static keys", () => {
        const actions = (mode: string) =>
            needed("clinical-ai", withIdentity({ mode })).flatMap((need) => [...need.actions]);
        assert.ok(actions("static").includes("iam:CreateUser") && !actions("static").includes("iam:CreateRole"));
        assert.ok(actions("irsa").includes("iam:CreateRole") && !actions("irsa").includes("iam:CreateUser"));
    });
});

describe("who a caller is to IAM", () => {
    const cases: [arn: string, expected: object][] = [
        [arn, { kind: "user", arn }],
        [
            `arn:aws:iam::${accountId}:user/a/b/deployer`,
            { kind: "user", arn: `arn:aws:iam::${accountId}:user/a/b/deployer` },
        ],
        [`arn:aws:iam::${accountId}:root`, { kind: "root" }],
        [
            `arn:aws-us-gov:sts::${accountId}:assumed-role/Admin/me@example.com`,
            { kind: "role", name: "Admin", arnWithoutPath: `arn:aws-us-gov:iam::${accountId}:role/Admin` },
        ],
        [`arn:aws:sts::${accountId}:federated-user/me`, { kind: "other" }],
        ["", { kind: "other" }],
    ];
    for (const [given, expected] of cases) {
        it(`is read off ${given || "nothing"}`, () => assert.deepEqual(principalOf(given), expected));
    }
});

describe("IAM's simulation of one action", () => {
    const judged = (result: object) => {
        const { verdict, why } = judgementOf(
            { EvalActionName: "s3:CreateBucket", ...result } as Parameters<typeof judgementOf>[0],
            "arn",
        );
        return [verdict, why];
    };

    it("is allowed, or missing with what stands in its way", () => {
        assert.deepEqual(judged({ EvalDecision: "allowed" }), ["allowed", ""]);
        assert.deepEqual(judged({ EvalDecision: "implicitDeny" }), ["missing", ""]);
        assert.deepEqual(judged({ EvalDecision: "explicitDeny" }), ["missing", "denied explicitly"]);
        assert.deepEqual(
            judged({ EvalDecision: "implicitDeny", OrganizationsDecisionDetail: { AllowedByOrganizations: false } }),
            ["missing", "not allowed by the organization"],
        );
        const boundary = { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false } };
        assert.deepEqual(judged({ EvalDecision: "implicitDeny", ...boundary }), [
            "missing",
            "not allowed by the permissions boundary",
        ]);
    });

    it("is unknown where it depends on what only the call itself tells", () => {
        const MissingContextValues = ["aws:RequestedRegion", "aws:MultiFactorAuthPresent"];
        assert.deepEqual(judged({ EvalDecision: "implicitDeny", MissingContextValues }), [
            "unknown",
            "depends on aws:MultiFactorAuthPresent, aws:RequestedRegion",
        ]);
        assert.deepEqual(judged({ EvalDecision: "allowed", MissingContextValues }), ["allowed", ""]);
    });
});

const now = new Date("2026-03-01T00:00:00Z");
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
const found = <Value>(value: Value) => ({ state: "found", value }) as const;
const absent = { state: "absent" } as const;
const ofRlStudio: ServiceFacts = {
    service: "rl-studio",
    permissions: found([{ action: "s3:CreateBucket", resource: "arn:b", verdict: "allowed", why: "" }]),
    buckets: [{ name: "rollouts", region: found("us-east-1") }],
    keys: absent,
    unmanaged: absent,
    trialLeft: false,
};
const keys: Keys = {
    userName: "llm",
    published: "AKIA1",
    known: ["AKIA1"],
    unfinished: false,
    inIam: [{ id: "AKIA1", active: true, created: daysAgo(29) }],
    maximumAgeDays: 30,
};
const diagnosisOf = (changed: Partial<ServiceFacts> = {}, more: Partial<AwsFacts> = {}) =>
    awsDiagnosisOf(
        {
            now,
            update: absent,
            leftUsers: absent,
            declarations: absent,
            outdated: [],
            caller: { arn, accountId, principal: principalOf(arn) },
            services: [{ ...ofRlStudio, ...changed }],
            ...more,
        },
        { declared },
        remedies,
    );
const idsOf = (findings: readonly Finding[]) => findings.map(({ id, severity }) => `${severity} ${id}`);
const ofKeys = (changed: Partial<Keys>) => diagnosisOf({ keys: found({ ...keys, ...changed }) }).findings;

describe("doctor's findings in AWS", () => {
    it("are none where all is well, a key of almost a month included", () => {
        assert.deepEqual(diagnosisOf({ keys: found(keys) }), {
            findings: [],
            looked: ["the deployer's permissions, the regions of buckets, access keys"],
            notSeen: [],
            unreachable: false,
        });
    });

    it("name what is not as the stack declares it, and what is beside the stack; what AWS did not say is no finding", () => {
        const one = { service: "rl-studio", what: "bucket policy of rollouts", expected: "Deny x", ok: false } as const;
        const probe = { kind: "user", aspect: "grants", user: "u" } as const;
        const attached = { kind: "policy", aspect: "attachments", policyArn: "arn:p" } as const;
        const declarations = found([
            { ...one, got: "none" },
            { ...one, what: "user's grants", got: "Allow *", probe },
            { ...one, got: "Deny x", ok: true },
            { ...one, what: "budget's limit", got: "denied (AccessDenied)", ok: undefined },
        ]);
        const { findings, looked, notSeen } = diagnosisOf({}, { declarations });
        assert.deepEqual(idsOf(findings), ["error not-as-declared", "error not-as-declared"]);
        assert.equal(findings[0].why, "expected Deny x, got none");
        assert.equal(findings[0].fix, "pulumi up --refresh --stack dev");
        assert.match(findings[1].fix, /; if it stays, .* aws iam list-user-policies --user-name u,/);
        assert.match(looked[1], /^3 declarations of buckets/);
        assert.deepEqual(notSeen, [{ what: "rl-studio: budget's limit", why: "denied (AccessDenied)" }]);
        // A bucket that is elsewhere answers nothing from here: that is said once.
        const buckets = [{ name: "rollouts", region: found("eu-west-1") }];
        assert.deepEqual(idsOf(diagnosisOf({ buckets }, { declarations }).findings), ["error region"]);
        // So is a shut-off that a trial has left.
        const shutOff = found([{ ...one, got: "users: u", probe: attached }]);
        const whole = (trialLeft: boolean) => idsOf(diagnosisOf({ trialLeft }, { declarations: shutOff }).findings);
        assert.deepEqual(whole(false), ["error not-as-declared"]);
        assert.deepEqual(whole(true), ["error shut-off-trial-left"]);
    });

    it("name a service that another version has deployed, and how to deploy it with this one", () => {
        const { findings } = diagnosisOf({}, { outdated: [new OutdatedOutputs("rl-studio", ["bucketName"])] });
        assert.deepEqual(idsOf(findings), ["warning outdated"]);
        assert.equal(findings[0].fix, "pulumi up --stack dev");
    });

    it("name what exists beside the stack, and the command that adopts it", () => {
        const { findings } = diagnosisOf({ unmanaged: found(["bucket rollouts", "user u"]) });
        assert.deepEqual(idsOf(findings), ["error not-managed", "error not-managed"]);
        assert.equal(findings[0].what, "rl-studio: bucket rollouts exists and is not managed by this stack");
        assert.equal(findings[0].fix, "infra adopt rl-studio --stack dev");
    });

    it("name each missing permission, the resource and who lacks it, and what could not be judged", () => {
        const { findings, notSeen } = diagnosisOf({
            permissions: found([
                { action: "s3:CreateBucket", resource: "arn:b", verdict: "missing", why: "" },
                { action: "s3:PutBucketPolicy", resource: "arn:b", verdict: "missing", why: "denied explicitly" },
                { action: "iam:CreateUser", resource: "arn:u", verdict: "missing", why: "" },
                { action: "iam:GetUser", resource: "arn:u", verdict: "allowed", why: "" },
                { action: "iam:PassRole", resource: "arn:r", verdict: "unknown", why: "depends on x" },
            ]),
        });
        assert.deepEqual(findings, [
            {
                id: "permissions-missing",
                severity: "error",
                service: "rl-studio",
                what: "rl-studio: the deployer lacks 3 of 5 permissions",
                why: "s3:CreateBucket, s3:PutBucketPolicy (denied explicitly) on arn:b; iam:CreateUser on arn:u",
                fix: `give them to ${arn}: docs/deploying.md, "Who may do what"`,
            },
        ]);
        assert.deepEqual(notSeen, [{ what: "iam:PassRole on arn:r", why: "depends on x" }]);
    });

    it("say that permissions were not looked at where IAM refuses the simulation", () => {
        const why = "iam:SimulatePrincipalPolicy: denied (AccessDenied)";
        const { findings, notSeen } = diagnosisOf({ permissions: { state: "unseen", why } });
        assert.deepEqual(findings, []);
        assert.deepEqual(notSeen, [{ what: "the deployer's permissions for rl-studio", why }]);
    });

    it("name another account, the root, and credentials that AWS refuses", () => {
        const other = { arn: "arn:aws:iam::999999999999:user/x", accountId: "999999999999" };
        const wrong = diagnosisOf({}, { caller: { ...other, principal: principalOf(other.arn) }, services: [] });
        assert.deepEqual(idsOf(wrong.findings), ["error wrong-account"]);
        assert.match(wrong.findings[0].why, /x is of account 999999999999; stack dev is of 123456789012/);
        const root = `arn:aws:iam::${accountId}:root`;
        const caller = { arn: root, accountId, principal: principalOf(root) };
        assert.deepEqual(idsOf(diagnosisOf({ permissions: absent }, { caller }).findings), ["warning root"]);
        const refused = diagnosisOf({}, { fault: { kind: "refused", why: "403" }, caller: undefined, services: [] });
        assert.deepEqual([idsOf(refused.findings), refused.unreachable], [["error credentials-refused"], false]);
    });

    it("are none where nothing answers, which is not called well", () => {
        const fault = { kind: "unreachable", why: "ECONNREFUSED" } as const;
        const diagnosis = diagnosisOf({}, { fault, caller: undefined, services: [] });
        const notSeen = [{ what: "AWS", why: "ECONNREFUSED" }];
        assert.deepEqual(diagnosis, { findings: [], looked: [], notSeen, unreachable: true });
        assert.equal(diagnosisInWords(diagnosis), "Not looked at: AWS (ECONNREFUSED).\nNothing could be asked.");
    });

    it("name a bucket in another region; one that does not exist yet is no fault", () => {
        const elsewhere = diagnosisOf({ buckets: [{ name: "b", region: found("eu-west-1") }] }).findings;
        assert.deepEqual(idsOf(elsewhere), ["error region"]);
        assert.equal(elsewhere[0].why, "it is in eu-west-1, the settings say us-east-1");
        assert.deepEqual(diagnosisOf({ buckets: [{ name: "b", region: absent }] }).findings, []);
    });

    it("name a published key that is inactive, unknown, too old, and a key of somebody else", () => {
        const [one] = keys.inIam;
        assert.deepEqual(idsOf(ofKeys({ inIam: [{ ...one, active: false }] })), ["error key-inactive"]);
        assert.deepEqual(idsOf(ofKeys({ inIam: [] })), ["error key-unknown"]);
        const old = ofKeys({ inIam: [{ ...one, created: daysAgo(30) }] });
        assert.deepEqual(idsOf(old), ["warning key-old"]);
        assert.equal(old[0].fix, "infra rotate rl-studio --stack dev");
        const foreign = ofKeys({ inIam: [one, { id: "AKIA2", active: true }] });
        assert.deepEqual(idsOf(foreign), ["warning key-foreign"]);
        assert.match(foreign[0].fix, /delete-access-key --user-name llm --access-key-id AKIA2$/);
        const retired = { id: "AKIA2", active: false };
        assert.deepEqual(ofKeys({ known: ["AKIA1", "AKIA2"], inIam: [one, retired] }), [], "a rotation's old key");
    });

    it("name a key that an unfinished update may have made without offering to delete it", () => {
        const unfinished = ofKeys({ unfinished: true, inIam: [keys.inIam[0], { id: "AKIA2", active: true }] });
        assert.deepEqual(idsOf(unfinished), ["warning key-unfinished"]);
        assert.equal(unfinished[0].fix, remedies.recover);
    });

    it("name what a verify that was killed has left: users, and a shut-off", () => {
        const until = new Date("2026-03-01T00:30:00Z");
        const { findings } = diagnosisOf(
            { trialLeft: true },
            {
                leftUsers: found([
                    { name: "verify-1", keys: 1, until },
                    { name: "verify-2", keys: 0 },
                ]),
            },
        );
        assert.deepEqual(
            findings.map(({ id, severity, why }) => [severity, id, why]),
            [
                [
                    "warning",
                    "verify-user-left",
                    `verify-1 has 1 access key; after ${until.toISOString()} it may do nothing`,
                ],
                ["warning", "verify-user-left", "verify-2 has 0 access keys"],
                ["error", "shut-off-trial-left", findings[2].why],
            ],
        );
        assert.equal(findings[0].fix, `${verify}, which removes it`);
    });

    it("name an update that is at work, one that was interrupted, and where nobody knows which", () => {
        const lock = { username: "me", hostname: hostname(), began: now };
        const alive = { ...lock, pid: process.pid };
        const dead = { ...lock, pid: 4194305 };
        const of = (value: UnfinishedUpdate) => diagnosisOf({}, { update: found(value) }).findings;
        const pending = ["creating aws:iam/accessKey:AccessKey mlflow-project-access-key-2"];
        assert.deepEqual(idsOf(of({ locks: [dead, alive], pending })), ["warning update-running"]);
        const [interrupted] = of({ locks: [dead], pending });
        assert.equal(interrupted.id, "update-interrupted");
        assert.match(interrupted.why, /^process 4194305 of me .* has ended; not finished: creating .*-access-key-2$/);
        assert.equal(interrupted.fix, remedies.recover);
        assert.equal(of({ locks: [], pending })[0].why, `not finished: ${pending[0]}`);
        assert.match(of({ locks: undefined, pending })[0].what, /is at work, or was interrupted$/);
    });

    it("of a key of clinical-ai are said once, where the worker has it", () => {
        const finding = (id: string, service?: "clinical-ai" | "mlflow"): Finding => ({
            ...{ id, service, severity: "error", what: "", why: "", fix: "" },
        });
        const whole = joined(
            { findings: [finding("key-inactive")], looked: [], notSeen: [], unreachable: false },
            {
                findings: [finding("key-inactive", "clinical-ai"), finding("key-inactive", "mlflow")],
                looked: [],
                notSeen: [],
                unreachable: true,
            },
        );
        assert.deepEqual(
            whole.findings.map(({ service }) => service),
            [undefined, "mlflow"],
        );
        assert.equal(whole.unreachable, false);
    });

    it("are whole in the table, however long an ARN is", () => {
        const { findings } = diagnosisOf({
            permissions: found([{ action: "iam:A", resource: "z".repeat(90), verdict: "missing", why: "" }]),
        });
        const words = diagnosisInWords({ findings, looked: [], notSeen: [], unreachable: false }, 90);
        assert.equal(words.match(/z/g)?.length, 90, words);
    });
});

describe("doctor before a server that plays IAM's answers literally (no AWS, no emulator)", () => {
    type Played = [status: number, inside: string];

    /** What is asked, and the answers by action. */
    async function ask(
        answers: Readonly<Record<string, Played | ((query: URLSearchParams) => Played)>>,
        state: Look<StackState> = { state: "unseen", why: "not asked" },
    ) {
        const asked: URLSearchParams[] = [];
        const server = createServer((request, response) => {
            let body = "";
            request.on("data", (chunk) => (body += chunk));
            request.on("end", () => {
                const query = new URLSearchParams(body);
                const action = query.get("Action") ?? "HeadBucket";
                asked.push(query);
                const answer = answers[action] ?? [404, ""];
                const [status, inside] = typeof answer === "function" ? answer(query) : answer;
                response.writeHead(status, { "content-type": "text/xml" });
                response.end(
                    status === 200
                        ? `<${action}Response><${action}Result>${inside}</${action}Result></${action}Response>`
                        : `<ErrorResponse><Error><Code>${inside}</Code><Message>no</Message></Error></ErrorResponse>`,
                );
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        try {
            const diagnosis = await diagnoseAws(
                {
                    credentials: found({ accessKeyId: "A", secretAccessKey: "s" }),
                    connection: { endpoint, region: "us-east-1" },
                    state: () => Promise.resolve(state),
                },
                { services: ["rl-studio"], settings: readStackSettings("dev"), declared },
                remedies,
            );
            return { diagnosis, asked };
        } finally {
            server.close();
        }
    }

    it("knows a key that is in the state alone: the rotation that made it was killed before its end", async () => {
        const userName = "rl-studio-rollouts-service-user-dev";
        const urn = (name: string) =>
            `urn:pulumi:dev::platform::aws:iam/accessKey:AccessKey::rl-studio-service-${name}`;
        const key = (generation: number, id?: string) => ({
            urn: urn(`access-key-${generation}`),
            type: "aws:iam/accessKey:AccessKey",
            inputs: { user: userName },
            ...(id === undefined ? {} : { id }),
        });
        const stack = {
            urn: "urn:pulumi:dev::platform::pulumi:pulumi:Stack::platform-dev",
            type: "pulumi:pulumi:Stack",
            outputs: {
                "rl-studio": {
                    userName,
                    accessKeyId: "AKIA1",
                    accessKeyIds: ["AKIA1"],
                    secretAccessKey: { "4dabf18193072939515e22adb298388d": "…", ciphertext: "…" },
                    region: "us-east-1",
                    bucketName: "rollouts",
                    noncurrentVersionDays: 30,
                },
            },
        };
        const listed = (id: string) =>
            `<member><UserName>u</UserName><AccessKeyId>${id}</AccessKeyId><Status>Active</Status></member>`;
        const findings = async (resources: object[], pending: object[] = []) => {
            const deployment = { resources: [stack, key(1, "AKIA1"), ...resources], pending_operations: pending };
            const exported = { version: 3, deployment } as unknown as ExportedState;
            const { diagnosis } = await ask(
                {
                    GetCallerIdentity: caller(`arn:aws:iam::${accountId}:root`),
                    ListAccessKeys: [
                        200,
                        `<AccessKeyMetadata>${listed("AKIA1")}${listed("AKIA2")}</AccessKeyMetadata>` +
                            "<IsTruncated>false</IsTruncated>",
                    ],
                },
                found({ exported, locks: [] }),
            );
            return diagnosis.findings.map(({ id }) => id).filter((id) => id !== "root" && id !== "not-as-declared");
        };
        assert.deepEqual(await findings([key(2, "AKIA2")]), []);
        assert.deepEqual(await findings([]), ["key-foreign"]);
        const creating = { type: "creating", resource: key(2) };
        assert.deepEqual(await findings([], [creating]), ["update-interrupted", "key-unfinished"]);
    });

    const caller = (of: string): [number, string] => [200, `<Arn>${of}</Arn><Account>${accountId}</Account>`];
    const session = `arn:aws:sts::${accountId}:assumed-role/Deploy/me`;
    const member = (action: string, decision: string) =>
        `<member><EvalActionName>${action}</EvalActionName><EvalResourceName>*</EvalResourceName>` +
        `<EvalDecision>${decision}</EvalDecision></member>`;
    const sources = (asked: readonly URLSearchParams[]) =>
        new Set(asked.flatMap((query) => query.get("PolicySourceArn") ?? []));

    it("asks about the role of a session by the role's own ARN, path included", async () => {
        const role = `arn:aws:iam::${accountId}:role/teams/Deploy`;
        const { diagnosis, asked } = await ask({
            GetCallerIdentity: caller(session),
            GetRole: [
                200,
                `<Role><Arn>${role}</Arn><Path>/teams/</Path><RoleName>Deploy</RoleName><RoleId>A</RoleId>` +
                    "<CreateDate>2026-01-01T00:00:00Z</CreateDate></Role>",
            ],
            SimulatePrincipalPolicy: [
                200,
                `<EvaluationResults>${member("s3:CreateBucket", "implicitDeny")}${member("s3:ListBucket", "allowed")}` +
                    "</EvaluationResults><IsTruncated>false</IsTruncated>",
            ],
        });
        assert.deepEqual([...sources(asked)], [role]);
        assert.deepEqual(idsOf(diagnosis.findings), ["error permissions-missing"]);
        assert.match(diagnosis.findings[0].why, /^s3:CreateBucket on arn:aws:s3:::rl-studio-rollouts-dev; s3:CreateB/);
    });

    it("asks by the ARN without a path where the role cannot be read", async () => {
        const { asked } = await ask({
            GetCallerIdentity: caller(session),
            GetRole: [403, "AccessDenied"],
            SimulatePrincipalPolicy: [200, "<EvaluationResults/><IsTruncated>false</IsTruncated>"],
        });
        assert.deepEqual([...sources(asked)], [`arn:aws:iam::${accountId}:role/Deploy`]);
    });

    it("asks about one resource at a time and reads every page of the answer", async () => {
        const page = (of: URLSearchParams): [number, string] => {
            const last = of.get("Marker") === "next";
            const result = last ? member("s3:ListBucket", "implicitDeny") : member("s3:CreateBucket", "implicitDeny");
            const end = last
                ? "<IsTruncated>false</IsTruncated>"
                : "<IsTruncated>true</IsTruncated><Marker>next</Marker>";
            return [200, `<EvaluationResults>${result}</EvaluationResults>${end}`];
        };
        const { diagnosis, asked } = await ask({ GetCallerIdentity: caller(arn), SimulatePrincipalPolicy: page });
        const simulations = asked.filter((query) => query.get("Action") === "SimulatePrincipalPolicy");
        assert.equal(simulations.length, 6, "two pages for the bucket, two for the user, two for what has no resource");
        assert.ok(simulations.every((query) => query.get("ResourceArns.member.2") === null));
        assert.match(diagnosis.findings[0].why, /^s3:CreateBucket, s3:ListBucket on /);
    });

    it("says to which service of AWS a role is handed over", async () => {
        const asked: URLSearchParams[] = [];
        const server = createServer((request, response) => {
            let body = "";
            request.on("data", (chunk) => (body += chunk));
            request.on("end", () => {
                asked.push(new URLSearchParams(body));
                response.writeHead(200, { "content-type": "text/xml" });
                response.end(
                    "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults/>" +
                        "<IsTruncated>false</IsTruncated></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>",
                );
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const clients = clientsFor({ accessKeyId: "A", secretAccessKey: "s" }, { endpoint, region: "us-east-1" });
        try {
            const need = { resource: "arn:r", actions: ["iam:PassRole"], passedTo: "ecs-tasks.amazonaws.com" };
            await simulate(clients.iam, arn, need);
        } finally {
            closeClients(clients);
            server.close();
        }
        assert.equal(asked[0].get("ContextEntries.member.1.ContextKeyName"), "iam:PassedToService");
        assert.equal(asked[0].get("ContextEntries.member.1.ContextKeyValues.member.1"), "ecs-tasks.amazonaws.com");
    });

    it("says so where the simulation itself is denied", async () => {
        const { diagnosis } = await ask({
            GetCallerIdentity: caller(arn),
            SimulatePrincipalPolicy: [403, "AccessDenied"],
        });
        assert.deepEqual(diagnosis.findings, []);
        assert.deepEqual(diagnosis.notSeen.slice(0, 3), [
            { what: "whether an update is at work", why: "not asked" },
            { what: "users that a killed verify has left", why: "could not be reached (404)" },
            {
                what: "the deployer's permissions for rl-studio",
                why: `iam:SimulatePrincipalPolicy on ${arn}: denied (AccessDenied)`,
            },
        ]);
    });

    it("asks nothing but who it is with credentials of another account", async () => {
        const { diagnosis, asked } = await ask({
            GetCallerIdentity: [200, "<Arn>arn:aws:iam::999999999999:user/x</Arn><Account>999999999999</Account>"],
        });
        assert.deepEqual(
            asked.map((query) => query.get("Action")),
            ["GetCallerIdentity"],
        );
        assert.deepEqual(idsOf(diagnosis.findings), ["error wrong-account"]);
    });

    it("takes keys that AWS refuses for a finding, and no answer for none", async () => {
        const { diagnosis } = await ask({ GetCallerIdentity: [403, "ExpiredToken"] });
        assert.deepEqual(idsOf(diagnosis.findings), ["error credentials-refused"]);
        assert.equal(diagnosis.unreachable, false);
    });

    it("takes a fault of AWS, and too many requests, for no answer", async () => {
        const faults: [number, string][] = [
            [503, "ServiceUnavailable"],
            [429, "TooManyRequestsException"],
            [400, "Throttling"],
        ];
        for (const fault of faults) {
            const { diagnosis } = await ask({ GetCallerIdentity: fault });
            assert.deepEqual([diagnosis.findings, diagnosis.unreachable], [[], true]);
        }
    });
});
