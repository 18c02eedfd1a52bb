import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import execa from "execa";
import { parse, stringify } from "yaml";

import { findEngine } from "../../local/engine";
import { cacheDirectory, root } from "../../local/paths";
import { pulumiEnvironment } from "../../local/pulumi";
import { TestCloud } from "../support/test-cloud";

/** The pack as a program that the engine starts, wherever the engine itself comes from. */
const pack = ["--policy-pack", join(root, "policy-pack", "serve.js")];

/** A program that breaks rules: by what a resource is, and by what is missing beside it. */
const breaking = `
const aws = require("@pulumi/aws");
const { bucket } = new aws.s3.Bucket("bare", { bucket: "bare", forceDestroy: true });
new aws.s3.BucketPublicAccessBlock("half", { bucket, blockPublicAcls: true });
const everything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }] };
new aws.iam.UserPolicy("everything", { user: "somebody", policy: JSON.stringify(everything) });
`;

describe("the policy pack on the real engine", function () {
    this.timeout(300_000);
    let cloud: TestCloud;
    let engine: string;
    before(async function () {
        this.timeout(30 * 60_000);
        cloud = await TestCloud.create(["rl-studio", "snapshotter"]);
        await cloud.succeed(["pulumi", "stack", "ls"]);
        engine = (await findEngine(cacheDirectory())).folder;
    });
    after(() => cloud.remove());

    it("lets a preview of a new stack pass, an update, and a preview of what was deployed", async () => {
        for (const command of [["preview"], ["up", "--yes", "--skip-preview"], ["preview"]]) {
            const { all } = await cloud.succeed(["pulumi", ...command, ...pack, "--non-interactive"]);
            assert.match(all!, /Policies:\n.*✅.* ai-service-platform@v1\.0\.0/, all);
            // What only an update will know is no reason for a word.
            assert.doesNotMatch(all!, /can't be known|advisory/);
        }
    });

    /** The engine's command line on a project of its own, which is the program that breaks rules. */
    async function breakingProject() {
        const folder = join(cloud.folder, "breaking");
        mkdirSync(join(folder, "state"), { recursive: true });
        const local = parse(readFileSync(join(cloud.folder, "Pulumi.local.yaml"), "utf8")) as { config: object };
        const config = Object.entries(local.config).filter(([key]) => key.startsWith("aws:"));
        writeFileSync(
            join(folder, "Pulumi.yaml"),
            stringify({ name: "breaking", runtime: "nodejs", main: "index.js" }),
        );
        writeFileSync(join(folder, "Pulumi.breaking.yaml"), stringify({ config: Object.fromEntries(config) }));
        writeFileSync(join(folder, "package.json"), "{}");
        writeFileSync(join(folder, "index.js"), breaking);
        symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        const server = { caBundle: cloud.connection.caBundle! };
        const home = join(cloud.folder, "pulumi-home");
        const env = pulumiEnvironment({ engine, home, folder, server, credentials });
        const pulumi = (...args: string[]) =>
            execa(join(engine, "pulumi"), args, { cwd: folder, env, extendEnv: false, reject: false, all: true });
        await pulumi("stack", "init", "breaking");
        return pulumi;
    }

    /** Runs a command that the pack has to refuse, and returns the ids of the rules that it names. */
    async function refusals(
        pulumi: Awaited<ReturnType<typeof breakingProject>>,
        ...command: string[]
    ): Promise<string[]> {
        const { exitCode, all } = await pulumi(...command, "--non-interactive", ...pack);
        assert.notEqual(exitCode, 0, all);
        return [...all!.matchAll(/- \[mandatory\] +(\S+) /g)].map(([, id]) => id).sort();
    }

    it("refuses a preview and an update of resources that break rules, by the rules' ids, and makes none of them", async () => {
        const pulumi = await breakingProject();
        const without = await pulumi("preview", "--non-interactive");
        assert.equal(without.exitCode, 0, without.all);
        assert.deepEqual(await refusals(pulumi, "preview"), [
            "bucket-blocks-public-access",
            "bucket-encrypts",
            "bucket-has-no-acls",
            "bucket-is-not-emptied",
            "bucket-keeps-versions",
            "bucket-wants-tls",
            "iam-names-actions",
            "iam-names-resources",
            "resource-is-tagged",
            "resource-is-tagged",
        ]);
        // An update ends with the first resource that is refused, whichever that is.
        assert.notDeepEqual(await refusals(pulumi, "up", "--yes", "--skip-preview"), []);
        const { stdout } = await pulumi("stack", "--show-urns");
        assert.doesNotMatch(stdout, /aws:(s3|iam)/);
    });
});
