// What breaks while keys are on their way, and what mends it: by itself, or by one command. What doctor says of faults
// that are there for longer is in doctor.test.ts.

import assert from "node:assert/strict";

import { DeleteAccessKeyCommand, ListAccessKeysCommand } from "@aws-sdk/client-iam";
import { type V1Secret } from "@kubernetes/client-node";

import { prepareAccounts } from "../../local/cluster/accounts";
import { startControlPlane } from "../../local/cluster/control-plane";
import { installCluster } from "../../local/cluster/install";
import { cacheDirectory } from "../../local/paths";
import { type ClinicalAiOutputs } from "../../services/clinical-ai";
import { sharedCloud } from "../support/cluster/suite";
import { until } from "../support/test-cloud";

const namespace = "clinical-ai";
const secretPath = "secret/data/clinical-ai/aws";
const user = { UserName: "clinical-ai-prefect-worker-dev" };

describe("a fault while keys are on their way", function () {
    this.timeout(240_000);
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
    /** The tool's own command starts what does not run, deploys, and every check has to hold afterwards. */
    const mend = async (...more: string[]) => {
        if (more.length > 0) await cloud().succeed([...update, ...more]);
        const { checks, words } = await cloud().up();
        assert.deepEqual(
            checks.filter(({ ok }) => !ok).map(({ name, got }) => ({ name, got })),
            [],
        );
        return words;
    };
    /** Begins an update that has a new version of the secret to deliver, and breaks something as soon as it runs. */
    const whileUpdating = async (breakIt: () => Promise<void>) => {
        await cloud().vault.write(secretPath, { data: { aws_access_key_id: "foreign", aws_secret_access_key: "x" } });
        const running = cloud().start([...update, "--refresh"]);
        let said = "";
        running.all!.on("data", (chunk: Buffer) => (said += chunk.toString()));
        await until("the update to begin", () => said.includes("Updating (local)"));
        await breakIt();
        return running;
    };

    after(() => mend("--refresh"));

    it("Vault sealed: the Secret and the pods stay, doctor says so, the tool unseals it", async () => {
        const [before, key, deployed] = [await pods(), await keyInSecret(), await outputs()];
        await cloud().vault.write("sys/seal", {});
        await cloud().forceSync();
        await until("External Secrets to say so", async () => (await ready()) === "False");
        assert.deepEqual([await pods(), await keyInSecret()], [before, key]);
        assert.ok((await cloud().doctor(deployed)).includes("vault-sealed"));
        await mend();
        await cloud().forceSync();
        await until("the sync", async () => (await ready()) === "True");
        assert.deepEqual(await cloud().doctor(), []);
    });

    it("Vault down in the middle of an update: it fails, nothing is rolled, the next one finishes", async () => {
        const before = await pods();
        const { exitCode, all } = await whileUpdating(() => cloud().kill("vault"));
        assert.notEqual(exitCode, 0);
        assert.match(all!, /no answer from Vault/);
        assert.deepEqual(await pods(), before);
        await mend("--refresh");
        assert.equal(await keyInSecret(), (await outputs()).accessKeyId);
    });

    it("the operator killed in the middle of an update: nothing is rolled, the next one finishes", async () => {
        cloud().configureCluster([[["vault", "syncTimeoutSeconds"], 5]]);
        const before = await pods();
        const { exitCode, all } = await whileUpdating(() => cloud().kill("external-secrets"));
        assert.notEqual(exitCode, 0);
        assert.match(all!, /clinical-ai-aws-credentials: waited 5 s/);
        assert.deepEqual(await pods(), before);
        cloud().configure();
        await mend();
        assert.equal(await keyInSecret(), (await outputs()).accessKeyId);
    });

    it("the Kubernetes API restarting in the middle of an update: the update waits for it and goes through", async () => {
        const { places } = cloud();
        const programs = await installCluster(cacheDirectory());
        const { exitCode, all } = await whileUpdating(async () => {
            await cloud().kill("kube-apiserver");
            await new Promise((resolve) => setTimeout(resolve, 5_000));
            await startControlPlane(programs, places, prepareAccounts(places));
        });
        assert.equal(exitCode, 0, all);
        assert.equal(await keyInSecret(), (await outputs()).accessKeyId);
        await mend();
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
        await mend();
    });

    it("the ExternalSecret deleted by hand: an update that looks first makes it again", async () => {
        await cloud().kubernetes().remove({
            apiVersion: "external-secrets.io/v1",
            kind: "ExternalSecret",
            namespace,
            name: "clinical-ai-aws-credentials",
        });
        await until("the Secret to go with it", async () => (await secret()) === undefined, 120);
        assert.ok((await cloud().doctor()).length > 0);
        await mend("--refresh");
        assert.equal(await keyInSecret(), (await outputs()).accessKeyId);
    });

    it("a key deleted in IAM while a pod has it: verify and doctor name it, an update that looks first gives a new one", async () => {
        const { accessKeyId } = await outputs();
        await cloud().root.iam.send(new DeleteAccessKeyCommand({ ...user, AccessKeyId: accessKeyId }));
        assert.deepEqual(await cloud().doctor(), ["key-unknown"]);
        const { checks } = await cloud().up();
        assert.ok(checks.some(({ id, name, ok }) => id === "B8" && name.startsWith("environment: keys belong") && !ok));
        const before = await pods();
        await mend("--refresh");
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
        assert.deepEqual(await cloud().doctor(), []);
    });
});
