// One contract for every type of the stand-in vault plugin, on a real Vault; and what is Vault's own.

import assert from "node:assert/strict";
import type { Server } from "@grpc/grpc-js";
import { findEngine } from "../../local/engine";
import { cacheDirectory } from "../../local/paths";
import { serve } from "../../local/plugins/server";
import { vaultPackage, vaultTypes } from "../../local/plugins/vault";
import { UNKNOWN, type Properties } from "../../local/plugins/wire";
import { throwawayProject, type Project } from "../support/plugin/cli";
import { CallFailed, Engine, type State } from "../support/plugin/engine";
import { wholeLife } from "../support/plugin/life";
import { vaultSamples, VaultWorld, type VaultAccess } from "../support/plugin/vault-world";

const MOUNT = "vault:index/mount:Mount";
const SECRET = "vault:kv/secretV2:SecretV2";
const CONFIG = "vault:kubernetes/authBackendConfig:AuthBackendConfig";

const world = new VaultWorld();
const samples = vaultSamples(world);
const { unique } = world;

describe("stand-in vault plugin", function () {
    this.timeout(60_000);
    let access: VaultAccess;
    let byHand: typeof world.byHand;
    let server: Server;
    let engine: Engine;

    before(async () => {
        ({ access, byHand } = world);
        const served = await serve(vaultPackage, () => undefined);
        server = served.server;
        engine = new Engine(served.port);
        await engine.configure({ ...access, tokenName: unique });
        await world.make();
    });
    after(async () => {
        await vaultPackage.end?.();
        engine?.close();
        server?.forceShutdown();
        await world.remove();
    });

    const create = async (token: string, inputs: Properties) => engine.create(token, await engine.check(token, inputs));
    const refreshed = async (token: string, state: State) => {
        const found = await engine.read(token, state.id, state);
        assert.ok(found, `${token} ${state.id} must be there`);
        return found;
    };
    const version = ({ outputs }: State) => (outputs["metadata"] as Properties)["version"];

    it("has a sample for every type", () => {
        assert.deepEqual(Object.keys(samples).sort(), vaultTypes.map(({ token }) => token).sort());
    });

    for (const type of vaultTypes) {
        it(`${type.token}: the whole life`, () => wholeLife(engine, type, samples[type.token]));
    }

    describe("SecretV2", () => {
        let inputs: { mount: string; name: string; dataJson: string };
        let tests = 0;
        beforeEach(() => {
            inputs = { mount: world.kv, name: `team/aws-${++tests}`, dataJson: '{"id":"AKIA-1","count":2}' };
        });

        it("tells path, values and version as the official plugin does", async () => {
            const state = await create(SECRET, inputs);
            const { path, data, metadata } = state.outputs;
            assert.equal(path, `${world.kv}/data/${inputs.name}`);
            assert.deepEqual(data, { id: "AKIA-1", count: "2" });
            const { created_time: created, ...others } = metadata as Properties;
            assert.deepEqual(others, { custom_metadata: "null", deletion_time: "", destroyed: "false", version: "1" });
            assert.ok(Date.now() - Date.parse(String(created)) < 60_000);
            assert.deepEqual([...state.secrets].sort(), ["data", "dataJson"]);
            await engine.delete(SECRET, state);
        });

        it("makes a new version of changed values, and of nothing else", async () => {
            const state = await create(SECRET, { ...inputs, deleteAllVersions: true });
            const kept = await engine.update(SECRET, state, { ...inputs, deleteAllVersions: true, cas: 1 });
            assert.equal(version(kept), version(state));
            const changed = { ...inputs, deleteAllVersions: true, dataJson: '{"id":"AKIA-2"}' };
            const planned = await engine.update(SECRET, state, changed, true);
            assert.equal(planned.outputs["metadata"], UNKNOWN);
            const reordered = { ...inputs, deleteAllVersions: true, dataJson: '{"count": 2, "id": "AKIA-1"}' };
            assert.deepEqual(
                (await engine.update(SECRET, state, reordered, true)).outputs["metadata"],
                state.outputs["metadata"],
            );
            const next = await engine.update(SECRET, state, changed);
            assert.equal(Number(version(next)), Number(version(state)) + 1);
            await engine.delete(SECRET, next);
        });

        it("shows what somebody else wrote, and writes the declared values as a version of their own", async () => {
            let state = await create(SECRET, { ...inputs, deleteAllVersions: true });
            await byHand.write(state.id, { data: { id: "of somebody else" } });
            state = await refreshed(SECRET, state);
            const wanted = await engine.check(SECRET, { ...inputs, deleteAllVersions: true }, state.inputs);
            assert.deepEqual((await engine.diff(SECRET, state, wanted)).paths, ["dataJson"]);
            state = await engine.update(SECRET, state, wanted);
            assert.equal(version(state), "3");
            const { data } = (await byHand.read(state.id)) as { data: { data: unknown } };
            assert.deepEqual(data.data, { id: "AKIA-1", count: 2 });
            await engine.delete(SECRET, state);
        });

        it("counts as gone when its latest version was deleted by hand", async () => {
            const state = await create(SECRET, { ...inputs, deleteAllVersions: true });
            await byHand.delete(state.id);
            assert.equal(await engine.read(SECRET, state.id, state), undefined);
            const again = await engine.create(SECRET, state.inputs);
            assert.equal(version(again), "2");
            await engine.delete(SECRET, again);
        });

        it("deletes its latest version, or all of them with their metadata when told to", async () => {
            const metadata = `${world.kv}/metadata/${inputs.name}`;
            const state = await create(SECRET, inputs);
            await engine.delete(SECRET, state);
            const { data } = (await byHand.read(metadata)) as { data: { current_version: number } };
            assert.equal(data.current_version, 1);
            await engine.delete(SECRET, { ...state, outputs: { ...state.outputs, deleteAllVersions: true } });
            await assert.rejects(byHand.read(metadata), (error: { response: { statusCode: number } }) => {
                return error.response.statusCode === 404;
            });
        });

        it("keeps metadata of the program's own, and shows its drift", async () => {
            const more = {
                ...inputs,
                deleteAllVersions: true,
                customMetadata: { maxVersions: 5, data: { team: "a" } },
            };
            let state = await refreshed(SECRET, await create(SECRET, more));
            assert.deepEqual(
                (await engine.diff(SECRET, state, await engine.check(SECRET, more, state.inputs))).paths,
                [],
            );
            await byHand.write(`${world.kv}/metadata/${inputs.name}`, {
                max_versions: 3,
                custom_metadata: { team: "a" },
            });
            state = await refreshed(SECRET, state);
            const wanted = await engine.check(SECRET, more, state.inputs);
            assert.deepEqual((await engine.diff(SECRET, state, wanted)).paths, ["customMetadata.maxVersions"]);
            state = await refreshed(SECRET, await engine.update(SECRET, state, wanted));
            assert.equal(version(state), "1");
            assert.deepEqual((await engine.diff(SECRET, state, wanted)).paths, []);
            await engine.delete(SECRET, state);
        });

        it("says nothing of the values when Vault refuses them", async () => {
            const failed = create(SECRET, { ...inputs, mount: `${unique}-none`, dataJson: '{"id":"not-to-be-seen"}' });
            await assert.rejects(failed, (error: Error) => {
                assert.match(error.message, /^write .*-none\/data\/team\/aws-\d: no handler for route .*HTTP 404/);
                return !error.message.includes("not-to-be-seen");
            });
            await assert.rejects(
                create(SECRET, { ...inputs, dataJson: '["not-to-be-seen"]' }),
                /^Error: dataJson must be a JSON object.$/,
            );
        });
    });

    describe("mounts", () => {
        it("takes kv-v2 for what Vault calls kv with version 2", async () => {
            const state = await refreshed(MOUNT, await create(MOUNT, { path: `${unique}-v2`, type: "kv-v2" }));
            assert.deepEqual(state.inputs, { path: `${unique}-v2`, type: "kv-v2", __defaults: [] });
            const { data } = (await byHand.read(`sys/mounts/${unique}-v2`)) as { data: Properties };
            assert.deepEqual([data["type"], data["options"]], ["kv", { version: "2" }]);
            await engine.delete(MOUNT, state);
        });

        it("moves to a new path with all that is in it", async () => {
            const path = `${unique}-moving`;
            let state = await create(MOUNT, { path, type: "kv", options: { version: "2" } });
            const secret = await create(SECRET, { mount: path, name: "a", dataJson: '{"x":"kept"}' });
            const inputs = await engine.check(MOUNT, { ...state.inputs, path: `${path}-on` }, state.inputs);
            assert.deepEqual((await engine.diff(MOUNT, state, inputs)).replaces, []);
            state = await refreshed(MOUNT, await engine.update(MOUNT, state, inputs));
            assert.equal(state.id, `${path}-on`);
            const { data } = (await byHand.read(`${path}-on/data/a`)) as { data: { data: unknown } };
            assert.deepEqual(data.data, { x: "kept" });
            assert.equal(await engine.read(SECRET, secret.id, secret), undefined);
            await engine.delete(MOUNT, state);
            await assert.rejects(byHand.read(`sys/mounts/${path}-on`));
        });

        it("does not make a mount anew to move it", async () => {
            const token = "vault:index/authBackend:AuthBackend";
            const state = await create(token, { type: "approle", path: `${unique}-fixed`, disableRemount: true });
            await assert.rejects(
                engine.update(token, state, { ...state.inputs, path: `${unique}-elsewhere` }),
                /would be lost\. If that is what you want: pulumi up --replace/,
            );
            await engine.delete(token, state);
        });

        const taken: [string, Properties][] = [
            [MOUNT, { path: world.kv, type: "kv" }],
            ["vault:index/authBackend:AuthBackend", { path: world.auth, type: "kubernetes" }],
            ["vault:aws/secretBackend:SecretBackend", { path: world.aws }],
        ];
        for (const [token, inputs] of taken) {
            it(`says what to do where ${token} is there already`, async () => {
                await assert.rejects(create(token, inputs), (error: Error) => {
                    assert.match(error.message, /there is something at plugin-\S+ already.*`existing`/);
                    return error.message.includes(`pulumi import ${token} <name> ${String(inputs["path"])}`);
                });
            });
        }

        it("says what to do where an audit device is there already", async () => {
            const inputs = { path: `${unique}-audit`, type: "file", options: { file_path: "discard" } };
            const state = await create("vault:index/audit:Audit", inputs);
            await assert.rejects(create("vault:index/audit:Audit", inputs), /there is something at .* already/);
            await engine.delete("vault:index/audit:Audit", state);
        });
    });

    it("takes the reviewer's token out again when the program drops it", async () => {
        const inputs = { backend: world.auth, kubernetesHost: "https://127.0.0.1:1", disableLocalCaJwt: true };
        const isSet = async () =>
            ((await byHand.read(`auth/${world.auth}/config`)) as { data: Properties }).data["token_reviewer_jwt_set"];
        const state = await create(CONFIG, { ...inputs, tokenReviewerJwt: "a-token-of-a-reviewer" });
        assert.equal(await isSet(), true);
        await engine.update(CONFIG, state, inputs);
        assert.equal(await isSet(), false);
    });

    describe("tokens", () => {
        /** A plugin of its own, with these settings. */
        async function withPlugin(settings: Properties, use: (engine: Engine) => Promise<void>): Promise<void> {
            const served = await serve(vaultPackage, () => undefined);
            const own = new Engine(served.port);
            try {
                await own.configure(settings);
                await use(own);
            } finally {
                own.close();
                served.server.forceShutdown();
            }
        }
        const inputs = { mount: world.kv, name: "tokens", dataJson: "{}" };

        /** What Vault knows of the tokens with this display name. */
        async function tokensNamed(name: string): Promise<Properties[]> {
            const { data } = (await byHand.list("auth/token/accessors")) as { data: { keys: string[] } };
            const all = await Promise.all(
                data.keys.map((accessor) =>
                    byHand.tokenLookupAccessor({ accessor }).then(
                        ({ data }: { data: Properties }) => data,
                        // Others come and go meanwhile.
                        () => ({}) as Properties,
                    ),
                ),
            );
            return all.filter((one) => one["display_name"] === `token-${name}`);
        }

        async function tokenWith(policy: string): Promise<string> {
            await byHand.write(`sys/policies/acl/${unique}-narrow`, { policy });
            const { auth } = (await byHand.write("auth/token/create", {
                policies: [`${unique}-narrow`],
                ttl: "5m",
            })) as {
                auth: { client_token: string };
            };
            return auth.client_token;
        }
        after(() => byHand.delete(`sys/policies/acl/${unique}-narrow`));

        it("works with a token of twenty minutes and revokes it", async () => {
            const name = `${unique}-short`;
            await withPlugin({ ...access, tokenName: name }, async (own) => {
                assert.deepEqual(await tokensNamed(name), []);
                await own.read(SECRET, `${world.kv}/data/none`);
                await own.read(SECRET, `${world.kv}/data/none`);
            });
            const [token, ...more] = await tokensNamed(name);
            assert.deepEqual(more, []);
            assert.equal(token?.["explicit_max_ttl"], 1200);
            assert.equal(token?.["creation_ttl"], 1200);
            await vaultPackage.end?.();
            assert.deepEqual(await tokensNamed(name), []);
        });

        it("says what a policy lacks, and works without a token of its own when told to", async () => {
            const token = await tokenWith(
                `path "${world.kv}/data/tokens" { capabilities = ["create", "update", "read", "delete"] }`,
            );
            await withPlugin({ ...access, token }, async (own) => {
                await assert.rejects(own.create(SECRET, inputs), (error: Error) => {
                    assert.match(error.message, /VAULT_TOKEN.*`update` on auth\/token\/create.*vault:skipChildToken/);
                    return !error.message.includes(token);
                });
            });
            await withPlugin({ ...access, token, skipChildToken: "true" }, async (own) => {
                const state = await own.create(SECRET, inputs);
                await own.delete(SECRET, state);
                await assert.rejects(
                    own.create(SECRET, { ...inputs, name: "elsewhere" }),
                    /write .*\/data\/elsewhere: .*permission denied: the policies of the token in VAULT_TOKEN do not/,
                );
            });
        });

        it("keeps the id of a secret whose metadata could not be written", async () => {
            const token = await tokenWith(
                `path "${world.kv}/data/half" { capabilities = ["create", "update", "read"] }`,
            );
            const half = { ...inputs, name: "half", customMetadata: { maxVersions: 2 } };
            await withPlugin({ ...access, token, skipChildToken: "true" }, async (own) => {
                const failed = await own.create(SECRET, half).catch((error: unknown) => error);
                assert.ok(failed instanceof CallFailed && failed.initFailed);
                assert.equal(failed.initFailed.getId(), `${world.kv}/data/half`);
                assert.match(
                    failed.initFailed.getReasonsList().join(),
                    /write .*\/metadata\/half: .*permission denied/,
                );
            });
            const state = { id: `${world.kv}/data/half`, inputs: half, outputs: half, secrets: new Set<string>() };
            const whole = await engine.update(SECRET, state, half);
            assert.equal(version(whole), "1");
            await engine.delete(SECRET, whole);
        });

        it("names VAULT_TOKEN when the token is expired or missing", async () => {
            const token = await tokenWith('path "none" { capabilities = ["read"] }');
            await byHand.tokenRevoke({ token });
            await withPlugin({ ...access, token }, async (own) => {
                await assert.rejects(own.create(SECRET, inputs), (error: Error) => {
                    assert.match(error.message, /refuses the token: it is expired.*VAULT_TOKEN/);
                    return !error.message.includes(token);
                });
            });
            delete process.env["VAULT_TOKEN"];
            await withPlugin({ ...access, token: "" }, async (own) => {
                await assert.rejects(own.create(SECRET, inputs), /No Vault token: set VAULT_TOKEN/);
            });
        });

        it("says that the certificate is not trusted", async () => {
            await withPlugin({ ...access, caCertFile: "" }, async (own) => {
                await assert.rejects(own.create(SECRET, inputs), /no answer from Vault at https.*VAULT_CACERT/);
            });
        });
    });
});

describe("stand-in vault plugin under the real CLI", function () {
    this.timeout(180_000);
    const hidden = "not-to-be-seen-anywhere";
    const cliWorld = new VaultWorld();
    const program = (value: string) => `
        const pulumi = require("@pulumi/pulumi");
        const vault = require("@pulumi/vault");
        const mount = new vault.Mount("kv", { path: "${cliWorld.unique}-cli", type: "kv", options: { version: "2" } });
        const secret = new vault.kv.SecretV2("secret", {
            mount: mount.path, name: "team/aws", dataJson: JSON.stringify({ key: "${value}" }), deleteAllVersions: true,
        });
        new vault.Policy("policy", {
            name: "${cliWorld.unique}-cli", policy: secret.path.apply((path) => \`path "\${path}" { capabilities = ["read"] }\`),
        });
        new vault.kubernetes.AuthBackendConfig("config", {
            backend: "${cliWorld.auth}", kubernetesHost: "https://127.0.0.1:1", disableLocalCaJwt: true,
            tokenReviewerJwt: "${hidden}-jwt",
        });
        exports.version = secret.metadata.apply((metadata) => metadata.version);
    `;
    let project: Project;
    const pathBefore = process.env["PATH"];

    before(async () => {
        const { access } = cliWorld;
        await cliWorld.make();
        const { folder } = await findEngine(cacheDirectory());
        process.env["PATH"] = `${folder}:${pathBefore}`;
        process.env["VAULT_TOKEN"] = access.token;
        project = await throwawayProject(vaultPackage, {
            "vault:address": access.address,
            "vault:caCertFile": access.caCertFile,
            "vault:tokenName": cliWorld.unique,
        });
    });
    after(async () => {
        process.env["PATH"] = pathBefore;
        delete process.env["VAULT_TOKEN"];
        await project?.remove();
        await cliWorld.remove();
    });

    it("up, up again, refresh, repair, import, destroy; no secret in plain text, no token left", async () => {
        const { access, byHand } = cliWorld;
        await project.program(program(`${hidden}-1`));
        const said = [await project.pulumi("up", "--yes")];
        said.push(await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"));
        assert.equal((await project.pulumi("stack", "output", "version")).trim(), "1");

        await byHand.write(`${cliWorld.unique}-cli/data/team/aws`, { data: { key: `${hidden}-2` } });
        said.push(await project.pulumi("refresh", "--yes", "--skip-preview", "--diff"));
        assert.match(said.at(-1)!, /dataJson/);
        said.push(await project.pulumi("up", "--yes", "--diff"));
        assert.match(said.at(-1)!, /1 updated/);
        assert.equal((await project.pulumi("stack", "output", "version")).trim(), "3");
        said.push(await project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes"));

        await byHand.write(`${cliWorld.kv}/data/imported`, { data: { key: `${hidden}-3` } });
        const id = `${cliWorld.kv}/data/imported`;
        said.push(
            await project.pulumi("import", SECRET, "imported", id, "--yes", "--generate-code=false", "--protect=false"),
        );

        const state = await project.pulumi("stack", "export");
        assert.ok(state.includes(id));
        for (const text of [state, ...said]) {
            assert.ok(!text.includes(hidden), "a secret stands in plain text");
            assert.ok(!text.includes(access.token), "the token stands in plain text");
        }
        assert.match(await project.pulumi("destroy", "--yes", "--skip-preview"), /6 deleted/);

        const { data } = (await byHand.list("auth/token/accessors")) as { data: { keys: string[] } };
        const names = await Promise.all(
            data.keys.map((accessor) =>
                byHand.tokenLookupAccessor({ accessor }).then(
                    ({ data }: { data: Properties }) => data["display_name"],
                    () => undefined,
                ),
            ),
        );
        assert.equal(names.filter((name) => name === `token-${cliWorld.unique}`).length, 0);
    });
});
