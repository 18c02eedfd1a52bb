// What the stand-in aws plugin knows of AWS without asking it: literal in, literal out.

import assert from "node:assert/strict";
import { faultOfNotifications } from "../../local/plugins/aws/budget-notifications";
import { parsePeriod, showPeriod } from "../../local/plugins/aws/budget-period";
import { normaliseContainers } from "../../local/plugins/aws/ecs-containers";
import { sesSmtpPassword } from "../../local/plugins/aws/iam-access-key";
import { faultsOfIamName } from "../../local/plugins/aws/iam-common";
import { principalsOf } from "../../local/plugins/aws/principals";
import { faultsOfName } from "../../local/plugins/aws/s3-bucket";
import { faultOfRules, ruleFrom, ruleTo } from "../../local/plugins/aws/s3-lifecycle-rules";
import { parseConfig } from "../../local/plugins/config";
import { AwsRefusal, explain, Refusal } from "../../local/plugins/errors";
import { normalisePolicy } from "../../local/plugins/policy-document";
import type { Properties } from "../../local/plugins/wire";

describe("normalisePolicy", () => {
    const statement = (more: object) => ({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...more }] });
    const alike: [string, object, object][] = [
        ["one action and a list of one", statement({ Action: "s3:a" }), statement({ Action: ["s3:a"] })],
        ["actions in another order", statement({ Action: ["s3:a", "s3:b"] }), statement({ Action: ["s3:b", "s3:a"] })],
        ["everybody", statement({ Principal: "*" }), statement({ Principal: { AWS: "*" } })],
        [
            "an account and its root",
            statement({ Principal: { AWS: "123456789012" } }),
            statement({ Principal: { AWS: ["arn:aws:iam::123456789012:root"] } }),
        ],
        [
            "a condition's false and its text",
            statement({ Condition: { Bool: { "aws:SecureTransport": false } } }),
            statement({ Condition: { Bool: { "aws:SecureTransport": ["false"] } } }),
        ],
        ["a statement alone", { Statement: { Effect: "Allow" } }, { Statement: [{ Effect: "Allow" }] }],
    ];
    for (const [title, left, right] of alike) {
        it(`takes for the same: ${title}`, () => assert.deepEqual(normalisePolicy(left), normalisePolicy(right)));
    }
    const unlike: [string, object, object][] = [
        ["another effect", statement({}), statement({ Effect: "Deny" })],
        ["one action more", statement({ Action: "s3:a" }), statement({ Action: ["s3:a", "s3:b"] })],
        ["another account", statement({ Principal: "123456789012" }), statement({ Principal: "210987654321" })],
    ];
    for (const [title, left, right] of unlike) {
        it(`tells apart: ${title}`, () => assert.notDeepEqual(normalisePolicy(left), normalisePolicy(right)));
    }
});

describe("normaliseContainers", () => {
    it("takes ECS's answer for what was asked", () => {
        const asked = [
            {
                name: "main",
                image: "busybox",
                portMappings: [{ containerPort: 80 }],
                environment: [
                    { name: "B", value: "2" },
                    { name: "A", value: "1" },
                ],
            },
        ];
        const answered = [
            {
                name: "main",
                image: "busybox",
                cpu: 0,
                essential: true,
                mountPoints: [],
                volumesFrom: [],
                portMappings: [{ containerPort: 80, hostPort: 80, protocol: "tcp" }],
                environment: [
                    { name: "A", value: "1" },
                    { name: "B", value: "2" },
                ],
            },
        ];
        assert.deepEqual(normaliseContainers(asked), normaliseContainers(answered));
    });
    it("sees another image, and that the order of a command matters", () => {
        const one = (more: object) => normaliseContainers([{ name: "main", image: "a", command: ["x", "y"], ...more }]);
        assert.notDeepEqual(one({}), one({ image: "b" }));
        assert.notDeepEqual(one({}), one({ command: ["y", "x"] }));
    });
});

describe("lifecycle rules", () => {
    const fault = (...rules: Properties[]) =>
        faultOfRules(rules.map((rule) => ruleTo({ id: "r", status: "Enabled", filter: {}, ...rule })))?.code;

    it("refuses what S3 refuses", () => {
        assert.equal(fault({ expiration: { days: 1, expiredObjectDeleteMarker: true } }), "MalformedXML");
        assert.equal(fault({ expiration: { days: 1, date: "2030-01-01T00:00:00Z" } }), "MalformedXML");
        assert.equal(fault({ expiration: { days: 1 }, prefix: "a" }), "MalformedXML");
        assert.equal(
            fault({ expiration: { expiredObjectDeleteMarker: true }, filter: { objectSizeGreaterThan: 1 } }),
            "MalformedXML",
        );
        assert.equal(fault({}), "InvalidRequest");
        assert.equal(fault({ expiration: { days: 1 } }, { expiration: { days: 2 } }), "InvalidArgument");
        const bare = { id: "r", status: "Enabled", expiration: { days: 1 } };
        assert.equal(faultOfRules([ruleTo(bare)])?.code, "MalformedXML");
    });
    it("takes a rule for days and one for delete markers", () => {
        assert.equal(
            fault(
                { id: "days", expiration: { days: 365 }, noncurrentVersionExpiration: { noncurrentDays: 30 } },
                { id: "markers", expiration: { expiredObjectDeleteMarker: true } },
            ),
            undefined,
        );
    });
    it("reads back what it writes", () => {
        const rule = {
            id: "r",
            status: "Enabled",
            filter: { and: { prefix: "p/", tags: { a: "1" } } },
            expiration: { date: "2030-01-01T00:00:00Z" },
            transitions: [{ days: 30, storageClass: "STANDARD_IA" }],
        };
        assert.deepEqual(JSON.parse(JSON.stringify(ruleFrom(ruleTo(rule)))), rule);
    });
});

describe("names", () => {
    it("S3 takes these and refuses those", () => {
        for (const good of ["abc", "a.b-c.1", "x".repeat(63)]) {
            assert.deepEqual(faultsOfName(good), [], good);
        }
        for (const bad of ["ab", "Abc", "a..b", "-abc", "abc-", "1.2.3.4", "a_b", "x".repeat(64)]) {
            assert.equal(faultsOfName(bad).length, 1, bad);
        }
    });
    it("IAM takes these and refuses those", () => {
        assert.deepEqual(faultsOfIamName("a+=,.@_-Z9", 64), []);
        for (const bad of ["a b", "a/b", "ä", "", "x".repeat(65)]) {
            assert.equal(faultsOfIamName(bad, 64).length, 1, bad);
        }
    });
});

describe("budgets", () => {
    const emails = (count: number) => Array.from({ length: count }, (_, index) => `${index}@example.org`);
    const code = (list: Properties[]) => faultOfNotifications(list)?.code;

    it("refuses more notifications and subscribers than AWS takes, and none", () => {
        const good = { threshold: 80, notificationType: "ACTUAL", subscriberEmailAddresses: emails(10) };
        assert.equal(code(Array.from({ length: 10 }, () => good)), undefined);
        assert.equal(code(Array.from({ length: 11 }, () => good)), "CreationLimitExceededException");
        assert.equal(code([{ ...good, subscriberEmailAddresses: emails(11) }]), "CreationLimitExceededException");
        assert.equal(code([{ ...good, subscriberSnsTopicArns: ["a", "b"] }]), "CreationLimitExceededException");
        assert.equal(code([{ threshold: 80 }]), "InvalidParameterException");
    });
    it("writes times as the provider does", () => {
        assert.equal(showPeriod(parsePeriod("2026-01-31_06:05")), "2026-01-31_06:05");
        assert.throws(() => parsePeriod("2026-01-31"), /must look like/);
    });
});

describe("principalsOf", () => {
    it("names users and roles, not accounts, services or everybody", () => {
        const statements = [
            { Principal: { AWS: ["arn:aws:iam::123456789012:user/a/b", "123456789012", "*"] } },
            { Principal: { AWS: "arn:aws:iam::123456789012:role/r" } },
            { Principal: { Service: "ecs-tasks.amazonaws.com" } },
            { Principal: "*" },
        ];
        assert.deepEqual(principalsOf(JSON.stringify({ Statement: statements })), [
            "arn:aws:iam::123456789012:user/a/b",
            "arn:aws:iam::123456789012:role/r",
        ]);
    });
});

describe("sesSmtpPassword", () => {
    it("is the signature that AWS documents", () => {
        assert.equal(
            sesSmtpPassword("some+secret+key", "eu-central-1"),
            "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2",
        );
    });
});

describe("parseConfig", () => {
    const keys = { region: "eu-west-1", accessKey: "id", secretKey: "secret" };
    const faults = (args: Properties, env = {}) => {
        const parsed = parseConfig(args, env);
        return "faults" in parsed ? parsed.faults.join("\n") : "";
    };

    it("reads text, JSON text and booleans written as text", () => {
        const parsed = parseConfig(
            {
                ...keys,
                token: "t",
                s3UsePathStyle: "true",
                endpoints: '[{"s3":"http://s3","iam":""},{"sts":"http://sts"}]',
                allowedAccountIds: '["123456789012"]',
                defaultTags: '{"tags":{"a":"1"}}',
                customCaBundle: "/ca.pem",
                skipCredentialsValidation: "true",
            },
            { AWS_REGION: "us-east-1" },
        );
        assert.deepEqual(parsed, {
            config: {
                region: "eu-west-1",
                credentials: { accessKeyId: "id", secretAccessKey: "secret", sessionToken: "t" },
                endpoints: { s3: "http://s3", sts: "http://sts" },
                allowedAccountIds: ["123456789012"],
                forbiddenAccountIds: [],
                defaultTags: { a: "1" },
                s3UsePathStyle: true,
                insecure: false,
                caBundle: "/ca.pem",
            },
        });
    });
    it("takes the environment's credentials where none are given, and never mixes the two", () => {
        const env = { AWS_ACCESS_KEY_ID: "env", AWS_SECRET_ACCESS_KEY: "env-secret", AWS_SESSION_TOKEN: "env-token" };
        const credentials = (args: Properties) => {
            const parsed = parseConfig({ region: "us-east-1", ...args }, env);
            return "config" in parsed ? parsed.config.credentials : parsed.faults;
        };
        assert.deepEqual(credentials({}), {
            accessKeyId: "env",
            secretAccessKey: "env-secret",
            sessionToken: "env-token",
        });
        assert.deepEqual(credentials(keys), { accessKeyId: "id", secretAccessKey: "secret" });
        assert.match(String(credentials({ accessKey: "id" })), /must be given together/);
    });
    it("refuses a profile, no credentials, no region, broken JSON and settings it cannot honour", () => {
        assert.match(faults({ region: "r", profile: "p" }), /reads no profile/);
        assert.equal(faults({ ...keys, profile: "p" }), "");
        assert.match(faults({ region: "r" }), /No AWS credentials/);
        assert.match(faults({ accessKey: "a", secretKey: "b" }), /Missing region/);
        assert.match(faults({ ...keys, endpoints: "{" }), /aws:endpoints is not valid JSON/);
        assert.match(faults({ ...keys, assumeRoles: '[{"roleArn":"a"}]' }), /aws:assumeRoles/);
    });
});

describe("explain", () => {
    it("says operation, name, message, status and request id", () => {
        const error = Object.assign(new Error("User a already exists."), {
            name: "EntityAlreadyExistsException",
            operation: "CreateUser",
            $metadata: { httpStatusCode: 409, requestId: "r-1" },
        });
        assert.equal(
            explain(error),
            "CreateUser: EntityAlreadyExistsException: User a already exists. (HTTP 409, request id r-1)",
        );
    });
    it("says a refusal of ours in AWS's words", () => {
        assert.equal(
            explain(new AwsRefusal("CreateAccessKey", "LimitExceeded", "Cannot exceed quota", 409)),
            "CreateAccessKey: LimitExceeded: Cannot exceed quota (HTTP 409)",
        );
    });
    it("shows no credential", () => {
        const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        assert.equal(
            explain(new Refusal(`sent ${secret} twice: ${secret}`), [secret, ""]),
            "sent [secret] twice: [secret]",
        );
    });
    it("has something to say of an error without a message", () => {
        const one = Object.assign(new Error("connect ECONNREFUSED ::1:1"), { code: "ECONNREFUSED" });
        assert.equal(
            explain(Object.assign(new AggregateError([one]), { code: "ECONNREFUSED", operation: "ListUsers" })),
            "ListUsers: ECONNREFUSED: ECONNREFUSED: connect ECONNREFUSED ::1:1",
        );
        assert.equal(explain(Object.assign(new Error(""), { code: "ECONNRESET" })), "ECONNRESET");
    });
});
