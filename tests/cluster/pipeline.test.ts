// The way of a key from IAM to the pod, on real servers: in order, at once, and not at all when it cannot be.

import assert from "node:assert/strict";
import { sign } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { KubeConfig, type V1ReplicaSet, type V1Secret, Watch } from "@kubernetes/client-node";

import { stopCluster } from "../../local/cluster/stop";
import { Vault } from "../../ops/vault/client";
import { type ClinicalAiOutputs } from "../../services/clinical-ai";
import { failedWait } from "../support/cluster/failed-wait";
import { firstUp, sharedCloud } from "../support/cluster/suite";
import { until } from "../support/test-cloud";

const namespace = "clinical-ai";
const secretPath = "secret/data/clinical-ai/aws";
const versionOfPods = "clinical-ai/vault-secret-version";

type Settings = { revision: number; generations: number[]; published: number };
const original: Settings = { revision: 1, generations: [1], published: 1 };
const staticKeys = (accessKeys: Settings) =>
    [["platform:clinical-ai", "identity"], { mode: "static", accessKeys }] as const;

describe("the way of a key from IAM to the pod", function () {
    this.timeout(400_000);
    let accessKeys = original;

    const cloud = () => sharedCloud();
    /** Every secret key that was ever on its way, the foreign one included. */
    const canaries = new Set<string>();
    const outputs = async () => {
        const found = (await cloud().outputs())["clinical-ai"] as unknown as ClinicalAiOutputs;
        canaries.add(found.secretAccessKey!);
        return found;
    };
    const secret = async () =>
        (await cloud().object("v1", "Secret", "clinical-ai-aws-credentials")) as V1Secret | undefined;
    const keyInSecret = async () => Buffer.from((await secret())!.data!["aws-access-key-id"], "base64").toString();
    const pods = async () =>
        (await cloud().kubernetes().pods(namespace, { "app.kubernetes.io/name": "clinical-ai-prefect-worker" }))
            .filter(({ metadata }) => !metadata?.deletionTimestamp)
            .map(({ metadata }) => ({ uid: metadata!.uid!, version: metadata!.annotations![versionOfPods] }));
    const versionInVault = async () => {
        const { metadata } = (await cloud().vault.read(secretPath)) as { metadata: { version: number } };
        return String(metadata.version);
    };
    /** Deploys without the tool's own checks, which take longer than the deployment. */
    const deploy = (...more: string[]) => cloud().run(["pulumi", "up", "--yes", "--skip-preview", ...more]);
    const succeed = async (...more: string[]) => {
        const result = await deploy(...more);
        assert.equal(result.exitCode, 0, result.all);
        return result;
    };
    /** The next step of a rotation: a second key is made, published, or left alone. */
    const rotate = (next: Omit<Settings, "revision">) => {
        accessKeys = { revision: accessKeys.revision + 1, ...next };
        return staticKeys(accessKeys);
    };

    after(async () => {
        // Another mode and back: a new user, whose keys count from the beginning.
        cloud().chooseIdentity({
            mode: "irsa",
            oidcProviderArn: "arn:aws:iam::000000000000:oidc-provider/example.com",
        });
        await succeed("--refresh");
        cloud().configure();
        await cloud().succeed(["up", "--cluster"]);
    });

    it("holds by every check on the first `up`", async () => {
        await outputs();
        const { checks } = firstUp();
        assert.deepEqual(
            checks.filter(({ ok }) => !ok),
            [],
        );
        assert.ok(checks.filter(({ id }) => /^B[2-8]$/.test(id)).length > 50);
    });

    it("gets a new key into the Secret before a pod of it exists, and rolls the worker once", async () => {
        cloud().configure([rotate({ generations: [1, 2], published: 1 })]);
        const before = await pods();
        await succeed();
        assert.deepEqual(await pods(), before, "a key that nobody uses yet replaces no pod");

        const config = new KubeConfig();
        config.loadFromFile(cloud().kubeconfig("admin"));
        const watch = new Watch(config);
        const replicaSets = new Map<string, number>();
        let synced: number | undefined;
        // Versions of all objects are those of one store: a smaller one was written earlier.
        const seen = (object: { metadata?: { resourceVersion?: string } }) => Number(object.metadata!.resourceVersion);
        const watches = [
            await watch.watch(
                `/api/v1/namespaces/${namespace}/secrets`,
                {},
                (_kind, object: V1Secret) => {
                    if (object.metadata?.annotations?.["vault-version"] === "2") synced ??= seen(object);
                },
                () => undefined,
            ),
            await watch.watch(
                `/apis/apps/v1/namespaces/${namespace}/replicasets`,
                {},
                (kind, object: V1ReplicaSet) => {
                    const version = object.spec?.template?.metadata?.annotations?.[versionOfPods] ?? "";
                    if (kind === "ADDED" && version === "2") replicaSets.set(object.metadata!.uid!, seen(object));
                },
                () => undefined,
            ),
        ];
        try {
            cloud().configure([rotate({ generations: [1, 2], published: 2 })]);
            await succeed();
            await until("the new ReplicaSet", () => replicaSets.size > 0);
        } finally {
            for (const one of watches) one.abort();
        }
        assert.equal(replicaSets.size, 1, "rolled once");
        assert.ok(synced! < [...replicaSets.values()][0], "the Secret was there first");
        const { accessKeyId } = await outputs();
        assert.equal(await keyInSecret(), accessKeyId);
        await until("the old pod to go", async () => (await pods()).length === 1);
        const [pod] = await pods();
        assert.equal(pod.version, "2");
        assert.notEqual(pod.uid, before[0].uid);
    });

    it("rolls nothing when the key stays, though the old one goes", async () => {
        const before = await pods();
        cloud().configure([rotate({ generations: [2], published: 2 })]);
        await succeed();
        assert.deepEqual(await pods(), before);
        assert.equal(await versionInVault(), "2");
    });

    it("does not roll the worker while External Secrets is stopped, and says why", async () => {
        const before = await pods();
        const keyBefore = await keyInSecret();
        cloud().configure([rotate({ generations: [2, 3], published: 2 })]);
        await succeed();
        cloud().configureCluster(
            [[["vault", "syncTimeoutSeconds"], 5]],
            [rotate({ generations: [2, 3], published: 3 })],
        );
        const running = cloud().start(["pulumi", "up", "--yes", "--skip-preview"]);
        let said = "";
        running.all!.on("data", (chunk: Buffer) => (said += chunk.toString()));
        // Not earlier: the tool starts what does not run.
        await until("the update to begin", () => said.includes("Updating (local)"));
        await cloud().kill("external-secrets");
        const { exitCode, all } = await running;
        assert.equal(await versionInVault(), "3", "Vault has the new key");
        assert.notEqual(exitCode, 0);
        assert.match(all!, failedWait);
        assert.deepEqual(await pods(), before);
        assert.equal(await keyInSecret(), keyBefore, "the Secret still has the old key");

        // A refresh forgets that the wait failed: the update after it does not wait, and must not go on either.
        assert.equal((await cloud().engine("refresh", "--yes", "--skip-preview")).exitCode, 0);
        const refreshed = await cloud().engine("up", "--yes", "--skip-preview");
        assert.notEqual(refreshed.exitCode, 0);
        assert.match(
            `${refreshed.stdout}${refreshed.stderr}`,
            /Secret clinical-ai-aws-credentials carries vault-version 2, and Vault has 3/,
        );
        assert.deepEqual(await pods(), before);

        // With the operator back, which every run of the tool starts, the next one finishes.
        cloud().configure([staticKeys(accessKeys)]);
        await succeed();
        assert.equal(await keyInSecret(), (await outputs()).accessKeyId);
        await until("the pods of version 3", async () => (await pods()).every(({ version }) => version === "3"));
        cloud().configure([rotate({ generations: [3], published: 3 })]);
        await succeed();
    });

    it("shows a foreign write in Vault as drift, without its value, and repairs it as a new version", async () => {
        const foreign = { aws_access_key_id: "AKIAFOREIGNFOREIGN00", aws_secret_access_key: "foreign-secret-in-vault" };
        canaries.add(foreign.aws_secret_access_key);
        await cloud().vault.write(secretPath, { data: foreign });
        const shown = await cloud().run(["pulumi", "preview", "--refresh", "--diff", "--expect-no-changes"]);
        assert.notEqual(shown.exitCode, 0);
        assert.match(shown.all!, /SecretV2/);
        for (const value of Object.values(foreign)) assert.ok(!shown.all!.includes(value), "a value was printed");
        await succeed("--refresh");
        assert.equal(await keyInSecret(), (await outputs()).accessKeyId);
        assert.equal(await versionInVault(), "5", "version 4 was the foreign one");
        await until("the pods of version 5", async () => (await pods()).every(({ version }) => version === "5"));
    });

    it("keeps the values out of every file and log of the cluster and the engine, and in Vault's log by digest only", async () => {
        await outputs();
        assert.equal(canaries.size, 4, "three keys of this stack, and a foreign one");
        // A change that goes all the way.
        await cloud().vault.write(secretPath, { data: { aws_access_key_id: "x", aws_secret_access_key: "y" } });
        const places = new Map([
            ["up --diff", (await succeed("--refresh", "--diff")).all!],
            ["preview --diff", (await cloud().succeed(["pulumi", "preview", "--diff"])).all!],
            ["stack output", (await cloud().succeed(["pulumi", "stack", "output", "--json"])).all!],
            ["stack export", (await cloud().succeed(["pulumi", "stack", "export"])).all!],
            ["the checks", (await cloud().succeed(["up", "--cluster", "--json"])).all!],
            ["doctor", (await cloud().succeed(["doctor", "--json"])).all!],
        ]);
        const clusterFiles = filesBelow(join(cloud().folder, "cluster"));
        for (const file of [...clusterFiles, ...filesBelow(join(cloud().folder, "state"))]) {
            places.set(file, readFileSync(file, "latin1"));
        }
        for (const [place, content] of places) {
            for (const canary of canaries) {
                const encoded = Buffer.from(canary).toString("base64").replace(/=+$/, "");
                assert.ok(!content.includes(canary), `plain text in ${place}`);
                assert.ok(!content.includes(encoded), `base64 in ${place}`);
            }
        }
        // The log of every server was looked at, and etcd's own file, which shows what is not encrypted.
        for (const server of ["etcd", "kube-apiserver", "kube-controller-manager", "vault", "external-secrets"]) {
            assert.ok(places.get(join(cloud().places.folder, `${server}.log`)), `the log of ${server}`);
        }
        const inEtcd = clusterFiles.filter((file) => /\/(snap\/db|[^/]*\.wal)$/.test(file));
        const stored = inEtcd.map((file) => places.get(file)!).join("");
        assert.ok(stored.includes("clinical-ai-prefect-server"), "the ConfigMap in plain text");
        assert.ok(stored.includes("/secrets/clinical-ai/clinical-ai-aws-credentials"), "the Secret's name");
        assert.ok(stored.includes("k8s:enc:secretbox:v1:"), "its content encrypted");

        const entries = readFileSync(join(cloud().places.folder, "vault-audit.log"), "utf8").trim().split("\n");
        const reads = entries
            .map((line) => JSON.parse(line) as AuditEntry)
            .filter(({ type, request }) => type === "response" && request.path === secretPath);
        assert.ok(reads.length > 0, "the reads of the secret are in the log");
        const value = reads.at(-1)!.response?.data?.data?.aws_secret_access_key;
        assert.match(String(value), /^hmac-sha256:/);
    });

    it("goes on after a stop of every server with all that was there", async () => {
        const [before, version] = [await pods(), await versionInVault()];
        const unsealed = () =>
            readFileSync(join(cloud().places.folder, "vault.log"), "utf8").split("core: vault is unsealed").length - 1;
        const unsealedBefore = unsealed();
        await stopCluster(cloud().folder);
        const { exitCode, all } = await cloud().run(["up", "--cluster"]);
        assert.equal(exitCode, 0, all);
        assert.match(all!, /Nothing to change/);
        assert.match(all!, /cluster: start: \d+ s/);
        assert.equal(unsealed(), unsealedBefore + 1, "Vault came up sealed, and the tool unsealed it");
        assert.deepEqual(await pods(), before);
        assert.equal(await versionInVault(), version);
    });

    it("asks the cluster by a credential that does not expire, and repairs it when it is taken away", async () => {
        const reviewer = { apiVersion: "v1", kind: "Secret", name: "vault-token-reviewer", namespace: "kube-system" };
        const { data } = (await cloud().kubernetes().read(reviewer)) as V1Secret;
        const token = Buffer.from(data!.token, "base64").toString();
        const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString()) as { exp?: number };
        assert.equal(claims.exp, undefined);
        const login = async () => {
            const account = cloud().kubernetes();
            const jwt = await account.tokenOf(namespace, "clinical-ai-prefect-worker", { audience: "vault" });
            return anonymous().login("kubernetes", "clinical-ai-prefect", jwt);
        };
        await (await login()).revoke();
        await cloud().kubernetes().remove(reviewer);
        // The API server remembers for some seconds that the token was good.
        await until(
            "logins to be refused",
            () => login().then((vault) => vault.revoke().then(() => false), isRefusal),
            30,
        );
        await succeed("--refresh");
        await (await login()).revoke();
    });

    describe("lets in nobody but", () => {
        const worker = "clinical-ai-prefect-worker";
        const tokenIn = (of: string) => cloud().kubernetes().tokenOf(of, worker, { audience: "vault" });
        const logIn = async (jwt: string) => {
            await (await anonymous().login("kubernetes", "clinical-ai-prefect", jwt)).revoke();
        };
        const refused = (jwt: string, why: string) => assert.rejects(logIn(jwt), { message: `login refused (${why})` });

        it("who has a token that has not expired", async () => {
            const token = await tokenIn(namespace);
            const { exp, iat } = claimsOf(token);
            // Signed by the cluster's own key: only its time is past.
            const signed = (secondsAgo: number) =>
                signedAgain(token, join(cloud().places.folder, "service-account.key"), {
                    iat: iat - secondsAgo,
                    nbf: iat - secondsAgo,
                    exp: exp - secondsAgo,
                });
            await logIn(signed(1));
            // An hour ago: Vault gives clocks a minute.
            await refused(signed(exp - iat + 3600), "invalid expiration time (exp) claim: token is expired");
        });

        it("the worker of its own namespace, not one of the same name elsewhere", async () => {
            const kubernetes = cloud().kubernetes();
            const stranger = { apiVersion: "v1", kind: "Namespace", name: "clinical-ai-stranger" };
            const { name } = stranger;
            await kubernetes.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, stranger);
            try {
                const account = { apiVersion: "v1", kind: "ServiceAccount", namespace: name };
                await kubernetes.create({ ...account, metadata: { name: worker, namespace: name } }, account);
                await refused(await tokenIn(name), "namespace not authorized");
            } finally {
                await kubernetes.remove(stranger);
            }
        });
    });

    const isRefusal = (error: Error) => {
        assert.match(error.message, /login refused/);
        return true;
    };
    const anonymous = () =>
        new Vault({
            address: `https://127.0.0.1:${cloud().places.ports.vault}`,
            caCertFile: cloud().places.certificate.certificate,
        });
});

interface AuditEntry {
    readonly type: string;
    readonly request: { readonly path: string };
    readonly response?: { readonly data?: { readonly data?: Readonly<Record<string, unknown>> } };
}

interface Claims {
    readonly iat: number;
    readonly nbf: number;
    readonly exp: number;
}

function claimsOf(token: string): Claims {
    return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString()) as Claims;
}

/** The same token with other times, signed by the key with which the API server signs. */
function signedAgain(token: string, keyFile: string, times: Claims): string {
    const [header] = token.split(".");
    const claims = Buffer.from(JSON.stringify({ ...claimsOf(token), ...times })).toString("base64url");
    const signature = sign("RSA-SHA256", Buffer.from(`${header}.${claims}`), readFileSync(keyFile));
    return `${header}.${claims}.${signature.toString("base64url")}`;
}

function filesBelow(folder: string): string[] {
    return readdirSync(folder).flatMap((name) => {
        const path = join(folder, name);
        const stats = statSync(path);
        return stats.isDirectory() ? filesBelow(path) : stats.isFile() ? [path] : [];
    });
}
