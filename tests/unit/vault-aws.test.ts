import assert from "node:assert/strict";

import { type IAMClient } from "@aws-sdk/client-iam";

import { configureEngine } from "../../local/cluster/vault-aws";

/** IAM and Vault in memory: what `configureEngine` asks of them. Names of calls are noted. */
class World {
    keys: string[] | undefined;
    mounts: Record<string, object> = {};
    root: { access_key: string; secret_key?: string } | undefined;
    calls: string[] = [];
    private made = 0;

    readonly vault = {
        read: (path: string) =>
            Promise.resolve((path === "sys/mounts" ? this.mounts : this.root) as Record<string, unknown> | undefined),
        write: (path: string, body: object) => {
            this.calls.push(path);
            if (path === "sys/mounts/aws") this.mounts["aws/"] = body;
            else this.root = body as { access_key: string };
            return Promise.resolve({});
        },
    };

    readonly iam = {
        send: (command: { input: { AccessKeyId?: string } }) => {
            const name = command.constructor.name.replace(/Command$/, "");
            if (name !== "ListAccessKeys") this.calls.push(name);
            return this.answer(name, command.input.AccessKeyId);
        },
    } as unknown as IAMClient;

    private async answer(name: string, id: string | undefined): Promise<object> {
        const noSuchEntity = Object.assign(new Error(name), { name: "NoSuchEntityException" });
        if (name === "CreateUser") this.keys ??= [];
        if (!this.keys) throw noSuchEntity;
        if (name === "ListAccessKeys") return { AccessKeyMetadata: this.keys.map((AccessKeyId) => ({ AccessKeyId })) };
        if (name === "DeleteAccessKey") this.keys = this.keys.filter((key) => key !== id);
        if (name !== "CreateAccessKey") return {};
        if (this.keys.length === 2) throw Object.assign(new Error(), { name: "LimitExceededException" });
        const AccessKeyId = `AKIA${++this.made}`;
        this.keys.push(AccessKeyId);
        return { AccessKey: { AccessKeyId, SecretAccessKey: `secret of ${AccessKeyId}` } };
    }

    configure = () => configureEngine(this.vault, this.iam, "https://127.0.0.1:4566", "us-east-1");
}

describe("the local Vault's AWS engine", () => {
    let world: World;
    beforeEach(() => (world = new World()));

    const assertConfigured = () => {
        const [key] = world.keys!;
        assert.equal(world.root?.access_key, key);
        assert.equal(world.root?.secret_key, `secret of ${key}`);
    };

    it("is mounted and given a user's keys, once", async () => {
        await world.configure();
        assertConfigured();
        world.calls = [];
        await world.configure();
        assert.deepEqual(world.calls, []);
    });

    it("is given keys where a run was killed after it was mounted", async () => {
        world.mounts["aws/"] = {};
        await world.configure();
        assertConfigured();
    });

    it("is given new keys where those it has are of a local AWS that is gone", async () => {
        await world.configure();
        world.keys = undefined;
        await world.configure();
        assertConfigured();
        assert.equal(world.root?.access_key, "AKIA2");
    });

    it("is given new keys where runs were killed before it had those that they made", async () => {
        world.mounts["aws/"] = {};
        world.keys = ["AKIALOST1", "AKIALOST2"];
        await world.configure();
        assertConfigured();
        assert.equal(world.keys.length, 1);
    });
});
