import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";
import { Document, parseAllDocuments } from "yaml";

import { InfraError } from "../../ops/common/errors";
import { type FleetSource, stackManifest, type StackManifest } from "../../ops/fleet/manifest";
import { needsCluster } from "../../ops/stack/services";
import { settingsOf } from "../../ops/stack/settings";
import { FleetCheckout } from "../support/fleet/checkout";
import { stackConfig } from "../support/stack-files";

const source: FleetSource = {
    repository: "https://git.platform.test/platform.git",
    commit: "9fceb02d0ae598e95dc970b74767f19372d61af8",
    backend: "s3://state-{environment}?region=us-east-1",
    image: "pulumi/pulumi:3.255.0-nonroot",
    project: "platform",
};

describe("a stack as a resource of Pulumi's operator", () => {
    it("is the stack of its commit, and is neither destroyed with the resource nor kept running", () => {
        const stack = { name: "dev", environment: "dev", secretsProvider: "awskms://alias/state", cluster: false };
        assert.deepEqual(stackManifest(stack, source), {
            apiVersion: "pulumi.com/v1",
            kind: "Stack",
            metadata: { name: "dev", labels: { "app.kubernetes.io/part-of": "platform", environment: "dev" } },
            spec: {
                stack: "organization/platform/dev",
                projectRepo: "https://git.platform.test/platform.git",
                commit: "9fceb02d0ae598e95dc970b74767f19372d61af8",
                backend: "s3://state-dev?region=us-east-1",
                secretsProvider: "awskms://alias/state",
                serviceAccountName: "platform-deployer-dev",
                destroyOnFinalize: false,
                workspaceReclaimPolicy: "Delete",
                workspaceTemplate: {
                    spec: { image: "pulumi/pulumi:3.255.0-nonroot", securityProfile: "restricted" },
                },
            },
        });
    });

    it("has Vault's token and the kubeconfig of its environment, by reference, where it deploys to a cluster", () => {
        const { spec } = stackManifest({ name: "a", environment: "prod", cluster: true }, source);
        const { envRefs, workspaceTemplate } = spec as Record<"envRefs" | "workspaceTemplate", unknown>;
        assert.deepEqual(envRefs, {
            VAULT_TOKEN: { type: "Secret", secret: { name: "platform-deployer-prod", key: "VAULT_TOKEN" } },
            KUBECONFIG: { type: "Literal", literal: { value: "/etc/platform/kubeconfig" } },
        });
        assert.match(JSON.stringify(workspaceTemplate), /"mountPath":"\/etc\/platform","readOnly":true/);
        assert.match(JSON.stringify(workspaceTemplate), /"secretName":"platform-deployer-prod"/);
    });

    it("clones a repository that is not public with the token of a Secret", () => {
        const { spec } = stackManifest(
            { name: "a", environment: "dev", cluster: false },
            { ...source, repositorySecret: "git" },
        );
        assert.deepEqual((spec as { gitAuth: unknown }).gitAuth, {
            accessToken: { type: "Secret", secret: { name: "git", key: "accessToken" } },
        });
    });

    for (const name of ["Dev", "team_a", "-a", "a".repeat(43)]) {
        it(`is refused for the name ${name}`, () =>
            assert.throws(() => stackManifest({ name, environment: "dev", cluster: false }, source), InfraError));
    }
    it("may have a name of 42 characters", () => {
        const name = "a".repeat(42);
        assert.equal(stackManifest({ name, environment: "dev", cluster: false }, source).metadata.name, name);
    });
});

describe("what a stack is deployed to", () => {
    const settings = (config: Record<string, unknown>) => settingsOf(new Document({ config }), "Pulumi.dev.yaml");
    const full = stackConfig("prod");
    const { cluster, ...awsSide } = full["platform:clinical-ai"] as Record<string, unknown>;

    it("is a cluster where a service of the stack has one", () => {
        assert.ok(cluster);
        assert.equal(needsCluster(settings(full)), true);
    });

    it("is AWS alone where none has one, or the one that has is none of the stack's", () => {
        assert.equal(needsCluster(settings({ ...full, "platform:clinical-ai": awsSide })), false);
        assert.equal(needsCluster(settings({ ...full, "platform:services": ["rl-studio", "mlflow"] })), false);
    });
});

describe("infra fleet manifests", function () {
    this.timeout(60_000);
    let checkout: FleetCheckout;
    before(() => {
        const bucket = { ...stackConfig("dev"), "platform:services": ["rl-studio"] };
        const local = { ...bucket, "aws:allowedAccountIds": ["000000000000"] };
        checkout = new FleetCheckout({ bucket, full: stackConfig("prod"), local });
    });
    after(() => checkout.remove());
    afterEach(() => checkout.reset());

    const wanted = ["--repository", source.repository, "--backend", source.backend, "--image", source.image];
    const infra = (...args: readonly string[]) =>
        execa(join(checkout.folder, "bin/infra.js"), ["fleet", "manifests", ...args], { cwd: tmpdir(), reject: false });

    it("prints a document for each stack, at the checkout's commit, and leaves out the local cloud's", async () => {
        const { exitCode, stdout, stderr } = await infra(...wanted);
        assert.equal(exitCode, 0, stderr);
        const found = parseAllDocuments(stdout).map(
            (one) => one.toJS() as StackManifest & { spec: Record<string, unknown> },
        );
        assert.deepEqual(
            found.map(({ metadata, spec }) => [metadata.name, spec.commit, spec.backend, "envRefs" in spec]),
            [
                ["bucket", checkout.git("rev-parse", "HEAD"), "s3://state-dev?region=us-east-1", false],
                ["full", checkout.git("rev-parse", "HEAD"), "s3://state-prod?region=us-east-1", true],
            ],
        );
        assert.equal(stderr, "Left out, being the local cloud's: local.");
    });

    it("prints those that are named, as a List for programs", async () => {
        const { stdout } = await infra("full", ...wanted, "--json");
        const { kind, items } = JSON.parse(stdout) as { kind: string; items: StackManifest[] };
        assert.equal(kind, "List");
        assert.deepEqual(
            items.map(({ metadata }) => metadata.name),
            ["full"],
        );
    });

    it("refuses a stack whose file is not as it was committed", async () => {
        checkout.write("Pulumi.bucket.yaml", checkout.git("show", "HEAD:Pulumi.bucket.yaml") + "\n# otherwise\n");
        const { exitCode, stdout, stderr } = await infra(...wanted);
        assert.deepEqual([exitCode, stdout], [2, ""]);
        assert.match(stderr, /Pulumi\.bucket\.yaml is not as it was committed/);
        assert.equal((await infra("full", ...wanted)).exitCode, 0);
    });

    const refused: readonly [args: readonly string[], reason: RegExp][] = [
        [["nobody", ...wanted], /There is no stack "nobody"/],
        [[...wanted.slice(0, 4), "--image", "pulumi/pulumi:latest"], /not latest/],
        [[...wanted.slice(0, 4), "--image", "registry.test:5000/pulumi"], /its version or its digest/],
        [[...wanted.slice(2), "--repository", "here"], /Expected an address/],
        [wanted.slice(2), /--repository/],
    ];
    for (const [args, reason] of refused) {
        it(`refuses ${args.join(" ")}`, async () => {
            const { exitCode, stderr } = await infra(...args);
            assert.equal(exitCode, 2);
            assert.match(stderr, reason);
        });
    }
});
