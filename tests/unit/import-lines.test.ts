import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ESLint } from "eslint";
import execa from "execa";

import { root } from "../../local/paths";

/** A tree of the same folders, in which each file imports what the folder's files may. */
const tree: Readonly<Record<string, string>> = {
    "components/naming.ts": "export const name = 1;",
    "components/arn.ts": 'export { name } from "./naming";',
    "components/secure-bucket/policy.ts": 'export { name } from "../arn";',
    "components/secure-bucket/index.ts": 'import "@pulumi/pulumi"; export { name } from "./policy";',
    "components/scoped-identity/policy.ts": "export const name = 1;",
    "services/rl-studio.ts": 'export { name } from "../components/naming";',
    "services/index.ts": 'export * from "./rl-studio";',
    "stacks/settings.ts": 'import "../components/scoped-identity/policy"; export * from "../services";',
    "stacks/context.ts": 'import "@pulumi/pulumi"; export * from "./settings";',
    "stacks/rl-studio.ts": 'import "../components/secure-bucket"; export * from "./context";',
    "index.ts": 'import "./stacks/rl-studio";',
    "ops/common/errors.ts": "export const fault = 1;",
    "stacks/clinical-ai/foreign-secret.ts": 'import "@pulumi/pulumi"; import "../../ops/kubernetes/client";',
    "ops/kubernetes/client.ts": 'export * from "../common/errors";',
    "ops/stack/settings.ts": 'import "../../stacks/settings"; export * from "../common/errors";',
    "ops/verify/index.ts": 'import "../../components/scoped-identity/policy"; import "../stack/settings";',
    "functions/gate/core/money.ts": 'import { z } from "zod"; export const money = z;',
    "functions/gate/server.ts": 'import "../../components/naming"; import "@aws-sdk/client-s3"; import "./core/money";',
    "local/paths.ts": "export const root = 1;",
    "local/up.ts": 'import "../ops/verify"; import "./paths";',
};

/** An import that breaks the one direction of data, and the rule by which. */
const forbidden: readonly (readonly [file: string, statement: string, rule: string])[] = [
    ["components/secure-bucket/index.ts", 'import "../../stacks/settings";', "components-know-no-service"],
    ["components/secure-bucket/index.ts", 'import "../../services/rl-studio";', "components-know-no-service"],
    ["components/secure-bucket/index.ts", 'import "../scoped-identity/policy";', "components-know-no-other-component"],
    ["components/secure-bucket/index.ts", 'import "node:process";', "components-know-no-service"],
    ["components/arn.ts", 'import "@pulumi/aws";', "pure-files-know-no-pulumi"],
    ["components/secure-bucket/policy.ts", 'import "@pulumi/pulumi";', "pure-files-know-no-pulumi"],
    ["components/secure-bucket/policy.ts", 'import ".";', "no-circle"],
    ["stacks/settings.ts", 'import "../components/secure-bucket";', "pure-files-know-no-pulumi"],
    ["stacks/settings.ts", 'import { type Input } from "@pulumi/pulumi";', "tools-know-no-pulumi"],
    ["stacks/rl-studio.ts", 'import "../ops/stack/settings";', "the-program-needs-no-tool"],
    ["stacks/rl-studio.ts", 'import "../local/paths";', "nothing-imports-local"],
    ["index.ts", 'import "./local/paths";', "nothing-imports-local"],
    ["services/rl-studio.ts", 'import "@aws-sdk/client-s3";', "services-are-facts"],
    ["services/rl-studio.ts", 'import "../stacks/settings";', "services-are-facts"],
    ["services/rl-studio.ts", 'require("@pulumi/pulumi");', "tools-know-no-pulumi"],
    ["ops/verify/index.ts", 'import "../../local/paths";', "nothing-imports-local"],
    ["ops/verify/index.ts", 'import "../../components/secure-bucket";', "tools-know-no-pulumi"],
    ["ops/verify/index.ts", 'await import("../../stacks/rl-studio");', "tools-know-no-pulumi"],
    ["ops/stack/settings.ts", 'import { type Client } from "../verify";', "no-circle-of-folders"],
    ["local/up.ts", 'import "@pulumi/pulumi/automation";', "tools-know-no-pulumi"],
    ["functions/gate/server.ts", 'import "../../components/secure-bucket";', "tools-know-no-pulumi"],
    ["functions/gate/server.ts", 'import "../../stacks/settings";', "functions-run-in-aws"],
    ["functions/gate/server.ts", 'import "../../ops/common/errors";', "functions-run-in-aws"],
    ["functions/gate/server.ts", 'import "../../local/paths";', "nothing-imports-local"],
    ["functions/gate/core/money.ts", 'import "@aws-sdk/client-s3";', "cores-of-functions-compute"],
    ["functions/gate/core/money.ts", 'import "node:fs";', "cores-of-functions-compute"],
    ["functions/gate/core/money.ts", 'import "../../../components/naming";', "cores-of-functions-compute"],
    ["stacks/rl-studio.ts", 'import "../ops/kubernetes/client";', "the-program-needs-no-tool"],
    ["stacks/clinical-ai/foreign-secret.ts", 'import "../../ops/stack/settings";', "the-program-needs-one-client"],
];

describe("imports go one way", function () {
    this.timeout(120_000);
    let folder: string;
    before(() => {
        folder = mkdtempSync(join(tmpdir(), "imports-"));
        for (const name of [
            "@pulumi/pulumi",
            "@pulumi/pulumi/automation",
            "@pulumi/aws",
            "@aws-sdk/client-s3",
            "zod",
        ]) {
            mkdirSync(join(folder, "node_modules", name), { recursive: true });
            writeFileSync(join(folder, "node_modules", name, "index.js"), "");
        }
        symlinkSync(join(root, "tsconfig.json"), join(folder, "tsconfig.json"));
    });
    after(() => rmSync(folder, { recursive: true }));

    /** The rules that the tree breaks with one more statement in a file. */
    async function broken(changed?: string, statement = ""): Promise<string[]> {
        for (const [file, text] of Object.entries(tree)) {
            mkdirSync(dirname(join(folder, file)), { recursive: true });
            writeFileSync(join(folder, file), file === changed ? `${statement}\n${text}\n` : `${text}\n`);
        }
        const { stdout } = await execa.node(
            join(root, "node_modules", "dependency-cruiser", "bin", "dependency-cruise.mjs"),
            ["--config", join(root, ".dependency-cruiser.js"), "--output-type", "json", "."],
            { cwd: folder, reject: false },
        );
        const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[] } };
        return [...new Set(summary.violations.map(({ rule }) => rule.name))];
    }

    it("as they are", async () => assert.deepEqual(await broken(), []));

    for (const [file, statement, rule] of forbidden) {
        it(`${file}: ${statement} breaks ${rule}`, async () => {
            const rules = await broken(file, statement);
            assert.ok(rules.includes(rule), rules.join());
        });
    }
});

/** Of what the whole program has once. */
const once: readonly (readonly [file: string, statement: string, may: boolean])[] = [
    ["components/secure-bucket/index.ts", "process.exit();", false],
    ["components/secure-bucket/index.ts", 'import * as pulumi from "@pulumi/pulumi"; new pulumi.Config();', false],
    ["stacks/rl-studio.ts", 'import { Config } from "@pulumi/pulumi"; new Config();', false],
    ["stacks/rl-studio.ts", 'import * as vault from "@pulumi/vault"; new vault.Provider("x");', false],
    ["stacks/providers.ts", 'import * as pulumi from "@pulumi/pulumi"; new pulumi.Config();', false],
    ["stacks/providers.ts", 'import * as vault from "@pulumi/vault"; new vault.Provider("x");', true],
    ["stacks/config.ts", 'import * as pulumi from "@pulumi/pulumi"; new pulumi.Config();', true],
];

describe("one file alone reads the configuration, and one makes providers", function () {
    this.timeout(120_000);
    const rules = ["no-restricted-syntax", "no-restricted-globals"];
    const eslint = new ESLint({
        cwd: root,
        // The other rules need types, which take a minute to make.
        ruleFilter: ({ ruleId }) => rules.includes(ruleId),
        overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
    });

    for (const [file, statement, may] of once) {
        it(`${file} ${may ? "may" : "may not"}: ${statement}`, async () => {
            const [{ messages }] = await eslint.lintText(statement, { filePath: file });
            assert.equal(messages.filter(({ ruleId }) => rules.includes(ruleId ?? "")).length, may ? 0 : 1);
        });
    }
});
