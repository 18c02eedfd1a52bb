// Two stacks on one Vault and one cluster: the first has made what they share (B11), the second uses it.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type V1Secret } from "@kubernetes/client-node";
import execa from "execa";

import { type Identities } from "../../local/aws/identities";
import { emptyBuckets } from "../../local/aws/leftovers";
import { findEngine } from "../../local/engine";
import { cacheDirectory, root } from "../../local/paths";
import { pulumiEnvironment } from "../../local/pulumi";
import { Vault } from "../../ops/vault/client";
import { sharedCloud } from "../support/cluster/suite";

describe("two stacks on one Vault", function () {
    this.timeout(400_000);
    const cloud = () => sharedCloud();
    const place = mkdtempSync(join(tmpdir(), "neighbour-"));
    const project = join(place, "project");
    let engine: string;
    let env: Record<string, string>;

    before(async () => {
        const { folder, connection, places } = cloud();
        engine = (await findEngine(cacheDirectory())).folder;
        const identities = JSON.parse(readFileSync(join(folder, "identities.json"), "utf8")) as Identities;
        const { rootToken } = JSON.parse(readFileSync(join(places.folder, "vault-keys.json"), "utf8")) as {
            rootToken: string;
        };
        env = {
            ...pulumiEnvironment({
                engine,
                home: join(folder, "pulumi-home"),
                folder: place,
                server: { caBundle: connection.caBundle! },
                credentials: identities.deployer,
                vaultToken: rootToken,
            }),
        };
        mkdirSync(join(place, "state"));
        mkdirSync(project);
        writeFileSync(join(project, "Pulumi.yaml"), "name: neighbour\nruntime: nodejs\nmain: index.ts\n");
        // A link, because the program imports the component by its place in the repository.
        symlinkSync(join(root, "tests/support/cluster/neighbour.ts"), join(project, "index.ts"));
        for (const name of ["tsconfig.json", "node_modules"]) symlinkSync(join(root, name), join(project, name));
        await pulumi("stack", "init", "neighbour", "--secrets-provider", "passphrase");
        const settings = {
            kubeconfig: cloud().kubeconfig("admin"),
            vaultAddress: `https://127.0.0.1:${places.ports.vault}`,
            caCertFile: places.certificate.certificate,
        };
        for (const [key, value] of Object.entries(settings)) await pulumi("config", "set", key, value);
        await setToken("first");
    });
    after(async () => {
        await pulumi("destroy", "--yes", "--skip-preview");
        rmSync(place, { recursive: true, force: true });
        const { checks } = await cloud().up();
        assert.deepEqual(
            checks.filter(({ ok }) => !ok),
            [],
        );
    });

    const pulumi = async (...args: string[]) => {
        const run = { cwd: project, env, extendEnv: false, reject: false, all: true } as const;
        const { exitCode, all } = await execa(join(engine, "pulumi"), [...args, "--non-interactive"], run);
        assert.equal(exitCode, 0, all);
        return all!;
    };
    const setToken = (token: string) => pulumi("config", "set", "--secret", "token", token);
    const deploy = () => pulumi("up", "--yes", "--skip-preview");

    const valueOf = async (namespace: string, name: string, key: string) => {
        const secret = await cloud().kubernetes().read({ apiVersion: "v1", kind: "Secret", namespace, name });
        return Buffer.from((secret as V1Secret | undefined)?.data?.[key] ?? "", "base64").toString();
    };
    /** Everything of the first stack that another one could disturb. */
    const first = async () => {
        const pods = await cloud()
            .kubernetes()
            .pods("clinical-ai", { "app.kubernetes.io/name": "clinical-ai-prefect-worker" });
        const { vault } = cloud();
        const { metadata } = (await vault.read("secret/data/clinical-ai/aws")) as { metadata: { version: number } };
        return {
            pods: pods.map((pod) => pod.metadata!.uid),
            version: metadata.version,
            key: await valueOf("clinical-ai", "clinical-ai-aws-credentials", "aws-access-key-id"),
            role: await vault.read("auth/kubernetes/role/clinical-ai-prefect"),
            config: await vault.read("auth/kubernetes/config"),
        };
    };
    const shared = async () => {
        const names = async (list: string) => Object.keys((await cloud().vault.read(list)) ?? {});
        return {
            mount: (await names("sys/mounts")).includes("secret/"),
            auth: (await names("sys/auth")).includes("kubernetes/"),
            audit: (await names("sys/audit")).includes("file/"),
        };
    };

    it("the second goes through what the first has made, and changes nothing of it", async () => {
        const before = await first();
        await deploy();
        assert.equal(await valueOf("neighbour", "neighbour-api", "api-token"), "first");
        await setToken("second");
        await deploy();
        assert.equal(await valueOf("neighbour", "neighbour-api", "api-token"), "second");
        assert.deepEqual(await first(), before);
        assert.match(await pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"), /unchanged/);
        const { words, checks } = await cloud().up();
        assert.match(words, /Nothing to change/);
        assert.deepEqual(
            checks.filter(({ ok }) => !ok),
            [],
        );
    });

    it("neither's service account reads the other's secret", async () => {
        const { places } = cloud();
        const address = `https://127.0.0.1:${places.ports.vault}`;
        const read = async (namespace: string, account: string, role: string, path: string) => {
            const jwt = await cloud().kubernetes().tokenOf(namespace, account, { audience: "vault" });
            const vault = new Vault({ address, caCertFile: places.certificate.certificate });
            const session = await vault.login("kubernetes", role, jwt);
            return session.read(path).finally(() => session.revoke());
        };
        const [ours, theirs] = ["secret/data/clinical-ai/aws", "secret/data/neighbour/api"];
        const worker = ["clinical-ai", "clinical-ai-prefect-worker"] as const;
        const neighbour = ["neighbour", "neighbour"] as const;
        assert.ok(await read(...worker, "clinical-ai-prefect", ours));
        assert.ok(await read(...neighbour, "neighbour", theirs));
        await assert.rejects(read(...worker, "clinical-ai-prefect", theirs), /permission denied/);
        await assert.rejects(read(...neighbour, "neighbour", ours), /permission denied/);
        await assert.rejects(read(...worker, "neighbour", theirs), /login refused/);
        await assert.rejects(read(...neighbour, "clinical-ai-prefect", ours), /login refused/);
    });

    it("the second destroyed leaves the first whole, with what they shared", async () => {
        const before = await first();
        await pulumi("destroy", "--yes", "--skip-preview");
        assert.deepEqual(await first(), before);
        assert.deepEqual(await shared(), { mount: true, auth: true, audit: true });
        assert.equal(await cloud().vault.read("auth/kubernetes/role/neighbour"), undefined);
        assert.equal(await cloud().vault.read("secret/metadata/neighbour/api"), undefined);
        await deploy();
    });

    it("the first destroyed keeps what they share: the second goes on, and the first can come back", async () => {
        // A bucket with anything in it stays: other tests have left versions in these.
        await emptyBuckets(cloud().connection);
        await cloud().succeed(["pulumi", "destroy", "--yes", "--skip-preview"]);
        assert.deepEqual(await shared(), { mount: true, auth: true, audit: true });
        await setToken("third");
        await deploy();
        assert.equal(await valueOf("neighbour", "neighbour-api", "api-token"), "third");
        const { checks } = await cloud().up();
        assert.deepEqual(
            checks.filter(({ ok }) => !ok).map(({ name, got }) => ({ name, got })),
            [],
        );
        assert.equal(await valueOf("neighbour", "neighbour-api", "api-token"), "third");
    });
});
