import assert from "node:assert/strict";

import { localDeployerPolicy } from "../../local/aws/gaps";
import { deployerPolicy, verifierPolicy } from "../../ops/rights/deployer";

const actionsOf = (policy: ReturnType<typeof deployerPolicy>) =>
    policy.Statement.flatMap(({ Action }) => [Action].flat() as string[]);

describe("the deployer's policy", () => {
    it("fits into a managed policy of 6,144 characters", () => {
        assert.ok(JSON.stringify(deployerPolicy("aws-us-gov", "123456789012")).length <= 6144);
    });

    it("names every action in full, and none twice", () => {
        const actions = actionsOf(deployerPolicy("aws", "123456789012"));
        assert.deepEqual(
            actions.filter((action) => !/^[a-z0-9-]+:[A-Z][A-Za-z]+$/.test(action)),
            [],
        );
        assert.equal(new Set(actions).size, actions.length);
    });

    it("has what a deployer needs for a bucket, a user and its keys (A6)", () => {
        const actions = actionsOf(deployerPolicy("aws", "123456789012"));
        for (const action of [
            "s3:CreateBucket",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutLifecycleConfiguration",
            "iam:CreateUser",
            "iam:PutUserPolicy",
            "iam:CreateAccessKey",
        ]) {
            assert.ok(actions.includes(action), action);
        }
    });

    it("may make functions, tables, schedules and alarms of this account alone, and hand roles to those who run them", () => {
        const of = (sid: string) =>
            deployerPolicy("aws-us-gov", "123456789012").Statement.find(({ Sid }) => Sid === sid)!;
        assert.deepEqual(of("Functions").Resource, [
            "arn:aws-us-gov:dynamodb:*:123456789012:table/*",
            "arn:aws-us-gov:lambda:*:123456789012:function:*",
            "arn:aws-us-gov:scheduler:*:123456789012:schedule/default/*",
            "arn:aws-us-gov:cloudwatch:*:123456789012:alarm:*",
        ]);
        const passed = of("HandRolesOver").Condition!.StringEquals["iam:PassedToService"];
        for (const service of ["lambda", "scheduler"]) assert.ok(passed.includes(`${service}.amazonaws.com`), service);
    });

    it("neither reads nor writes what a gate has counted, nor calls it", () => {
        const actions = actionsOf(deployerPolicy("aws", "123456789012"));
        const others = /^dynamodb:(?!.*(Table|Tags?|TimeTo|Backups|Resource))|^lambda:Invoke/;
        assert.deepEqual(
            actions.filter((action) => others.test(action)),
            [],
        );
    });

    it("touches no object: that is the verifier's", () => {
        const objects = actionsOf(verifierPolicy("aws", "123456789012"));
        assert.deepEqual(
            actionsOf(deployerPolicy("aws", "123456789012")).filter((action) => objects.includes(action)),
            [],
        );
    });

    it("lets the verifier touch test objects only, and read none", () => {
        const [objects, find] = verifierPolicy("aws", "123456789012").Statement;
        assert.ok(([objects.Resource].flat() as string[]).every((resource) => resource.endsWith("/verify-*")));
        assert.ok(([find.Action].flat() as string[]).every((action) => action.startsWith("s3:List")));
        assert.ok(!actionsOf(verifierPolicy("aws", "123456789012")).includes("s3:GetObject"));
    });

    it("has the emulator's names for the emulator only", () => {
        const policy = deployerPolicy("aws", "123456789012");
        assert.ok(!actionsOf(policy).includes("budgets:CreateBudget"));
        assert.ok(actionsOf(localDeployerPolicy("000000000000")).includes("budgets:CreateBudget"));
    });
});
