// What breaks while keys are on their way, and the fix: by itself, or by one command. What doctor says of faults
// that come without an update is in doctor.test.ts.

import assert from "node:assert/strict";
import { join } from "node:path";

import { DeleteAccessKeyCommand, ListAccessKeysCommand } from "@aws-sdk/client-iam";
import { type V1Secret } from "@kubernetes/client-node";

import { prepareAccounts } from "../../local/cluster/accounts";
import { startControlPlane } from "../../local/cluster/control-plane";
import { installCluster } from "../../local/cluster/install";
import { cacheDirectory } from "../../local/paths";
import { type ClinicalAiOutputs } from "../../services/clinical-ai";
import { failedWait } from "../support/cluster/failed-wait";
import { sharedCloud } from "../support/cluster/suite";
import { until } from "../support/test-cloud";

const namespace = "clinical-ai";
const secretPath = "secret/data/clinical-ai/aws";
const metadataPath = "secret/metadata/clinical-ai/aws";
const user = { UserName: "clinical-ai-prefect-worker-dev" };

describe("a fault while keys are on their way", function () {
    this.timeout(400_000);
    const cloud = () => sharedCloud();
    const outputs = async () => (await cloud().outputs())["clinical-ai"] as unknown as ClinicalAiOutputs;
    const update = ["pulumi", "up", "--yes", "--skip-preview"];

    const secret = async () =>
        (await cloud().object("v1", "Secret", "clinical-ai-aws-credentials")) as V1Secret | undefined;
    const keyInSecret = async () =>
        Buffer.from((await secret())?.data?.["aws-access-key-id"] ?? "", "base64").toString();
    const pods = async () =>
        (await cloud().kubernetes().pods(namespace, { "app.kubernetes.io/name": "clinical-ai-prefect-worker" }))
            .filter(({ metadata }) => !metadata?.deletionTimestamp)
            .map(({ metadata }) => metadata!.uid);
    const ready = async () => {
        const object = await cloud().object("external-secrets.io/v1", "ExternalSecret", "clinical-ai-aws-credentials");
        const { status } = object as { status?: { conditions?: { type: string; status: string }[] } };
        return status?.conditions?.find(({ type }) => type === "Ready")?.status;
    };
    /** The one command for what does not run and for what an update left half done; every check holds afterwards. */
    const up = async () => {
        const { checks, words } = await cloud().up();
        assert.deepEqual(
            checks.filter(({ ok }) => !ok).map(({ name, got }) => ({ name, got })),
            [],
        );
        assert.deepEqual(await cloud().doctor(), []);
        return words;
    };
    /** The one command for what was changed by hand: what comes after it finds nothing left to do. */
    const refresh = async () => {
        await cloud().succeed([...update, "--refresh"]);
        assert.match(await up(), /Nothing to change/);
    };
    const waitForSync = (seconds: number) => cloud().configureCluster([[["vault", "syncTimeoutSeconds"], seconds]]);
    /** Breaks something as soon as an update runs. */
    const breakDuring = async (args: readonly string[], breakIt: () => Promise<unknown>) => {
        const running = cloud().start(args);
        let said = "";
        running.all!.on("data", (chunk: Buffer) => (said += chunk.toString()));
        await until("the update to begin", () => said.includes("Updating (local)"));
        await breakIt();
        const { exitCode, all } = await running;
        return { exitCode, all: all! };
    };
    /** The same in an update that has a new version of the secret to deliver. */
    const whileUpdating = async (breakIt: () => Promise<unknown>) => {
        await cloud().vault.write(secretPath, { data: { aws_access_key_id: "foreign", aws_secret_access_key: "x" } });
        return breakDuring([...update, "--refresh"], breakIt);
    };
    const versionInVault = async () =>
        Number(((await cloud().vault.read(metadataPath)) as { current_version: number }).current_version);
    /** Which version the ExternalSecret asks for: what comes after that step waits for the sync. */
    const declaredVersion = async () => {
        const object = await cloud().object("external-secrets.io/v1", "ExternalSecret", "clinical-ai-aws-credentials");
        const { spec } = object as unknown as {
            spec: { target: { template: { metadata: { annotations: Record<string, string> } } } };
        };
        return spec.target.template.metadata.annotations["vault-version"];
    };
    const holdsTheKey = async () => assert.equal(await keyInSecret(), (await outputs()).accessKeyId);
    const versionInSecret = async () => (await secret())?.metadata?.annotations?.["vault-version"];

    afterEach(() => cloud().configure());

    it("Vault sealed: the Secret and the pods stay, doctor says so, the tool unseals it", async () => {
        const [before, key, deployed] = [await pods(), await keyInSecret(), await outputs()];
        await cloud().vault.write("sys/seal", {});
        await cloud().forceSync();
        await until("External Secrets to say so", async () => (await ready()) === "False");
        assert.deepEqual([await pods(), await keyInSecret()], [before, key]);
        assert.deepEqual(await cloud().doctor(deployed), ["vault-sealed"]);
        await cloud().succeed(["up", "--cluster"]);
        // The documented commands for who does not want to wait until it tries again.
        await cloud().forceStoreAndSync();
        await until("the sync", async () => (await ready()) === "True");
        await up();
    });

    for (const [fault, breakIt, said, finding] of [
        ["sealed", () => cloud().vault.write("sys/seal", {}), /Vault is sealed/, "vault-sealed"],
        ["down", () => cloud().kill("vault"), /connection refused|connection reset|EOF/, "vault-unreachable"],
    ] as const) {
        it(`Vault ${fault} in the middle of an update: it fails, nothing is rolled, the next one finishes`, async () => {
            const [before, deployed] = [await pods(), await outputs()];
            const { exitCode, all } = await whileUpdating(breakIt);
            assert.notEqual(exitCode, 0, all);
            assert.match(all, said);
            assert.deepEqual(await pods(), before);
            assert.ok((await cloud().doctor(deployed)).includes(finding));
            // Starts and unseals; what was written by hand stays until somebody looks.
            await cloud().run(["up", "--cluster"]);
            await refresh();
            await holdsTheKey();
        });
    }

    for (const [fault, breakIt, finding] of [
        ["sealed", () => cloud().vault.write("sys/seal", {}), "vault-sealed"],
        ["down", () => cloud().kill("vault"), "vault-unreachable"],
    ] as const) {
        it(`Vault ${fault} during the sync: nothing is rolled, doctor says why, the next update finishes`, async () => {
            // Two versions: the foreign one of `whileUpdating`, and the stack's own after it.
            const version = Number(await versionInSecret()) + 2;
            const [before, key, deployed] = [await pods(), await keyInSecret(), await outputs()];
            waitForSync(20);
            const { exitCode, all } = await whileUpdating(async () => {
                await cloud().hold("external-secrets");
                try {
                    await until("the new version in Vault", async () => (await versionInVault()) === version);
                    await until("the update to wait for it", async () => (await declaredVersion()) === String(version));
                    await breakIt();
                } finally {
                    await cloud().letGo("external-secrets");
                }
            });
            assert.notEqual(exitCode, 0, all);
            assert.match(all, failedWait);
            assert.deepEqual([await pods(), await keyInSecret()], [before, key]);
            assert.equal(await versionInSecret(), String(version - 2), "nothing came through");
            await until("External Secrets to say so", async () => (await ready()) === "False");
            const found = await cloud().doctor(deployed);
            assert.ok(found.includes(finding) && found.includes("secret-stale"), found.join());
            // The one command: it starts Vault, unseals it, and the update goes on where it failed.
            cloud().configure();
            const recovering = cloud().up();
            await until(
                "Vault",
                () =>
                    cloud()
                        .vault.read(metadataPath)
                        .then(Boolean, () => false),
                120,
            );
            await cloud().forceStoreAndSync();
            await recovering;
            await up();
            await holdsTheKey();
            assert.equal(await versionInSecret(), String(version));
        });
    }

    it("the operator killed in the middle of an update: nothing is rolled, the next one finishes", async () => {
        waitForSync(5);
        const [before, deployed] = [await pods(), await outputs()];
        const { exitCode, all } = await whileUpdating(() => cloud().kill("external-secrets"));
        assert.notEqual(exitCode, 0, all);
        assert.match(all, failedWait);
        assert.deepEqual(await pods(), before);
        assert.deepEqual(await cloud().doctor(deployed), ["secret-stale"], "it has two minutes to act");
        assert.deepEqual(await cloud().doctor(deployed, 120), ["operator-stopped", "secret-stale"]);
        cloud().configure();
        await up();
        await holdsTheKey();
    });

    it("the Kubernetes API restarting in the middle of an update: the next one finishes", async () => {
        const { places } = cloud();
        const [programs, deployed] = [
            await installCluster(cacheDirectory(), join(cloud().folder, "pulumi-home")),
            await outputs(),
        ];
        // The provider does not wait for an API that does not answer: this update may fail.
        await whileUpdating(async () => {
            await cloud().kill("kube-apiserver");
            assert.deepEqual(await cloud().doctor(deployed), ["kubernetes-unreachable"]);
            await new Promise((resolve) => setTimeout(resolve, 5_000));
            await startControlPlane(programs, places, prepareAccounts(places));
        });
        await cloud().run(["up", "--cluster"]);
        await refresh();
        await holdsTheKey();
    });

    it("the latest version in Vault deleted by hand: the Secret stays, an update that looks first writes the next", async () => {
        const [key, version] = [await keyInSecret(), await versionInSecret()];
        await cloud().vault.remove(secretPath);
        await cloud().forceSync();
        await until("External Secrets to say so", async () => (await ready()) === "False");
        assert.equal(await keyInSecret(), key);
        assert.deepEqual(await cloud().doctor(), ["secret-deleted"]);
        await refresh();
        await holdsTheKey();
        assert.equal(await versionInSecret(), String(Number(version) + 1));
    });

    it("all of it deleted by hand, metadata too, and the key as well: its new version 1 is not taken for the old one", async () => {
        await cloud().vault.remove(metadataPath);
        await refresh();
        assert.equal(await versionInSecret(), "1");

        const [before, deployed] = [await pods(), await outputs()];
        await cloud().vault.remove(metadataPath);
        await cloud().root.iam.send(new DeleteAccessKeyCommand({ ...user, AccessKeyId: deployed.accessKeyId }));
        assert.deepEqual(await cloud().doctor(), ["secret-deleted", "key-unknown"]);
        waitForSync(5);
        const { exitCode, all } = await breakDuring([...update, "--refresh"], () => cloud().kill("external-secrets"));
        const { metadata } = (await cloud().vault.read(secretPath)) as { metadata: { version: number } };
        assert.equal(metadata.version, 1, "Vault counts from 1 again");
        assert.equal(await versionInSecret(), "1");
        assert.equal(await keyInSecret(), deployed.accessKeyId, "the Secret still has the deleted key");
        assert.notEqual(exitCode, 0, "version 1 of the Secret is not the version 1 that was written");
        assert.match(all, failedWait);
        assert.deepEqual(await pods(), before);
        assert.ok((await cloud().doctor(deployed)).includes("key-unknown"));
        cloud().configure();
        await up();
        await holdsTheKey();
        assert.ok(
            (await pods()).every((uid) => !before.includes(uid)),
            "no pod keeps the deleted key",
        );
    });

    it("the Secret deleted by hand: the operator writes it again by itself", async () => {
        const before = await pods();
        const { uid } = (await secret())!.metadata!;
        await cloud()
            .kubernetes()
            .remove({ apiVersion: "v1", kind: "Secret", namespace, name: "clinical-ai-aws-credentials" });
        await until("the Secret", async () => ((await secret())?.metadata?.uid ?? uid) !== uid);
        assert.equal(await keyInSecret(), (await outputs()).accessKeyId);
        assert.deepEqual(await pods(), before);
        assert.match(await up(), /Nothing to change/);
    });

    it("the ExternalSecret deleted by hand: an update that looks first makes it again", async () => {
        await cloud().kubernetes().remove({
            apiVersion: "external-secrets.io/v1",
            kind: "ExternalSecret",
            namespace,
            name: "clinical-ai-aws-credentials",
        });
        await until("the Secret to go with it", async () => (await secret()) === undefined, 120);
        assert.deepEqual(await cloud().doctor(), ["externalsecret-missing"]);
        await refresh();
        await holdsTheKey();
    });

    it("a key deleted in IAM while a pod has it: verify and doctor name it, an update that looks first gives a new one", async () => {
        const { accessKeyId } = await outputs();
        await cloud().root.iam.send(new DeleteAccessKeyCommand({ ...user, AccessKeyId: accessKeyId }));
        assert.deepEqual(await cloud().doctor(), ["key-unknown"]);
        const { checks } = await cloud().up();
        assert.ok(checks.some(({ id, name, ok }) => id === "B8" && name.startsWith("environment: keys belong") && !ok));
        const before = await pods();
        await refresh();
        const { AccessKeyMetadata: keys } = await cloud().root.iam.send(new ListAccessKeysCommand(user));
        assert.deepEqual(
            keys!.map((key) => key.AccessKeyId),
            [(await outputs()).accessKeyId],
        );
        assert.notEqual(keys![0].AccessKeyId, accessKeyId);
        assert.ok(
            (await pods()).every((uid) => !before.includes(uid)),
            "no pod keeps the deleted key",
        );
    });

    it("leaves nothing behind that a check or doctor would find", async () => {
        await refresh();
        await holdsTheKey();
    });
});
