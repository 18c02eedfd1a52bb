// The stand-in vault plugin without a Vault: settings, plans, and what becomes of an error.

import assert from "node:assert/strict";
import { serve } from "../../local/plugins/server";
import { plannedUpdate, secretOutputs, diff, inputsAfterRead } from "../../local/plugins/plan";
import { vaultPackage, vaultTypes } from "../../local/plugins/vault";
import { authBackendFrom } from "../../local/plugins/vault/auth-backend";
import { faultsOfPath, saying, sayingAll, snake, told } from "../../local/plugins/vault/common";
import { parseDuration } from "../../local/plugins/vault/durations";
import { judge, PATIENCE_MS, persistently, VaultFailure } from "../../local/plugins/vault/failures";
import { asDeclared } from "../../local/plugins/vault/mount";
import { mountFrom, mountInputs, tuning } from "../../local/plugins/vault/mounts";
import { asTexts, leaves } from "../../local/plugins/vault/secret-v2";
import { parseSettings, unknownSettings, type VaultSettings } from "../../local/plugins/vault/settings";
import { UNKNOWN, type Properties } from "../../local/plugins/wire";
import { Engine } from "../support/plugin/engine";
import { vaultSamples, VaultWorld } from "../support/plugin/vault-world";

const typeOf = (name: string) => vaultTypes.find(({ token }) => token.endsWith(`:${name}`))!;

describe("vault plugin: settings", () => {
    const settings = (args: Properties, env: Record<string, string> = {}): VaultSettings => {
        const parsed = parseSettings(args, env);
        assert.ok("settings" in parsed, JSON.stringify(parsed));
        return parsed.settings;
    };
    const faults = (args: Properties) => {
        const parsed = parseSettings(args, {});
        return "faults" in parsed ? parsed.faults : [];
    };

    it("takes the environment where a setting says nothing", () => {
        const env = { VAULT_ADDR: "https://a:1/", VAULT_TOKEN: "t", VAULT_CACERT: "/ca", VAULT_NAMESPACE: "n" };
        const expected = { address: "https://a:1", token: "t", caCertFile: "/ca", namespace: "n" };
        const child = { name: "pulumi", ttlSeconds: 1200 };
        assert.deepEqual(settings({}, env), { ...expected, child, headers: {}, skipTlsVerify: false });
        const args = { address: "https://b:2", token: "u", caCertFile: "/cb", namespace: "m" };
        assert.deepEqual(settings(args, env), { ...args, child, headers: {}, skipTlsVerify: false });
    });

    it("needs neither address nor token before Vault is called", () => {
        const silent: Properties[] = [{}, { address: UNKNOWN, token: UNKNOWN }, { address: "", token: "" }];
        for (const args of silent) {
            const { address, token } = settings(args);
            assert.deepEqual([address, token], [undefined, undefined]);
        }
    });

    it("makes a short-lived token as long as the settings say, or none", () => {
        const args = { maxLeaseTtlSeconds: "60", tokenName: "mine" };
        assert.deepEqual(settings(args).child, { name: "mine", ttlSeconds: 60 });
        assert.equal(settings({ ...args, skipChildToken: "true" }).child, undefined);
        assert.deepEqual(faults({ maxLeaseTtlSeconds: "0" }), [
            "vault:maxLeaseTtlSeconds must be a whole number of seconds above 0.",
        ]);
    });

    it("reads objects and lists from JSON", () => {
        const { headers, clientAuth } = settings({
            headers: '[{"name":"X-A","value":"1"},{"name":"X-B","value":"2"}]',
            clientAuth: '{"certFile":"/c","keyFile":"/k"}',
        });
        assert.deepEqual(headers, { "X-A": "1", "X-B": "2" });
        assert.deepEqual(clientAuth, { certFile: "/c", keyFile: "/k" });
        assert.deepEqual(faults({ headers: "{" }), ["vault:headers is not valid JSON."]);
        assert.deepEqual(faults({ headers: '[{"name":"X-A"}]' }), [
            "vault:headers must be a list of objects, each with name and value.",
        ]);
        assert.deepEqual(faults({ clientAuth: '{"certFile":"/c"}' }), [
            "vault:clientAuth must have certFile and keyFile.",
        ]);
    });

    it("refuses an address that is no URL, and a setting that it cannot honour", () => {
        assert.deepEqual(faults({ address: "vault:8200" }), [
            "vault:address must be a URL such as https://vault.example.com:8200.",
        ]);
        assert.deepEqual(unknownSettings({ authLoginAws: '{"role":"r"}', authLogin: "null", maxRetries: "2" }), [
            "The stand-in plugin does not know the provider setting vault:authLoginAws; the official vault plugin may.",
        ]);
    });
});

describe("vault plugin: what Vault and the network say", () => {
    const call = { verb: "write", path: "kv/data/a", address: "https://v", hidden: ["s3cret", "s3cret-longer"] };
    const answer = (statusCode: number, ...errors: string[]) =>
        Object.assign(new Error("first"), { response: { statusCode, body: { errors } } });
    const judged = (error: unknown, path = call.path) => {
        const { message, operation, status, passing } = judge(error, { ...call, path });
        return { message, operation, status, passing };
    };

    it("repeats what may pass and nothing else", () => {
        const passing = (status: number, said = "x") => judge(answer(status, said), call).passing;
        assert.deepEqual(
            [429, 500, 502, 503, 412, 501, 400, 403, 404].map((status) => passing(status)),
            [true, true, true, true, false, false, false, false, false],
        );
        assert.ok(passing(400, "Upgrading from non-versioned to versioned data. This backend will be unavailable"));
        const codes = ["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENOTFOUND", "DEPTH_ZERO_SELF_SIGNED_CERT"];
        assert.deepEqual(
            codes.map((code) => judge(Object.assign(new Error("m"), { code }), call).passing),
            [true, true, true, false, false],
        );
    });

    it("says that Vault is sealed", () => {
        assert.deepEqual(judged(answer(503, "Vault is sealed")), {
            message: "Vault at https://v is sealed: unseal it",
            operation: "write kv/data/a",
            status: 503,
            passing: false,
        });
    });

    it("says all that Vault said, in one line, without a value that was written", () => {
        assert.equal(judged(answer(400, "a s3cret-longer", "b s3cret")).message, "a [secret]; b [secret]");
        assert.equal(judged(answer(400, "2 errors occurred:\n\t* one\n\t* two\n\n")).message, "one; two");
        assert.equal(judged(answer(400)).message, "first");
        assert.equal(
            judged(Object.assign(new Error("s3cret"), { code: "EPROTO" })).message,
            "no answer from Vault at https://v: EPROTO: [secret]",
        );
        assert.match(judged(Object.assign(new Error(""), { code: "ECONNREFUSED" })).message, /: ECONNREFUSED$/);
    });

    it("says what to do about a token", () => {
        assert.match(
            judged(answer(403, "permission denied", "invalid token")).message,
            /expired, revoked.*VAULT_TOKEN/,
        );
        assert.match(judged(answer(403, "permission denied")).message, /^permission denied: the policies of the token/);
        assert.match(judged(answer(403, "permission denied"), "auth/token/create").message, /vault:skipChildToken$/);
    });

    describe("persistence", () => {
        class TestClock {
            time = 0;
            readonly pauses: number[] = [];
            now = () => this.time;
            sleep = (milliseconds: number) => {
                this.pauses.push(milliseconds);
                this.time += milliseconds;
                return Promise.resolve();
            };
        }
        const failing = (error: Error) => () => Promise.reject(error);

        it("waits longer each time, and for thirty seconds at most", async () => {
            const clock = new TestClock();
            const error = new VaultFailure("o", "m", 500, true);
            await assert.rejects(persistently(failing(error), clock), error);
            assert.deepEqual(clock.pauses.slice(0, 6), [250, 500, 1000, 2000, 4000, 4000]);
            assert.ok(clock.time <= PATIENCE_MS && clock.time > PATIENCE_MS - 4000, `${clock.time}`);
        });

        it("goes on when it passes", async () => {
            let left = 3;
            const attempt = () =>
                left-- > 0 ? failing(new VaultFailure("o", "m", 429, true))() : Promise.resolve("ok");
            assert.equal(await persistently(attempt, new TestClock()), "ok");
        });

        it("says of a failure whether an attempt before it may have succeeded", async () => {
            const taken = () => new VaultFailure("o", "path is already in use at secret/", 400, false);
            const answers = [new VaultFailure("o", "m", 500, true), taken()];
            const repeated = (error: VaultFailure) => error.repeated;
            await assert.rejects(
                persistently(() => Promise.reject(answers.shift()!), new TestClock()),
                repeated,
            );
            await assert.rejects(
                persistently(failing(taken()), new TestClock()),
                (error: VaultFailure) => !error.repeated,
            );
        });

        it("repeats nothing that would fail again", async () => {
            for (const error of [new VaultFailure("o", "m", 400, false), new Error("a bug")]) {
                const clock = new TestClock();
                await assert.rejects(persistently(failing(error), clock), error);
                assert.deepEqual(clock.pauses, []);
            }
        });
    });
});

describe("vault plugin: names and values", () => {
    it("writes names as Vault does", () => {
        assert.equal(snake("auditNonHmacRequestKeys"), "audit_non_hmac_request_keys");
        assert.equal(snake("path"), "path");
    });

    it("leaves out what Vault leaves empty, and keeps false and nought", () => {
        const answer = { a_b: "", c: [], d: {}, e: null, f: false, g: 0, h: "x" };
        assert.deepEqual(told(answer, ["aB", "c", "d", "e", "f", "g", "h", "i"]), { f: false, g: 0, h: "x" });
    });

    it("says what is declared, or all of it", () => {
        const { inputs } = typeOf("AuthBackendRole");
        const keys = ["audience", "tokenTtl", "tokenPolicies", "tokenType"];
        assert.deepEqual(saying({ audience: "a" }, keys), { audience: "a" });
        assert.deepEqual(sayingAll(inputs, { audience: "a" }, keys), {
            audience: "a",
            token_ttl: 0,
            token_policies: [],
            token_type: "default",
        });
    });

    it("refuses a path with a slash at an end", () => {
        assert.deepEqual(
            [..."/ab"].map((path) => faultsOfPath("path", path).length),
            [1, 0, 0],
        );
        assert.deepEqual(faultsOfPath("path", "a/b/"), ["path must not be empty, nor begin or end with a slash."]);
        assert.deepEqual(faultsOfPath("path", UNKNOWN), []);
    });

    it("reads durations in seconds", () => {
        const cases: [string, number | string][] = [
            ["90000s", 90_000],
            ["1h30m", 5400],
            ["1.5h", 5400],
            ["3600", 3600],
            ["1d", 86_400],
            ["0s", 0],
            ["soon", "soon"],
            ["", ""],
        ];
        assert.deepEqual(
            cases.map(([text]) => parseDuration(text)),
            cases.map(([, seconds]) => seconds),
        );
    });

    it("tells the values of a secret as texts, and finds every text in it", () => {
        assert.deepEqual(asTexts({ a: "x", b: 1, c: { d: true }, e: null }), {
            a: "x",
            b: "1",
            c: '{"d":true}',
            e: "null",
        });
        assert.deepEqual(leaves({ a: "long enough", b: ["also long", "abc"], c: { d: "within" }, e: 12345 }), [
            "long enough",
            "also long",
            "within",
        ]);
    });
});

describe("vault plugin: mounts", () => {
    const answer = {
        accessor: "kv_1",
        config: { default_lease_ttl: 0, max_lease_ttl: 7200, force_no_cache: false, listing_visibility: "unauth" },
        description: "",
        external_entropy_access: false,
        local: false,
        options: { version: "2" },
        plugin_version: "",
        seal_wrap: false,
        type: "kv",
    };

    it("reads a mount", () => {
        assert.deepEqual(mountFrom(answer), {
            accessor: "kv_1",
            options: { version: "2" },
            type: "kv",
            externalEntropyAccess: false,
            forceNoCache: false,
            local: false,
            sealWrap: false,
            defaultLeaseTtlSeconds: 0,
            maxLeaseTtlSeconds: 7200,
            listingVisibility: "unauth",
        });
    });

    it("reads an auth method, its tuning only where it is not the default", () => {
        const method = { ...answer, type: "kubernetes", options: null };
        assert.deepEqual(authBackendFrom(method), {
            accessor: "kv_1",
            local: false,
            type: "kubernetes",
            tune: { listingVisibility: "unauth", maxLeaseTtl: "7200s" },
        });
        const untuned = {
            ...method,
            config: { default_lease_ttl: 0, max_lease_ttl: 0, token_type: "default-service" },
        };
        assert.equal(authBackendFrom(untuned)["tune"], undefined);
    });

    it("takes kv-v2 for kv with version 2 only where the program says kv-v2", () => {
        const live = { type: "kv", options: { version: "2" } };
        assert.deepEqual(asDeclared(live, { type: "kv-v2" }), { type: "kv-v2", options: {} });
        assert.deepEqual(asDeclared(live, { type: "kv-v2", options: { version: "2" } }), { ...live, type: "kv-v2" });
        assert.deepEqual(asDeclared(live, { type: "kv" }), live);
        const old = { type: "kv", options: { version: "1" } };
        assert.deepEqual(asDeclared(old, { type: "kv-v2" }), old);
    });

    it("tunes back to empty what is said no more, and leaves alone what Vault chooses", () => {
        const known = {
            passthroughRequestHeaders: ["a"],
            listingVisibility: "unauth",
            auditNonHmacRequestKeys: ["b"],
            pluginVersion: "v1.0.0",
        };
        assert.deepEqual(tuning(mountInputs, { allowedResponseHeaders: ["c"] }, known), {
            allowed_response_headers: ["c"],
            passthrough_request_headers: [],
            listing_visibility: "hidden",
        });
    });

    it("sees no difference between two ways to write a duration", () => {
        const type = typeOf("AuthBackend");
        const olds = { type: "kubernetes", tune: { maxLeaseTtl: "90m" } };
        const live = { type: "kubernetes", path: "kubernetes", tune: { maxLeaseTtl: "5400s" } };
        assert.deepEqual(inputsAfterRead(type, olds, live, {}), { ...olds, __defaults: [] });
        assert.deepEqual(diff(type, olds, { ...olds, tune: { maxLeaseTtl: "1h" } }).changes, [
            { path: "tune.maxLeaseTtl", kind: "update", replace: false },
        ]);
    });
});

describe("vault plugin: plans", () => {
    const secret = typeOf("SecretV2");
    const inputs = { mount: "kv", name: "a", dataJson: '{"a": "1", "b": "2"}' };
    const outputs = { ...inputs, path: "kv/data/a", data: { a: "1", b: "2" }, metadata: { version: "1" } };

    it("does not know a secret's version while its values change", () => {
        const planned = plannedUpdate(secret, inputs, { ...inputs, dataJson: '{"a": "3"}' }, outputs, {});
        assert.deepEqual([planned["metadata"], planned["data"], planned["path"]], [UNKNOWN, UNKNOWN, "kv/data/a"]);
        const unknown = plannedUpdate(secret, inputs, { ...inputs, dataJson: UNKNOWN }, outputs, {});
        assert.equal(unknown["metadata"], UNKNOWN);
        const same = { ...inputs, dataJson: '{"b":"2","a":"1"}', deleteAllVersions: true };
        assert.deepEqual(plannedUpdate(secret, inputs, same, outputs, {})["metadata"], { version: "1" });
    });

    it("keeps values secret, and the version not", () => {
        assert.deepEqual([...secretOutputs(secret, new Set(["dataJson"]))].sort(), ["data", "dataJson"]);
        assert.ok(secretOutputs(typeOf("AuthBackendConfig"), new Set()).has("tokenReviewerJwt"));
        assert.deepEqual([...secretOutputs(typeOf("SecretBackend"), new Set())].sort(), ["accessKey", "secretKey"]);
    });

    it("sees no difference in white space around a policy or a certificate", () => {
        const policy = typeOf("Policy");
        assert.deepEqual(diff(policy, { name: "a", policy: "path\n" }, { name: "a", policy: "\n path" }).changes, []);
        const config = typeOf("AuthBackendConfig");
        assert.deepEqual(diff(config, { kubernetesCaCert: "pem\n" }, { kubernetesCaCert: "pem" }).changes, []);
    });

    it("keeps the namespace, which Vault does not tell", () => {
        for (const type of vaultTypes) {
            assert.equal(inputsAfterRead(type, { namespace: "team" }, {}, {})["namespace"], "team", type.token);
        }
    });

    it("validates issuers where the program says nothing, as the official plugin does", () => {
        const config = typeOf("AuthBackendConfig");
        const found = inputsAfterRead(config, {}, { kubernetesHost: "h", disableIssValidation: true }, {});
        assert.equal(found["disableIssValidation"], true);
        assert.equal(
            inputsAfterRead(config, {}, { disableIssValidation: false }, {})["disableIssValidation"],
            undefined,
        );
    });
});

describe("vault plugin: previews", () => {
    const samples = vaultSamples(new VaultWorld());
    let close: () => void;
    let engine: Engine;
    const environment = { ...process.env };

    before(async () => {
        delete process.env["VAULT_TOKEN"];
        const { port, server } = await serve(vaultPackage, () => undefined);
        engine = new Engine(port);
        close = () => {
            engine.close();
            server.forceShutdown();
        };
        // Nothing answers there.
        await engine.configure({ address: "https://127.0.0.1:1" });
    });
    after(() => {
        close();
        Object.assign(process.env, environment);
    });

    for (const type of vaultTypes) {
        it(`need no Vault: ${type.token}`, async () => {
            const { inputs } = samples[type.token]!;
            const planned = await engine.create(type.token, await engine.check(type.token, inputs), true);
            assert.equal(planned.id, "");
            for (const [key, value] of Object.entries(inputs)) {
                assert.deepEqual(planned.outputs[key], value);
            }
            for (const output of type.outputs) {
                assert.equal(planned.outputs[output], UNKNOWN);
            }
        });
    }

    it("creation itself needs a token", async () => {
        const token = "vault:index/policy:Policy";
        await assert.rejects(engine.create(token, { name: "a", policy: "p" }), /No Vault token: set VAULT_TOKEN/);
    });

    it("refuse what the type does not know, and what is missing", async () => {
        const check = (name: string, inputs: Properties) => engine.check(typeOf(name).token, inputs);
        await assert.rejects(
            check("Policy", { name: "a", policy: "p", rules: "r" }),
            /does not know the property rules of vault:index\/policy:Policy; the official vault plugin/,
        );
        await assert.rejects(check("Mount", { path: "a" }), /Missing required property type/);
        await assert.rejects(check("Mount", { path: "a/", type: "kv" }), /begin or end with a slash/);
        await assert.rejects(
            check("AuthBackendRole", { roleName: "r", boundServiceAccountNames: ["a"] }),
            /One of boundServiceAccountNamespaces and/,
        );
        await assert.rejects(
            check("SecretBackendRole", { backend: "aws", name: "r", credentialType: "assumed_role" }),
            /At least one of policyDocument, policyArns, roleArns, iamGroups/,
        );
    });
});
