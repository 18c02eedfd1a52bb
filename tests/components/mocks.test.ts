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
        // Of an older type, which the SDK knows itself.
        const alias = (name: string) => `urn:pulumi:test::platform::aws:s3/bucketV2:BucketV2::${name}`;
        const none = {
            dependsOn: [],
            protect: false,
            retainOnDelete: false,
            additionalSecretOutputs: [],
            beforeCreate: [],
            beforeUpdate: [],
        };
        assert.deepEqual(mocks.get("aws:s3/bucket:Bucket", "first"), {
            type: "aws:s3/bucket:Bucket",
            name: "first",
            custom: true,
            importId: undefined,
            inputs: { bucket: "one" },
            outputs: { arn: "arn:aws:s3:::one", bucket: "one" },
            options: {
                ...none,
                aliases: [alias("first")],
                parent: "platform-test",
                deletedWith: undefined,
                protect: true,
                retainOnDelete: true,
            },
        });
        assert.deepEqual(mocks.get("aws:s3/bucket:Bucket", "second"), {
            type: "aws:s3/bucket:Bucket",
            name: "second",
            custom: true,
            importId: "two",
            inputs: { bucket: "two" },
            outputs: { arn: "arn:aws:s3:::two", bucket: "two" },
            options: {
                ...none,
                aliases: [alias("second")],
                parent: "platform-test",
                deletedWith: "first",
                dependsOn: ["first"],
            },
        });
    });

    it("record the URNs that a resource had before, as the engine has them", async () => {
        class Component extends pulumi.ComponentResource {
            constructor(name: string) {
                super("platform:test:Component", name);
            }
        }
        const mocks = new RecordingMocks();
        await runWithMocks(mocks, () => {
            const parent = new Component("parent");
            const moved = (name: string, aliases: (pulumi.Alias | pulumi.URN)[], of?: pulumi.Resource) =>
                new aws.iam.Policy(name, { policy: "{}" }, { parent: of, aliases });
            moved("renamed", [{ name: "old" }], parent);
            moved("out", [{ parent }]);
            moved("in", [{ parent: pulumi.rootStackResource }], parent);
            moved("by-urn", ["urn:pulumi:test::platform::some:type::name"]);
        });
        const aliases = (name: string) => mocks.get("aws:iam/policy:Policy", name).options.aliases;
        const urn = (type: string, name: string) => `urn:pulumi:test::platform::${type}aws:iam/policy:Policy::${name}`;
        assert.deepEqual(aliases("renamed"), [urn("platform:test:Component$", "old")]);
        assert.deepEqual(aliases("out"), [urn("platform:test:Component$", "out")]);
        assert.deepEqual(aliases("in"), [urn("", "in")]);
        assert.deepEqual(aliases("by-urn"), ["urn:pulumi:test::platform::some:type::name"]);
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
