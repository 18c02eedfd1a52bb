import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";

import { ListFoundationModelsCommand } from "@aws-sdk/client-bedrock";
import { InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";
import { HeadBucketCommand } from "@aws-sdk/client-s3";

import { type Clients, clientsFor, closeClients } from "../../ops/aws/clients";
import { mapBounded } from "../../ops/aws/pool";
import { type AuditEntry } from "../../ops/stack/audit";
import { type CheckResult, renderTable, toJson, verify, type VerifyTarget } from "../../ops/verify";
import { recordingShutOffs } from "../../ops/verify/command";
import { accessOf, NotGiven, NotTried, outcomeInWords, settle } from "../../ops/verify/outcome";
import { bedrockAccess, healthInWords, inferenceProfile, shutOff } from "../../ops/verify/probes-bedrock";
import { type Format, reportOf, type ReportOptions } from "../../ops/verify/report";
import { Stopped, whileInterruptible } from "../../ops/verify/restore";
import { type ProbeRun } from "../../ops/verify/run";
import { isOver, ownMark } from "../../ops/verify/run-mark";
import { shutOffTrial, type WhileShutOff } from "../../ops/verify/target";
import {
    actionsInWords,
    denialsInWords,
    lifecycleInWords,
    limitInWords,
    notificationsInWords,
    publicAccessInWords,
    subscribersInWords,
} from "../../ops/verify/words";

function awsError(name: string, httpStatusCode: number, message = name): Error {
    return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

describe("outcomeInWords", () => {
    const cases: [string, unknown, string][] = [
        ["a denial of S3, IAM or STS", awsError("AccessDenied", 403), "denied (AccessDenied)"],
        [
            "a denial of Bedrock",
            awsError("AccessDeniedException", 403, "User: a is not authorized to perform: bedrock:InvokeModel"),
            "denied (AccessDeniedException)",
        ],
        ["a missing object", awsError("NoSuchKey", 404), "could not be reached (404 NoSuchKey)"],
        [
            "a denial that is none by its status",
            awsError("AccessDenied", 404),
            "could not be reached (404 AccessDenied)",
        ],
        ["unknown keys", awsError("InvalidAccessKeyId", 403), "could not be reached (403 InvalidAccessKeyId)"],
        [
            "a wrong signature",
            awsError("SignatureDoesNotMatch", 403),
            "could not be reached (403 SignatureDoesNotMatch)",
        ],
        ["an expired token", awsError("ExpiredToken", 403), "could not be reached (403 ExpiredToken)"],
        [
            "a network fault",
            Object.assign(new Error(), { code: "ECONNREFUSED" }),
            "could not be reached (ECONNREFUSED)",
        ],
        ["a timeout", Object.assign(new Error(), { name: "TimeoutError" }), "could not be reached (TimeoutError)"],
        ["nothing at all", undefined, "could not be reached (unknown error)"],
        ["what was not tried", new NotTried("other account"), "not tried: other account"],
    ];
    for (const [what, error, words] of cases) it(`names ${what}`, () => assert.equal(outcomeInWords(error), words));
});

describe("accessOf", () => {
    it("is allowed when the call goes through, and why not otherwise", async () => {
        assert.deepEqual(await accessOf(async () => 1), { got: "allowed" });
        assert.deepEqual(await accessOf(() => Promise.reject(awsError("AccessDenied", 403))), {
            got: "denied (AccessDenied)",
        });
    });
});

describe("settle", () => {
    it("asks again until the answer is the expected one", async () => {
        const answers = ["denied", "denied", "allowed"];
        assert.deepEqual(
            await settle(async () => ({ got: answers.shift()! }), "allowed", 50),
            { got: "denied" },
            "one wait",
        );
        assert.deepEqual(await settle(async () => ({ got: answers.shift()! }), "allowed", 50), { got: "allowed" });
    });
});

describe("mapBounded", () => {
    it("keeps the order and the bound", async () => {
        let running = 0;
        let most = 0;
        const results = await mapBounded([30, 1, 20, 2, 10], 2, async (milliseconds) => {
            most = Math.max(most, ++running);
            await new Promise((resolve) => setTimeout(resolve, milliseconds));
            running--;
            return milliseconds;
        });
        assert.deepEqual([results, most], [[30, 1, 20, 2, 10], 2]);
    });

    it("begins nothing more when stopped, and awaits what was begun", async () => {
        const controller = new AbortController();
        const ended: number[] = [];
        const work = async (item: number) => {
            controller.abort();
            await new Promise((resolve) => setTimeout(resolve, 5));
            ended.push(item);
        };
        await mapBounded([1, 2, 3, 4], 2, work, controller.signal);
        assert.ok(ended.length <= 2 && ended.includes(1));
    });
});

describe("whileInterruptible", () => {
    it("undoes once, upon success and upon failure", async () => {
        let undone = 0;
        const undo = async () => void undone++;
        assert.equal(await whileInterruptible(async () => "done", undo), "done");
        await assert.rejects(
            whileInterruptible(() => Promise.reject(new Error("failed")), undo),
            /failed/,
        );
        assert.equal(undone, 2);
    });

    const root = join(__dirname, "..", "..");
    const end = (setUp: string, signal = "SIGINT") => {
        const program = `
            require("ts-node/register/transpile-only");
            const { whileInterruptible } = require("./ops/verify/restore");
            ${setUp}
            const slowly = (word, ms) => () => new Promise((end) => setTimeout(() => (console.log(word), end()), ms));
            const inner = () => whileInterruptible((stop) => {
                setTimeout(() => process.kill(process.pid, "${signal}"), 10);
                return new Promise((end) => stop.addEventListener("abort", end));
            }, slowly("inner", 10));
            const beside = () => whileInterruptible(slowly("ended of itself", 150), slowly("beside", 10));
            whileInterruptible(() => Promise.all([inner(), beside()]), slowly("outer", 150)).catch((error) => {
                console.log(error.constructor.name);
                process.exitCode = 130;
            });`;
        const shell = `"$0" -e "$1" 2>/dev/null; echo "ended $?"`;
        const said = execFileSync("sh", ["-c", shell, process.execPath, program], { cwd: root, encoding: "utf8" });
        return said.trim().split("\n");
    };

    it("lets an interrupted process end by the signal when everything is undone", () => {
        const said = end("");
        // 128 and the number of the signal: the process ended by it and not of itself.
        assert.equal(said.at(-1), "ended 130");
        assert.deepEqual(said.slice(0, -1).sort(), ["beside", "ended of itself", "inner", "outer"]);
    });

    it("undoes everything when the terminal is closed, which may say so twice", () => {
        const undone = ["beside", "ended of itself", "inner", "outer"];
        const alone = end("", "SIGHUP");
        assert.equal(alone.at(-1), "ended 129");
        assert.deepEqual(alone.slice(0, -1).sort(), undone);
        const said = end(
            `require("./ops/common/interrupt").listenForInterrupts();
            setTimeout(() => process.kill(process.pid, "SIGHUP"), 60);`,
            "SIGHUP",
        );
        assert.equal(said.at(-1), "ended 130");
        // On a busy machine what is beside the one that is stopped may end after it.
        assert.deepEqual(said.slice(0, -1).sort(), ["Stopped", ...undone]);
    });

    it("undoes everything where a second signal would end the process at once", () => {
        const said = end(`require("./ops/common/interrupt").listenForInterrupts();`);
        assert.equal(said.at(-1), "ended 130");
        assert.deepEqual(said.slice(0, -1).sort(), ["Stopped", "beside", "ended of itself", "inner", "outer"]);
    });

    it("undoes only when the work has ended", async () => {
        const done: string[] = [];
        await withListener(async () => {
            const work = async () => {
                process.emit("SIGTERM", "SIGTERM");
                await new Promise((resolve) => setTimeout(resolve, 20));
                done.push("worked");
            };
            await assert.rejects(
                whileInterruptible(work, async () => void done.push("undone")),
                Stopped,
            );
        });
        assert.deepEqual(done, ["worked", "undone"]);
    });
});

/** With somebody who listens to SIGTERM, so that it does not end the tests. */
async function withListener(work: () => Promise<void>): Promise<void> {
    // A command line that another file has run in this process listens, too, and its second signal would end the process.
    const others = process.listeners("SIGTERM");
    process.removeAllListeners("SIGTERM");
    process.on("SIGTERM", () => undefined);
    await work().finally(() => {
        process.removeAllListeners("SIGTERM");
        for (const listener of others) process.on("SIGTERM", listener);
    });
}

describe("clientsFor", () => {
    it("uses the given keys whatever the environment says", async () => {
        const before = { ...process.env };
        Object.assign(process.env, { AWS_ACCESS_KEY_ID: "OTHER", AWS_SECRET_ACCESS_KEY: "x", AWS_PROFILE: "missing" });
        const clients = clientsFor({ accessKeyId: "GIVEN", secretAccessKey: "y" }, { region: "us-east-1" });
        try {
            for (const client of Object.values(clients) as {
                config: { credentials(): Promise<{ accessKeyId: string }> };
            }[]) {
                assert.equal((await client.config.credentials()).accessKeyId, "GIVEN");
            }
        } finally {
            closeClients(clients);
            process.env = before;
        }
    });

    it("signs with the given keys where the environment has a bearer token or prefers another way", async () => {
        const sent = async (env: NodeJS.ProcessEnv, send: (clients: Clients) => Promise<unknown>) => {
            const before = { ...process.env };
            Object.assign(process.env, { AWS_BEARER_TOKEN_BEDROCK: "another's", ...env });
            const clients = clientsFor({ accessKeyId: "GIVEN", secretAccessKey: "y" }, { region: "us-east-1" });
            let authorization = "";
            for (const { config } of Object.values(clients) as { config: { requestHandler: object } }[]) {
                config.requestHandler = {
                    handle: ({ headers }: { headers: Record<string, string> }) => {
                        authorization = headers.authorization;
                        return Promise.reject(new Error("nothing is sent"));
                    },
                };
            }
            try {
                await send(clients).catch(() => undefined);
            } finally {
                closeClients(clients);
                process.env = before;
            }
            return authorization;
        };
        const calls: ((clients: Clients) => Promise<unknown>)[] = [
            ({ bedrockRuntime }) => bedrockRuntime.send(new InvokeModelCommand({ modelId: "meta.one", body: "{}" })),
            ({ bedrock }) => bedrock.send(new ListFoundationModelsCommand({})),
            ({ s3 }) => s3.send(new HeadBucketCommand({ Bucket: "rollouts" })),
        ];
        for (const env of [{}, { AWS_AUTH_SCHEME_PREFERENCE: "httpBearerAuth,sigv4a" }]) {
            for (const call of calls) assert.match(await sent(env, call), /^AWS4-HMAC-SHA256 Credential=GIVEN\//);
        }
    });
});

describe("verify", () => {
    const keys = (accessKeyId: string) => ({ accessKeyId, secretAccessKey: "s" });
    const outputs = {
        "rl-studio": {
            region: "us-east-1",
            bucketName: "rollouts",
            userName: "rl",
            noncurrentVersionDays: 30,
            accessKeyIds: ["AKIARL"],
            ...keys("AKIARL"),
        },
    };
    const both = { operator: keys("AKIAOPERATOR"), deployer: keys("AKIADEPLOYER") };
    const run = (endpoint: string, credentials: VerifyTarget["credentials"] = both) =>
        verify({
            endpoint,
            region: "us-east-1",
            accountId: "123456789012",
            credentials,
            outputs,
            services: ["rl-studio"],
        });

    it("makes no other call with keys of another account than to ask whose they are", async () => {
        const asked: string[] = [];
        const server = createServer((request, response) => {
            let body = "";
            request.on("data", (chunk) => (body += chunk));
            request.on("end", () => {
                asked.push(`${request.method} ${request.url} ${new URLSearchParams(body).get("Action")}`);
                response.setHeader("content-type", "text/xml");
                response.end(
                    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>999999999999</Account>" +
                        "</GetCallerIdentityResult></GetCallerIdentityResponse>",
                );
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        try {
            const results = await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
            assert.deepEqual(asked, new Array(3).fill("POST / GetCallerIdentity"));
            assert.ok(results.every(({ ok }) => !ok));
            assert.equal(results.find(({ id }) => id === "A4")?.got, "account 999999999999");
            assert.ok(!results.some(({ id }) => id === "clean-up"));
            const others = results.filter(({ identity, id }) => identity === "service" && id !== "A4");
            for (const { got, notTried } of others) {
                assert.equal(got, "not tried: keys belong to account 999999999999, not to 123456789012");
                assert.ok(notTried);
            }
        } finally {
            server.close();
        }
    });

    it("does not try what needs a deployer where none is given, and calls that no failure", async () => {
        const server = createServer((request, response) => {
            let body = "";
            request.on("data", (chunk) => (body += chunk));
            request.on("end", () => {
                const known = new URLSearchParams(body).get("Action") === "GetCallerIdentity";
                response.writeHead(known ? 200 : 403, { "content-type": "text/xml" });
                response.end(
                    known
                        ? "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>" +
                              "</GetCallerIdentityResult></GetCallerIdentityResponse>"
                        : "<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
                );
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        try {
            const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
            const results = await run(endpoint, { operator: keys("AKIAOPERATOR") });
            const untried = results.filter(({ notTried }) => notTried);
            assert.ok(untried.every(({ got, ok }) => got === "not tried: no deployer" && !ok));
            assert.deepEqual(untried.map(({ name }) => name).sort(), [
                "delete",
                "delete a version",
                "nothing left in rollouts",
                "read",
                "set an object's ACL",
                "tag an object",
                "write the bucket policy",
            ]);
        } finally {
            server.close();
        }
    });

    it("takes nothing for denied when nothing answers", async () => {
        const results = await run("http://127.0.0.1:1");
        assert.ok(results.length > 20 && results.every(({ ok, got }) => !ok && /could not be reached/.test(got)));
    });
});

describe("verify, interrupted", () => {
    const accountId = "123456789012";
    const arn = (resource: string) => `arn:aws:iam::${accountId}:${resource}`;
    const outputs = {
        snapshotter: {
            region: "us-east-1",
            bucketName: "snapshots",
            prefix: "scans/",
            taskRoleArn: arn("role/task"),
            executionRoleArn: arn("role/execution"),
            policyArn: arn("policy/rw"),
            taskDefinitionArn: "arn:aws:ecs:us-east-1:123456789012:task-definition/a:1",
            groupName: "agents",
            agentUserName: "agent",
            accessKeyId: "AKIAAGENT",
            accessKeyIds: ["AKIAAGENT"],
            secretAccessKey: "s",
        },
    };
    const inside: Readonly<Record<string, string>> = {
        GetCallerIdentity: `<Account>${accountId}</Account>`,
        CreateAccessKey:
            "<AccessKey><AccessKeyId>AKIANEW</AccessKeyId><SecretAccessKey>s</SecretAccessKey></AccessKey>",
        ListAccessKeys: "<AccessKeyMetadata/><IsTruncated>false</IsTruncated>",
    };

    /** The calls that answer, in their order; `SIGTERM` comes in the middle of the first one that `when` accepts. */
    async function callsOf(when: (call: string) => boolean): Promise<string[]> {
        const answered: string[] = [];
        let sent = false;
        const server = createServer((request, response) => {
            let body = "";
            request.on("data", (chunk) => (body += chunk));
            request.on("end", () => {
                const query = new URLSearchParams(body);
                const action = query.get("Action");
                const call = action ? `${action} ${query.get("UserName")}` : `${request.method} ${request.url}`;
                if (!sent && when(call)) {
                    sent = true;
                    process.emit("SIGTERM", "SIGTERM");
                }
                // Slow, so that a clean-up which did not wait would come first.
                setTimeout(() => {
                    answered.push(call);
                    response.setHeader("content-type", "text/xml");
                    response.end(
                        action
                            ? `<${action}Response><${action}Result>${inside[action] ?? ""}</${action}Result></${action}Response>`
                            : "<ListVersionsResult/>",
                    );
                }, 20);
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const keys = { accessKeyId: "AKIA", secretAccessKey: "s" };
        try {
            await withListener(() =>
                assert.rejects(
                    verify({
                        endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
                        region: "us-east-1",
                        accountId,
                        credentials: { operator: keys, deployer: keys },
                        outputs,
                        services: ["snapshotter"],
                    }),
                    Stopped,
                ),
            );
        } finally {
            server.close();
        }
        // What runs before this one may have left is looked for first, where runs of these checks put objects.
        const lookedFor = answered.filter((call) => call.includes("verify-&"));
        assert.ok(lookedFor.includes("GET /snapshots/?prefix=scans%2Fverify-&versions="), lookedFor.join("\n"));
        assert.ok(lookedFor.includes("GET /snapshots/?prefix=scans%2Fverify-&uploads="), lookedFor.join("\n"));
        return answered.filter((call) => !lookedFor.includes(call));
    }

    it("removes a user that was still being made, and begins nothing more", async () => {
        const calls = await callsOf((call) => call.startsWith("CreateUser "));
        const user = calls.find((call) => call.startsWith("CreateUser "))!.split(" ")[1];
        assert.equal(calls.filter((call) => call.startsWith("CreateUser ")).length, 1);
        assert.ok(calls.indexOf(`CreateAccessKey ${user}`) < calls.indexOf(`ListAccessKeys ${user}`), calls.join("\n"));
        assert.equal(calls.at(-1), `DeleteUser ${user}`);
        assert.ok(calls.every((call) => !call.includes("/snapshots")));
    });

    it("clears up only when no check plants any more", async () => {
        const calls = await callsOf((call) => call.startsWith("PUT /snapshots/"));
        const listing = calls.findIndex((call) => call.startsWith("GET /snapshots/?") && call.includes("versions"));
        const lastPut = calls.findLastIndex((call) => call.startsWith("PUT "));
        assert.ok(lastPut >= 0 && listing > lastPut, calls.join("\n"));
        assert.equal(
            calls.filter((call) => call.startsWith("DeleteUser ")).length,
            calls.filter((call) => call.startsWith("CreateUser ")).length,
        );
    });
});

describe("the trial of a shut-off", () => {
    const probe = { kind: "shutOff", user: "llm", policyArn: "arn:deny", model: "meta.one" } as const;

    it("asks nothing of a live service unless somebody wants it", async () => {
        const run = { deployer: () => assert.fail("the deployer is asked") } as unknown as ProbeRun;
        await assert.rejects(shutOff(probe, run), (error) => error instanceof NotGiven && /--try-/.test(error.message));
        const target = { region: "us-east-1" } as VerifyTarget;
        assert.equal(shutOffTrial(target), undefined);
        const wanted: WhileShutOff = (_, trial) => trial();
        assert.equal(shutOffTrial({ ...target, whileShutOff: wanted }), wanted);
        assert.ok(shutOffTrial({ ...target, endpoint: "https://localhost" }));
    });

    it("attaches, invokes and detaches inside of what records it", async () => {
        const did: string[] = [];
        const iam = { send: async ({ constructor }: object) => (did.push(constructor.name), {}) };
        const bedrockRuntime = { send: async () => did.push("invoke") };
        const run = {
            deployer: () => ({ iam }),
            service: () => ({ bedrockRuntime }),
            settleMilliseconds: 0,
            whileShutOff: async (_: unknown, trial: () => Promise<unknown>) => {
                did.push("begin");
                const result = await trial();
                did.push("end");
                return result;
            },
        } as unknown as ProbeRun;
        await shutOff(probe, run);
        assert.deepEqual(did, [
            "ListAttachedUserPoliciesCommand",
            "begin",
            // Marked first and unmarked last: a run that finds it attached then knows that it is a trial's.
            "TagUserCommand",
            "AttachUserPolicyCommand",
            "invoke",
            "DetachUserPolicyCommand",
            "UntagUserCommand",
            "end",
            "invoke",
        ]);
    });

    it("is recorded, with what became of it", async () => {
        const entries: AuditEntry[] = [];
        const trial = recordingShutOffs("dev", () => ({ append: (entry) => void entries.push(entry) }));
        assert.equal(await trial({ user: "llm", policyArn: "arn:deny" }, async () => 1), 1);
        const denied = () => Promise.reject(awsError("AccessDenied", 403));
        await assert.rejects(trial({ user: "llm", policyArn: "arn:deny" }, denied));
        const stopped = () => Promise.reject(new Stopped("by SIGINT"));
        await assert.rejects(trial({ user: "llm", policyArn: "arn:deny" }, stopped));
        assert.deepEqual(
            entries.map(({ command, target, outcome }) => [command, target, outcome]),
            ["done", "failed", "interrupted"].map((outcome) => ["verify", "llm", outcome]),
        );
    });
});

describe("the mark of a run", () => {
    const now = new Date("2026-03-01T12:00:00Z");
    const later = new Date("2026-03-01T12:30:00Z");
    it("is of a run that is at work while its process lives, or may live on another machine, and it has time", () => {
        assert.equal(isOver(ownMark(later), now), false);
        assert.equal(isOver(`${later.toISOString()} elsewhere 4194305`, now), false);
        assert.equal(isOver(`${later.toISOString()} ${hostname()} 4194305`, now), true);
        assert.equal(isOver(ownMark(now), now), true);
        assert.equal(isOver(undefined, now), true);
        assert.equal(isOver("soon", now), true);
    });

    it("is one that a tag can have", () => assert.match(ownMark(later), /^[\p{L}\p{N} _.:/=+@-]{1,256}$/u));
});

describe("bedrockAccess", () => {
    const answerOf = async (status: number, name: string, message: string) => {
        const server = createServer((request, response) => {
            request.resume().on("end", () => {
                response.writeHead(status, { "content-type": "application/json", "x-amzn-errortype": name });
                response.end(JSON.stringify({ message }));
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const clients = clientsFor({ accessKeyId: "A", secretAccessKey: "s" }, { endpoint, region: "us-east-1" });
        try {
            const probe = { kind: "bedrock", call: "invoke", model: "meta.one" } as const;
            return (await bedrockAccess(probe, { clients } as ProbeRun)).got;
        } finally {
            closeClients(clients);
            server.close();
        }
    };

    it("tells a denial by IAM from a model that the account has no access to", async () => {
        const denial = "User: arn is not authorized to perform: bedrock:InvokeModel on resource: arn";
        assert.equal(await answerOf(403, "AccessDeniedException", denial), "denied (AccessDeniedException)");
        assert.equal(
            await answerOf(403, "AccessDeniedException", "You don't have access to the model."),
            "could not be reached (403 AccessDeniedException: You don't have access to the model.)",
        );
    });

    it("takes an unknown model for neither allowed nor denied", async () => {
        assert.equal(
            await answerOf(400, "ValidationException", "The provided model identifier is invalid."),
            "not served here (ValidationException)",
        );
        assert.equal(
            await answerOf(404, "ResourceNotFoundException", "Could not resolve the foundation model."),
            "not served here (ResourceNotFoundException)",
        );
    });
});

describe("the regions of an inference profile", () => {
    const answerOf = async (answer: () => object) => {
        const send = async ({ input }: { input: object }) => {
            assert.deepEqual(input, { inferenceProfileIdentifier: "us.meta.one" });
            return answer();
        };
        const run = { clients: { bedrock: { send } } } as unknown as ProbeRun;
        return (await inferenceProfile({ kind: "inferenceProfile", profileId: "us.meta.one" }, run)).got;
    };
    const models = (...arns: string[]) => ({
        models: arns.map((arn) => ({ modelArn: `arn:aws:bedrock:${arn.replace("/", "::foundation-model/")}` })),
    });
    const cases: [what: string, answer: object, words: string][] = [
        [
            "in order",
            models("us-west-2/meta.one-v1:0", "us-east-1/meta.one-v1:0"),
            "meta.one-v1:0 in us-east-1, us-west-2",
        ],
        ["every one where an ARN has none", models("us-east-1/meta.one", "/meta.one"), "meta.one in every region"],
        [
            "of each model",
            models("us-east-1/meta.two", "us-west-2/meta.one"),
            "meta.one in us-west-2; meta.two in us-east-1",
        ],
        ["of no model", {}, "no model"],
    ];
    for (const [what, answer, words] of cases) {
        it(`are told ${what}`, async () => assert.equal(await answerOf(() => answer), words));
    }

    it("are not known where Bedrock knows no such profile, or denies it", async () => {
        const fails = (name: string, status: number, message?: string) =>
            answerOf(() => {
                throw awsError(name, status, message);
            });
        assert.equal(await fails("ResourceNotFoundException", 404), "not served here (ResourceNotFoundException)");
        const denial = "User: a is not authorized to perform: bedrock:GetInferenceProfile";
        assert.equal(await fails("AccessDeniedException", 403, denial), "denied (AccessDeniedException)");
    });
});

describe("the health of a model, in words", () => {
    const health = (name: string, message: string) => healthInWords(Object.assign(new Error(message), { name }));
    const cases: [name: string, message: string, words: string][] = [
        [
            "AccessDeniedException",
            "User: arn is not authorized to perform: bedrock:InvokeModel on resource: arn because no identity-based " +
                "policy allows the bedrock:InvokeModel action",
            "403: no policy allows it",
        ],
        [
            "AccessDeniedException",
            "User: arn is not authorized to perform: bedrock:InvokeModel on resource: arn with an explicit deny in an " +
                "identity-based policy",
            "403: a policy denies it; a shut-off may be in force",
        ],
        [
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
            "403: the account has no access to this model",
        ],
        ["AccessDeniedException", "Something else.", "403: denied"],
        ["ValidationException", "The provided model identifier is invalid.", "400: no such model in this region"],
        [
            "ValidationException",
            "Invocation of model ID a with on-demand throughput isn\u2019t supported. Retry your request with the ID " +
                "or ARN of an inference profile that contains this model.",
            "400: not served on demand here, only by an inference profile",
        ],
        [
            "ResourceNotFoundException",
            "Could not resolve the foundation model from the provided model identifier.",
            "404: no such model in this region",
        ],
        ["ResourceNotFoundException", "This model version has reached the end of its life.", "404: no longer served"],
        ["ThrottlingException", "Too many requests.", "429: too many requests"],
    ];
    for (const [name, message, words] of cases) {
        it(`${words}, with Bedrock's own sentence`, () =>
            assert.deepEqual(health(name, message), { got: words, note: `Bedrock: ${message}` }));
    }

    it("is not known where nobody answered", () => {
        assert.equal(
            healthInWords(Object.assign(new Error(), { name: "Error", code: "ECONNREFUSED" })).got,
            "could not be reached (ECONNREFUSED)",
        );
    });
});

describe("what AWS declares, in words", () => {
    it("misses a public-access block that is off or absent", () => {
        const all = {
            BlockPublicAcls: true,
            IgnorePublicAcls: true,
            BlockPublicPolicy: true,
            RestrictPublicBuckets: true,
        };
        assert.equal(publicAccessInWords(all), "all four blocked");
        assert.equal(publicAccessInWords({ ...all, BlockPublicPolicy: false }), "without BlockPublicPolicy");
        assert.match(publicAccessInWords(undefined), /^without BlockPublicAcls, Ignore/);
    });

    it("shows each part of a lifecycle rule", () => {
        const rule = { Status: "Enabled" as const, Filter: { Prefix: "" }, Expiration: { Days: 3 } };
        assert.equal(lifecycleInWords([rule]), "all objects: expire after 3 days");
        assert.equal(
            lifecycleInWords([{ ...rule, Filter: undefined, Prefix: "" }]),
            "all objects: expire after 3 days",
        );
        assert.match(lifecycleInWords([{ ...rule, Status: "Disabled" }]), /^\(Disabled\) all objects/);
        assert.match(lifecycleInWords([{ ...rule, Filter: { Prefix: "a/" } }]), /^{"Prefix":"a\/"}: expire/);
        assert.match(lifecycleInWords([{ ...rule, Filter: { ObjectSizeGreaterThan: 5 } }]), /^{"ObjectSize/);
        assert.match(
            lifecycleInWords([{ ...rule, Transitions: [{ Days: 1, StorageClass: "GLACIER" }] }]),
            /Transitions/,
        );
        assert.match(
            lifecycleInWords([
                { ...rule, NoncurrentVersionExpiration: { NoncurrentDays: 2, NewerNoncurrentVersions: 9 } },
            ]),
            /NewerNoncurrentVersions 9/,
        );
        assert.equal(lifecycleInWords([]), "no rules");
    });

    it("says which invocations a policy denies", () => {
        const both = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];
        const deny = { Effect: "Deny", Action: both, Resource: "*" };
        assert.equal(denialsInWords([deny]), `denies ${both.join(", ")} on everything; allows nothing`);
        assert.match(denialsInWords([{ ...deny, Action: both[0] }]), /^denies bedrock:InvokeModel on everything/);
        assert.match(denialsInWords([{ ...deny, Condition: { Bool: { "aws:x": "true" } } }]), /^denies no invocation/);
        assert.match(denialsInWords([{ ...deny, Resource: "arn:x" }]), /^denies no invocation/);
        assert.match(denialsInWords([{ ...deny, Effect: "Allow" }]), /^denies no invocation .* allows something$/);
    });

    it("says of which costs a budget limits how much, and what it does not count", () => {
        const budget = {
            BudgetType: "COST",
            TimeUnit: "MONTHLY",
            BudgetLimit: { Amount: "50.0", Unit: "USD" },
        } as const;
        assert.equal(limitInWords(budget), "COST, MONTHLY, 50 USD; every cost");
        const types = { IncludeTax: true, IncludeRefund: false, IncludeCredit: false, UseBlended: false };
        const narrowed = { ...budget, CostFilters: { TagKeyValue: ["user:a$b"], Service: ["two", "one"] } };
        const counted = "COST, MONTHLY, 50 USD; Service = one, two; TagKeyValue = user:a$b; without Credit, Refund";
        assert.equal(limitInWords({ ...narrowed, CostTypes: types }), counted);
        assert.equal(
            limitInWords({ ...narrowed, CostTypes: { ...types, UseAmortized: true } }),
            `${counted}; at rates: Amortized`,
        );
    });

    it("says an alert twice that is declared twice", () => {
        const actual = { NotificationType: "ACTUAL", ComparisonOperator: "GREATER_THAN" } as const;
        assert.equal(
            notificationsInWords([
                { ...actual, Threshold: 90 },
                { ...actual, Threshold: 50 },
                { ...actual, Threshold: 50, ThresholdType: "ABSOLUTE_VALUE" },
                { ...actual, NotificationType: "FORECASTED", Threshold: 100 },
            ]),
            "ACTUAL > 50%, 50 USD, 90%; FORECASTED > 100%",
        );
    });

    it("says what a budget's action does, at which level and with whose rights", () => {
        assert.equal(
            actionsInWords([
                {
                    ActionId: "1",
                    BudgetName: "b",
                    NotificationType: "ACTUAL",
                    ActionType: "APPLY_IAM_POLICY",
                    ActionThreshold: { ActionThresholdValue: 95, ActionThresholdType: "PERCENTAGE" },
                    Definition: { IamActionDefinition: { PolicyArn: "arn:deny", Users: ["llm"] } },
                    ExecutionRoleArn: "arn:role",
                    ApprovalModel: "AUTOMATIC",
                    Status: "STANDBY",
                    Subscribers: [],
                },
            ]),
            "APPLY_IAM_POLICY, AUTOMATIC, ACTUAL > 95%: arn:deny for user llm: by arn:role",
        );
        assert.equal(actionsInWords([]), "none");
    });

    it("tells alerts apart that reach different people", () => {
        const email = (Address: string) => ({ SubscriptionType: "EMAIL" as const, Address });
        const topic = { SubscriptionType: "SNS" as const, Address: "arn:aws:sns:r:1:alerts" };
        assert.equal(
            subscribersInWords([
                [topic, email("a@b")],
                [email("a@b"), topic],
            ]),
            "every alert to a@b and topic alerts",
        );
        assert.equal(subscribersInWords([[email("a@b")], []]), "some alerts to a@b; some alerts to nobody");
    });
});

describe("the result", () => {
    const good: CheckResult = {
        id: "A1",
        name: "a",
        identity: "service",
        expected: "x".repeat(99),
        got: "x".repeat(99),
        ok: true,
    };
    const bad: CheckResult = { ...good, name: "b", got: `${"y".repeat(98)}z`, ok: false, note: "Not all was tried." };

    it("is one line for a check that holds and whole for one that does not", () => {
        const lines = renderTable([good, bad]).split("\n");
        assert.equal(lines.filter((line) => line.includes("│ ok ")).length, 1);
        assert.ok(lines.some((line) => line.includes("FAIL")) && lines.some((line) => /y+z/.test(line)));
        assert.deepEqual(lines.slice(-2), ["Note on A1 b: Not all was tried.", "1 hold, 1 failed, 0 not tried"]);
    });

    it("says a note once", () => {
        const table = renderTable([bad, { ...bad, name: "c" }]);
        assert.match(table, /Note on A1 b; A1 c: Not all was tried\.\n0 hold, 2 failed, 0 not tried$/);
    });

    it("has no colours, which a log would show as characters", () => {
        assert.ok(!renderTable([good, bad]).includes("\u001b"));
    });

    it("counts apart what could not be tried, in words and in JSON, and calls it no failure", () => {
        const untried: CheckResult = { ...bad, got: "not tried: no deployer", notTried: true };
        const table = renderTable([good, bad, untried]);
        assert.equal(table.split("\n").at(-1), "1 hold, 1 failed, 1 not tried");
        assert.equal(table.match(/FAIL/g)?.length, 1);
        const document = { checks: [good, bad, untried], failed: 1, notTried: 1 };
        assert.deepEqual(JSON.parse(toJson([good, bad, untried])), document);
    });
});

describe("the report of verify", () => {
    const result = (more: Partial<CheckResult>): CheckResult => ({
        ...{
            id: "A1",
            service: "mlflow",
            name: "a|b",
            identity: "service",
            expected: "allowed",
            got: "allowed",
            ok: true,
        },
        ...more,
    });
    const failed = result({ name: "<c>", got: 'denied "x"', ok: false, note: "Why." });
    const untried = result({ service: "rl-studio", got: "not tried: no deployer", ok: false, notTried: true });
    const results = [result({}), failed, untried];
    const told = (format: Format, more: Partial<ReportOptions> = {}) =>
        reportOf(results, { format, remedy: "infra doctor", ...more });

    it("in short is what failed, a line a service, and what to do, without colours unless asked", () => {
        assert.equal(
            told("summary"),
            [
                "FAIL  A1 <c> (mlflow), as service",
                "      expected allowed",
                '      got      denied "x"',
                "      Why.",
                "mlflow     1 hold, 1 failed, 0 not tried",
                "rl-studio  0 hold, 0 failed, 1 not tried",
                "Why, and the fix: infra doctor",
            ].join("\n"),
        );
        assert.ok(told("summary", { color: true }).includes("\u001b[31mFAIL"));
        assert.equal(reportOf([], { format: "summary", remedy: "" }), "");
        assert.ok(!reportOf([result({})], { format: "summary", remedy: "infra doctor" }).includes("doctor"));
    });

    it("leaves out everything but failures where asked", () => {
        assert.doesNotMatch(told("summary", { failedOnly: true }), /hold/);
        assert.equal(told("markdown", { failedOnly: true }).match(/\n\| /g)?.length, 2);
        assert.equal(told("table", { failedOnly: true }).match(/FAIL|│ ok/g)?.length, 1);
        assert.equal(told("junit", { failedOnly: true }).match(/<testcase/g)?.length, 1);
    });

    it("as Markdown is a table whose cells stay cells", () => {
        assert.match(told("markdown"), /^\| {2}\| service .*\n\| --- .*\n\| ok \| mlflow \| A1 \| a\\\|b \|/);
        assert.match(told("markdown"), /\n\n1 hold, 1 failed, 1 not tried$/);
    });

    it("as JUnit is well-formed, with what was not tried skipped", () => {
        const xml = told("junit");
        assert.match(xml, /<testsuite name="mlflow" tests="2" failures="1" skipped="0">/);
        assert.match(
            xml,
            /name="A1 &lt;c&gt;, as service"><failure message="expected allowed, got denied &quot;x&quot;"\/>/,
        );
        assert.match(xml, /<testsuite name="rl-studio" tests="1" failures="0" skipped="1">[^]*<skipped message=/);
    });

    it("is cut to a terminal's width, and not in a pipe", () => {
        const long = result({ name: "n".repeat(300) });
        const lines = (width?: number) => reportOf([long], { format: "table", width, remedy: "" });
        assert.ok(
            lines(120)
                .split("\n")
                .every((line) => line.length <= 120),
        );
        assert.ok(lines().includes("n".repeat(300)));
    });
});
