import { strict as assert } from "node:assert";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { RecordingMocks, runWithMocks, valueOf } from "../support/mocks";

describe("recording mocks", () => {
    it("record inputs and the options that the engine acts on", async () => {
        const mocks = new RecordingMocks();
        await runWithMocks(mocks, () => {
            const first = new aws.s3.Bucket("first", { bucket: "one" }, { protect: true, retainOnDelete: true });
            new aws.s3.Bucket("second", { bucket: "two" }, { deletedWith: first, dependsOn: first, import: "two" });
        });
        assert.deepEqual(mocks.list(), [
            "aws:s3/bucket:Bucket first",
            "aws:s3/bucket:Bucket second",
            "pulumi:pulumi:Stack platform-test",
        ]);
        const none = {
            dependsOn: [],
            protect: false,
            retainOnDelete: false,
            additionalSecretOutputs: [],
            aliases: [],
            beforeCreate: [],
            beforeUpdate: [],
        };
        assert.deepEqual(mocks.get("aws:s3/bucket:Bucket", "first"), {
            type: "aws:s3/bucket:Bucket",
            name: "first",
            custom: true,
            importId: undefined,
            inputs: { bucket: "one" },
            options: { ...none, parent: "platform-test", deletedWith: undefined, protect: true, retainOnDelete: true },
        });
        assert.deepEqual(mocks.get("aws:s3/bucket:Bucket", "second"), {
            type: "aws:s3/bucket:Bucket",
            name: "second",
            custom: true,
            importId: "two",
            inputs: { bucket: "two" },
            options: { ...none, parent: "platform-test", deletedWith: "first", dependsOn: ["first"] },
        });
    });

    it("fail with the error of an apply that a resource depends on", async () => {
        const bucket = pulumi.output("one").apply((): string => {
            throw new pulumi.ResourceError("no such name", undefined, true);
        });
        await assert.rejects(
            runWithMocks(new RecordingMocks(), () => new aws.s3.Bucket("first", { bucket })),
            { message: "no such name" },
        );
    });

    it("fail at once where other resources wait for the failed one", async () => {
        const bucket = pulumi.output("one").apply((): string => {
            throw new pulumi.ResourceError("no such name", undefined, true);
        });
        const program = () => {
            const first = new aws.s3.Bucket("first", { bucket });
            new aws.s3.Bucket("second", { bucket: "two" }, { dependsOn: first });
        };
        await assert.rejects(runWithMocks(new RecordingMocks(), program), { message: "no such name" });
    });

    it("fail with what the program throws", async () => {
        await assert.rejects(
            runWithMocks(new RecordingMocks(), () => {
                throw new Error("no program");
            }),
            { message: "no program" },
        );
    });

    it("give the test runner its listeners back", async () => {
        const before = process.listeners("unhandledRejection");
        await runWithMocks(new RecordingMocks(), () => undefined);
        assert.deepEqual(process.listeners("unhandledRejection"), before);
    });

    it("record a hook and run it as the engine would", async () => {
        const mocks = new RecordingMocks();
        await runWithMocks(mocks, () => {
            const hook = new pulumi.ResourceHook(
                "guard",
                ({ oldInputs, newInputs }) => {
                    if (oldInputs?.bucket !== newInputs?.bucket) throw new Error("renamed");
                },
                { onDryRun: true },
            );
            new aws.s3.Bucket("first", { bucket: "one" }, { hooks: { beforeUpdate: [hook] } });
        });
        assert.deepEqual(mocks.get("aws:s3/bucket:Bucket", "first").options.beforeUpdate, ["guard"]);
        const [hook] = mocks.hooks;
        assert.deepEqual([hook.name, hook.onDryRun], ["guard", true]);
        assert.equal(await hook.run({ oldInputs: { bucket: "one" }, newInputs: { bucket: "one" } }), undefined);
        assert.equal(await hook.run({ oldInputs: { bucket: "one" }, newInputs: { bucket: "two" } }), "renamed");
    });

    it("refuse an invoke that they have no answer for", async () => {
        await assert.rejects(
            runWithMocks(new RecordingMocks(), () => aws.s3.getBucketOutput({ bucket: "one" }).arn),
            /unknown invoke: aws:s3\/getBucket:getBucket/,
        );
    });

    it("answer the invokes that every stack makes", async () => {
        const account = await runWithMocks(new RecordingMocks(), () => aws.getCallerIdentityOutput().accountId);
        assert.equal(await valueOf(account), "123456789012");
    });
});
