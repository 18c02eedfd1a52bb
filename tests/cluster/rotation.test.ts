import assert from "node:assert/strict";

import { ListAccessKeysCommand } from "@aws-sdk/client-iam";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { type V1Deployment } from "@kubernetes/client-node";

import { clinicalAi } from "../../services/clinical-ai";
import { objects } from "../../services/clinical-ai/workload-checks";

import { PodLoad } from "../support/cluster/pod-load";
import { sharedCloud } from "../support/cluster/suite";
import { killFamily } from "../support/processes";
import { until } from "../support/test-cloud";

const user = { UserName: "clinical-ai-prefect-worker-dev" };
const bucket = "clinical-ai-source-dev";

/** A sixtieth of times that would do for AWS. */
const rotation = { validSeconds: 1, timeoutSeconds: 60, quietSeconds: 1, graceSeconds: 1 };

// Comes last: no test after it may deploy the first key again.
describe("infra rotate clinical-ai (B10)", function () {
    this.timeout(300_000);
    const cloud = () => sharedCloud();
    const keys = async () => {
        const { AccessKeyMetadata: found = [] } = await cloud().root.iam.send(new ListAccessKeysCommand(user));
        return found.map(({ AccessKeyId }) => AccessKeyId!);
    };
    const rotate = ["infra", "rotate", "clinical-ai", "--yes"];

    before(async () => {
        cloud().configure([[["platform:rotation"], rotation]]);
        await cloud().succeed(["up", "--cluster"]);
        await cloud().root.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "load/always", Body: "there" }));
    });
    /** Works with the pods' keys while something happens, and fails if one request was refused. */
    const underLoad = async (work: () => Promise<void>) => {
        const load = new PodLoad(cloud(), bucket);
        await load.start();
        try {
            await work();
        } finally {
            await load.stop();
        }
        assert.deepEqual(load.failures, []);
        process.stderr.write(`      ${load.requests} requests with ${load.keys.size} keys, 0 failed\n`);
        return load;
    };

    it("reaches the pods with no failed request, and leaves one key, the new one, in pods that hold it", async () => {
        const before = await keys();
        const load = await underLoad(async () => {
            const { all } = await cloud().succeed(rotate);
            assert.match(all!, /Done: clinical-ai-prefect-worker-dev has key 2 alone/);
        });
        const after = await keys();
        assert.equal(after.length, 1);
        assert.ok(!before.includes(after[0]));
        assert.deepEqual([...load.keys].sort(), [...before, ...after].sort());
        assert.ok(load.requests > 300, `${load.requests} requests`);
        const { checks, words } = await cloud().up();
        assert.deepEqual(
            checks.filter(({ ok }) => !ok).map(({ name, got }) => ({ name, got })),
            [],
        );
        assert.match(words, /Nothing to change/);
        assert.deepEqual(await cloud().doctor(), []);
    });

    it("is killed as it publishes the key, and finished by the next run, with no failed request", async () => {
        const before = await keys();
        await underLoad(async () => {
            const running = cloud().start(rotate);
            let said = "";
            running.all!.on("data", (chunk: Buffer) => (said += chunk.toString()));
            await until(
                "the publication",
                () => /Publish key 3/.test(said) && /updating/.test(said.split("Publish")[1]),
                120,
            );
            await killFamily(running.pid!);
            await running;
            assert.equal((await keys()).length, 2);
            await cloud().succeed(rotate);
        });
        const after = await keys();
        assert.deepEqual([after.length, before.includes(after[0])], [1, false]);
    });

    it("keeps the old key while a pod has it, names that pod, and goes on when it is gone", async () => {
        const kubernetes = cloud().kubernetes();
        const { spec } = (await kubernetes.read(objects.deployment)) as unknown as V1Deployment;
        const { metadata, spec: pod } = spec!.template;
        const name = { namespace: clinicalAi.namespace, name: "left-behind" };
        // Of the Deployment by its labels, and nobody replaces it.
        const leftBehind = { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, ...name }, spec: pod };
        await kubernetes.create(leftBehind, { apiVersion: "v1", kind: "Pod", namespace: name.namespace });

        // Of the proof of a new key too, which on a busy machine takes its time.
        cloud().change([["platform:rotation", "timeoutSeconds"], 15]);
        const { exitCode, all } = await cloud().run(rotate);
        assert.equal(exitCode, 1, all);
        assert.match(all!, /Waits: pods with the old key: left-behind/);
        const { AccessKeyMetadata: both = [] } = await cloud().root.iam.send(new ListAccessKeysCommand(user));
        assert.deepEqual(
            both.map(({ Status }) => Status),
            ["Active", "Active"],
        );
        await kubernetes.remove({ apiVersion: "v1", kind: "Pod", ...name });
        await cloud().succeed(rotate);
        assert.equal((await keys()).length, 1);
    });
});
