import assert from "node:assert/strict";

import { decide } from "../../ops/access/decide";
import { NotModelled } from "../../ops/access/not-modelled";
import { type StackResource, worldOf } from "../../ops/access/world-of";

const scope = { partition: "aws", accountId: "111122223333", region: "us-east-1" };
const iam = (resource: string) => `arn:aws:iam::${scope.accountId}:${resource}`;
const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
const allow = (Action: string) => document({ Effect: "Allow", Action, Resource: "*" });
const decideFor = (
    resources: Parameters<typeof worldOf>[0],
    action: string,
    principal = iam("user/u"),
    resource = "*",
) => decide(worldOf([...resources, user], scope), { principal, action, resource });

const user = { type: "aws:iam/user:User", inputs: { name: "u" } };
const policy = { type: "aws:iam/policy:Policy", inputs: { name: "p", policy: allow("s3:Managed") } };
const policyArn = iam("policy/p");

describe("the world of a stack's resources", () => {
    it("gives a user its own policies, those attached to it and those of its groups", () => {
        const resources = [
            policy,
            {
                type: "aws:iam/userPolicy:UserPolicy",
                inputs: { user: "u", name: "inline", policy: allow("s3:Inline") },
            },
            { type: "aws:iam/userGroupMembership:UserGroupMembership", inputs: { user: "u", groups: ["g", "h"] } },
            { type: "aws:iam/groupPolicy:GroupPolicy", inputs: { group: "h", name: "h", policy: allow("s3:Group") } },
            { type: "aws:iam/groupPolicyAttachment:GroupPolicyAttachment", inputs: { group: "g", policyArn } },
            { type: "kubernetes:core/v1:Secret", inputs: {} },
            { type: "platform:storage:SecureBucket" },
        ];
        for (const action of ["s3:Inline", "s3:Managed", "s3:Group"]) assert.ok(decideFor(resources, action).allowed);
        assert.ok(!decideFor(resources.slice(0, 2), "s3:Managed").allowed);
        const attached = {
            type: "aws:iam/userPolicyAttachment:UserPolicyAttachment",
            inputs: { user: "u", policyArn },
        };
        assert.equal(decideFor([policy, attached], "s3:Managed").by?.policy, "p");
        const others = { ...attached, inputs: { user: "v", policyArn } };
        assert.ok(!decideFor([policy, others], "s3:Managed").allowed);
    });

    it("bounds a user by its boundary", () => {
        const bounded = { type: user.type, inputs: { name: "b", permissionsBoundary: policyArn } };
        const own = { type: "aws:iam/userPolicy:UserPolicy", inputs: { user: "b", name: "i", policy: allow("s3:*") } };
        assert.ok(decideFor([policy, bounded, own], "s3:Managed", iam("user/b")).allowed);
        assert.ok(!decideFor([policy, bounded, own], "s3:Other", iam("user/b")).allowed);
    });

    it("gives a role its trust, and its path", () => {
        const trust = document({ Effect: "Allow", Principal: { AWS: iam("user/u") }, Action: "sts:AssumeRole" });
        const role = { type: "aws:iam/role:Role", inputs: { name: "r", path: "/jobs/", assumeRolePolicy: trust } };
        assert.ok(decideFor([role], "sts:AssumeRole", iam("user/u"), iam("role/jobs/r")).allowed);
        assert.ok(!decideFor([role], "sts:AssumeRole", iam("user/u"), iam("role/r")).allowed);
    });

    it("makes a policy of a function's permissions, for the alias that they name", () => {
        const permission = {
            type: "aws:lambda/permission:Permission",
            inputs: { action: "lambda:InvokeFunctionUrl", function: "f", principal: "*", qualifier: "live" },
        };
        const alias = `arn:aws:lambda:us-east-1:${scope.accountId}:function:f:live`;
        const invoke = (resource: string) =>
            decideFor([permission], "lambda:InvokeFunctionUrl", "anonymous", resource).allowed;
        assert.ok(invoke(alias));
        assert.ok(!invoke(alias.replace(":live", "")));
        const ofService = { ...permission.inputs, principal: "events.amazonaws.com", sourceAccount: scope.accountId };
        const world = worldOf([{ ...permission, inputs: ofService }], scope);
        const request = { principal: "events.amazonaws.com", action: "lambda:InvokeFunctionUrl", resource: alias };
        assert.ok(!decide(world, request).allowed);
        assert.ok(decide(world, { ...request, context: { "aws:SourceAccount": scope.accountId } }).allowed);
    });

    it("refuses what it cannot read rather than leave it out", () => {
        const attached = {
            type: "aws:iam/userPolicyAttachment:UserPolicyAttachment",
            inputs: { user: "u", policyArn },
        };
        const refusal = (resources: StackResource[], message: RegExp) =>
            assert.throws(
                () => worldOf(resources, scope),
                (error: unknown) => error instanceof NotModelled && message.test(error.message),
            );
        refusal([user, attached], /policy\/p is attached and not among/);
        const key = { type: "aws:kms/key:Key", inputs: {} };
        refusal([key], /policies of aws:kms\/key:Key are not read/);
        const role = {
            type: "aws:iam/role:Role",
            inputs: { name: "r", managedPolicyArns: [], assumeRolePolicy: "{}" },
        };
        refusal([role], /policies within the role r/);
        const grant = { type: "aws:lambda/permission:Permission", inputs: { function: "f", principalOrgId: "o" } };
        refusal([grant], /conditions that are not read/);
    });
});
