import assert from "node:assert/strict";

import { type ClinicalAiOutputs } from "../../services/clinical-ai";
import { sharedCloud } from "../support/cluster/suite";

/** Prints its environment as JSON. */
const printEnvironment = ["node", "-e", "process.stdout.write(JSON.stringify(process.env))"];

/** Writes, lists, reads and deletes with what the SDK finds in the environment, as the worker does. */
const useBucket = (bucket: string) => [
    "node",
    "-e",
    `const { S3Client, PutObjectCommand, ListObjectsV2Command, GetObjectCommand, DeleteObjectCommand } = require("@aws-sdk/client-s3");
    (async () => {
        const s3 = new S3Client({ forcePathStyle: true });
        const at = { Bucket: ${JSON.stringify(bucket)}, Key: "worker-test" };
        await s3.send(new PutObjectCommand({ ...at, Body: "x", ServerSideEncryption: "AES256" }));
        const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: at.Bucket }));
        const { Body } = await s3.send(new GetObjectCommand(at));
        await s3.send(new DeleteObjectCommand(at));
        process.stdout.write(KeyCount + " " + (await Body.transformToString()));
    })().catch((error) => { process.stdout.write(error.name); process.exit(7); });`,
];

describe("a command run as the worker", () => {
    const run = (command: readonly string[], env?: NodeJS.ProcessEnv) => sharedCloud().run(["worker", ...command], env);

    it("has the pod's environment, and nothing of the caller's", async () => {
        const foreign = {
            AWS_PROFILE: "somebody-else",
            AWS_SESSION_TOKEN: "foreign",
            AWS_ACCESS_KEY_ID: "AKIAFOREIGN",
            VAULT_TOKEN: "foreign",
            KUBECONFIG: "/nowhere",
        };
        const { exitCode, stdout, stderr } = await run(printEnvironment, foreign);
        assert.equal(exitCode, 0, stderr);
        const seen = JSON.parse(stdout) as Record<string, string>;
        const { AWS_ENDPOINT_URL, AWS_CA_BUNDLE, NODE_EXTRA_CA_CERTS, PATH, ...own } = seen;
        assert.ok([AWS_ENDPOINT_URL, AWS_CA_BUNDLE, NODE_EXTRA_CA_CERTS, PATH].every(Boolean));
        const outputs = (await sharedCloud().outputs())["clinical-ai"] as unknown as ClinicalAiOutputs;
        assert.equal(own.AWS_ACCESS_KEY_ID, outputs.accessKeyId);
        assert.equal(own.AWS_SECRET_ACCESS_KEY, outputs.secretAccessKey);
        const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...settings } = own;
        assert.ok(AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY);
        // A kubelet adds the address of the API's Service, which no setting of a pod turns off.
        const added = Object.keys(settings).filter((name) => name.startsWith("KUBERNETES_"));
        for (const name of added) delete settings[name];
        assert.deepEqual(settings, {
            AWS_REGION: "us-east-1",
            STORAGE_ENVIRONMENT: "production",
            PREFECT_API_URL: "http://clinical-ai-prefect-server.clinical-ai.svc.cluster.local:4200/api",
            HOME: "/tmp",
        });
        assert.ok(!stderr.includes(outputs.secretAccessKey!), "names of variables are said, values are not");
    });

    it("reaches its buckets, and no other's", async () => {
        for (const bucket of ["clinical-ai-source-dev", "clinical-ai-destination-dev"]) {
            assert.deepEqual((await run(useBucket(bucket))).stdout, "1 x");
        }
        const { exitCode, stdout } = await run(useBucket("mlflow-basketworld-dev"));
        assert.deepEqual([exitCode, stdout], [7, "AccessDenied"]);
    });

    it("needs a name where the container leaves it to its image", async () => {
        const { exitCode, stderr } = await run([]);
        assert.equal(exitCode, 1);
        assert.match(stderr, /name a command, for example\n {2}npm run local -- worker env/);
        assert.match((await run(["no-such-command"])).stderr, /no-such-command could not be run/);
    });
});
