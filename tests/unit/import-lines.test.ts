import assert from "node:assert/strict";

import { ESLint } from "eslint";

import { root } from "../../local/paths";

/** Imports that would break the one direction of data, each in a file that exists. */
const forbidden: [file: string, statement: string][] = [
    ["components/secure-bucket/index.ts", 'import "../../stacks/settings";'],
    ["components/secure-bucket/index.ts", 'import "../scoped-identity/policy";'],
    ["components/secure-bucket/index.ts", 'import "../../services/rl-studio";'],
    ["components/secure-bucket/index.ts", "process.exit();"],
    ["components/secure-bucket/index.ts", 'import * as pulumi from "@pulumi/pulumi"; new pulumi.Config();'],
    ["components/secure-bucket/policy.ts", 'import "@pulumi/pulumi";'],
    ["components/secure-bucket/index.ts", 'import "node:process";'],
    ["components/secure-bucket/policy.ts", 'import "../../stacks/settings";'],
    ["components/secure-bucket/policy.ts", 'import "../../services/rl-studio";'],
    ["components/secure-bucket/policy.ts", 'import ".";'],
    ["components/ecs-task-role/task.ts", 'import "@pulumi/pulumi";'],
    ["components/naming.ts", 'import "../stacks/settings";'],
    ["components/arn.ts", 'import "@pulumi/aws";'],
    ["stacks/settings.ts", 'import "../components/secure-bucket";'],
    ["stacks/settings.ts", 'import "./context";'],
    ["stacks/rl-studio.ts", 'import { Config } from "@pulumi/pulumi"; new Config();'],
    ["stacks/rl-studio.ts", 'import * as vault from "@pulumi/vault"; new vault.Provider("x");'],
    ["stacks/settings.ts", 'import "@pulumi/pulumi";'],
    ["stacks/rl-studio.ts", 'import "../ops/rights/deployer";'],
    ["stacks/rl-studio.ts", 'import "../local/paths";'],
    ["stacks/rl-studio.ts", 'import * as pulumi from "@pulumi/pulumi"; new pulumi.Config();'],
    ["index.ts", 'import "./local/paths";'],
    ["services/rl-studio.ts", 'import "@pulumi/pulumi";'],
    ["services/rl-studio.ts", 'import "@aws-sdk/client-s3";'],
    ["services/rl-studio.ts", 'import "../stacks/settings";'],
    ["ops/verify/index.ts", 'import "../../local/paths";'],
    ["ops/verify/index.ts", 'import "../../components/secure-bucket";'],
    ["ops/verify/index.ts", 'import "../../stacks/rl-studio";'],
    ["ops/verify/index.ts", 'import "@pulumi/pulumi";'],
    ["local/up.ts", 'import "../components/secure-bucket";'],
    ["local/up.ts", 'import "@pulumi/pulumi/automation";'],
    ["ops/verify/index.ts", 'await import("../../local/paths");'],
    ["ops/verify/index.ts", 'await import("../../stacks/rl-studio");'],
    ["services/rl-studio.ts", 'await import("@pulumi/pulumi");'],
    ["services/rl-studio.ts", 'require("@pulumi/pulumi");'],
    ["local/providers/index.ts", 'import "@pulumi/aws";'],
    ["stacks/providers.ts", 'import * as pulumi from "@pulumi/pulumi"; new pulumi.Config();'],
];

const allowed: [file: string, statement: string][] = [
    ["stacks/settings.ts", 'import "../components/scoped-identity/access-keys";'],
    ["stacks/providers.ts", 'import * as vault from "@pulumi/vault"; new vault.Provider("x");'],
    ["stacks/config.ts", 'import * as pulumi from "@pulumi/pulumi"; new pulumi.Config();'],
    ["stacks/rl-studio.ts", 'import "../components/secure-bucket";'],
    ["ops/verify/index.ts", 'import "../../stacks/settings";'],
    ["ops/verify/index.ts", 'import "../../components/secure-bucket/policy";'],
    ["local/up.ts", 'import "../ops/verify";'],
    ["ops/verify/index.ts", 'await import("../../stacks/settings");'],
];

describe("imports go one way", function () {
    this.timeout(120_000);
    const rules = ["no-restricted-imports", "no-restricted-syntax", "no-restricted-globals"];
    const eslint = new ESLint({
        cwd: root,
        // The other rules need types, which take a minute to make.
        ruleFilter: ({ ruleId }) => rules.includes(ruleId),
        overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
    });
    const broken = async (file: string, statement: string) => {
        const [{ messages }] = await eslint.lintText(statement, { filePath: file });
        return messages.filter(({ ruleId }) => rules.includes(ruleId ?? "")).map(({ message }) => message);
    };

    for (const [file, statement] of forbidden) {
        it(`${file} may not: ${statement}`, async () => assert.equal((await broken(file, statement)).length, 1));
    }
    for (const [file, statement] of allowed) {
        it(`${file} may: ${statement}`, async () => assert.deepEqual(await broken(file, statement), []));
    }
});
