// The client of the stand-in vault plugin, against a server that answers as Vault would.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VaultContext } from "../../local/plugins/vault/client";
import { connectionsFor } from "../../local/plugins/vault/connections";
import type { VaultSettings } from "../../local/plugins/vault/settings";

interface Asked {
    call: string;
    token: string | undefined;
    headers: IncomingHttpHeaders;
    body: unknown;
}

const GIVEN = "a-token-that-was-given";
const SHORT_LIVED = "a-token-that-was-made";

describe("vault plugin: client", () => {
    let server: Server;
    let asked: Asked[];
    /** `VERB /path` → answers, the last one for ever. */
    let answers: Record<string, [number, unknown][]>;
    let address: string;

    beforeEach(async () => {
        asked = [];
        answers = { "POST /v1/auth/token/create": [[200, { auth: { client_token: SHORT_LIVED } }]] };
        server = createServer((request, response) => {
            let text = "";
            request.on("data", (data: Buffer) => (text += data.toString()));
            request.on("end", () => {
                const call = `${request.method} ${request.url}`;
                const token = request.headers["x-vault-token"] as string | undefined;
                asked.push({ call, token, headers: request.headers, body: text === "" ? undefined : JSON.parse(text) });
                const left = answers[call] ?? [[404, { errors: [] }]];
                const [status, body] = left.length > 1 ? left.shift()! : left[0]!;
                response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(() => {
        server.closeAllConnections();
        server.close();
    });

    const context = (more: Partial<VaultSettings> = {}) =>
        new VaultContext({
            address,
            token: GIVEN,
            child: { name: "pulumi", ttlSeconds: 1200 },
            headers: {},
            skipTlsVerify: false,
            ...more,
        });
    const calls = () => asked.map(({ call }) => call);

    it("asks for one short-lived token, works with it and revokes it", async () => {
        answers["GET /v1/a"] = [[200, { data: { x: 1 } }]];
        const one = context();
        assert.deepEqual(calls(), []);
        assert.deepEqual(await Promise.all([one.of({}).read("a"), one.of({}).read("a")]), [{ x: 1 }, { x: 1 }]);
        assert.deepEqual(
            asked.map(({ call, token }) => [call, token]),
            [
                ["POST /v1/auth/token/create", GIVEN],
                ["GET /v1/a", SHORT_LIVED],
                ["GET /v1/a", SHORT_LIVED],
            ],
        );
        const ttl = { ttl: "1200s", explicit_max_ttl: "1200s" };
        assert.deepEqual(asked[0]!.body, { display_name: "pulumi", ...ttl, renewable: false });
        assert.deepEqual(one.secrets, [GIVEN, SHORT_LIVED]);
        answers["POST /v1/auth/token/revoke-self"] = [[204, ""]];
        await one.close();
        assert.deepEqual([asked.at(-1)!.call, asked.at(-1)!.token], ["POST /v1/auth/token/revoke-self", SHORT_LIVED]);
    });

    it("works with the given token when told to, and leaves it alive", async () => {
        const one = context({ child: undefined });
        await one
            .of({})
            .write("a b/c", { x: 1 })
            .catch(() => undefined);
        await one.close();
        assert.deepEqual(
            asked.map(({ call, token, body }) => [call, token, body]),
            [["POST /v1/a%20b/c", GIVEN, { x: 1 }]],
        );
    });

    it("puts a resource's namespace under the provider's, and sends the headers that are set", async () => {
        const one = context({ child: undefined, namespace: "team/", headers: { "X-Trace": "t" } });
        await one.of({ namespace: "/a" }).read("x");
        await one.of({}).read("x");
        assert.deepEqual(
            asked.map(({ headers }) => [headers["x-vault-namespace"], headers["x-trace"]]),
            [
                ["team/a", "t"],
                ["team", "t"],
            ],
        );
    });

    it("knows what is gone from what is wrong", async () => {
        const vault = context({ child: undefined }).of({});
        answers["GET /v1/sys/mounts/a"] = [[400, { errors: ["No secret engine mount at a/"] }]];
        answers["GET /v1/sys/auth/a"] = [[400, { errors: ["No auth engine at a/"] }]];
        answers["GET /v1/bad"] = [[400, { errors: ["bad request"] }]];
        for (const path of ["none", "sys/mounts/a", "sys/auth/a"]) {
            assert.equal(await vault.read(path), undefined);
            await vault.delete("none");
        }
        await assert.rejects(vault.read("bad"), /^Error: bad request$/);
        await assert.rejects(vault.write("none", {}), /404/);
    });

    it("tries again what may pass", async () => {
        answers["POST /v1/kv/data/a"] = [
            [400, { errors: ["Upgrading from non-versioned to versioned data. This backend will be unavailable."] }],
            [200, { data: { version: 1 } }],
        ];
        assert.deepEqual(await context({ child: undefined }).of({}).write("kv/data/a", {}), { version: 1 });
        assert.equal(asked.length, 2);
    });

    it("says at once that Vault is sealed, and hides what was written", async () => {
        const vault = context({ child: undefined }).of({});
        answers["POST /v1/a"] = [
            [400, { errors: [`cannot take "my-value" with ${GIVEN}`] }],
            [503, { errors: ["Vault is sealed"] }],
        ];
        await assert.rejects(vault.write("a", {}, ["my-value"]), /^Error: cannot take "\[secret\]" with \[secret\]$/);
        await assert.rejects(vault.write("a", {}), new RegExp(`Vault at ${address} is sealed: unseal it`));
        assert.equal(asked.length, 2);
    });

    it("says what is missing before anything is sent", async () => {
        await assert.rejects(context({ token: undefined }).of({}).read("a"), /No Vault token: set VAULT_TOKEN/);
        await assert.rejects(context({ address: undefined }).of({}).read("a"), /No Vault: set VAULT_ADDR/);
        const lost = context({ caCertFile: "/none/ca.pem" }).of({}).read("a");
        await assert.rejects(lost, /vault:caCertFile: \/none\/ca\.pem cannot be read/);
        assert.deepEqual(calls(), []);
    });

    it("trusts the authorities of a file and of a folder, and shows its own certificate", () => {
        const folder = mkdtempSync(join(tmpdir(), "vault-connections-"));
        try {
            for (const name of ["a", "b", "own", "key"]) writeFileSync(join(folder, name), name);
            const file = (name: string) => join(folder, name);
            const settings = { headers: {}, skipTlsVerify: false };
            const { httpsAgent } = connectionsFor({
                ...settings,
                caCertFile: file("a"),
                clientAuth: { certFile: file("own"), keyFile: file("key") },
                tlsServerName: "vault.internal",
            });
            const { ca, cert, key, servername, rejectUnauthorized } = httpsAgent.options;
            assert.deepEqual([ca, cert, key].flat().map(String), ["a", "own", "key"]);
            assert.deepEqual([servername, rejectUnauthorized], ["vault.internal", undefined]);
            const all = connectionsFor({ ...settings, caCertDir: folder, skipTlsVerify: true }).httpsAgent.options;
            assert.deepEqual([all.ca].flat().map(String), ["a", "b", "key", "own"]);
            assert.equal(all.rejectUnauthorized, false);
            assert.equal(connectionsFor(settings).httpsAgent.options.ca, undefined);
        } finally {
            rmSync(folder, { recursive: true });
        }
    });

    it("prints neither tokens nor values whatever DEBUG says, and takes no proxy to this machine", function () {
        this.timeout(60_000);
        const client = JSON.stringify(join(__dirname, "../../local/plugins/vault/client"));
        const program = `
            const { createServer } = require("node:http");
            const { VaultContext } = require(${client});
            const server = createServer((_, response) => response.end("{}")).listen(0, "127.0.0.1", async () => {
                const address = "http://127.0.0.1:" + server.address().port;
                const context = new VaultContext({ address, token: "${GIVEN}", headers: {}, skipTlsVerify: false });
                await context.of({}).write("a", { key: "my-value" });
                console.log("written");
                process.exit(0);
            });`;
        const { stdout, stderr } = spawnSync(
            process.execPath,
            ["-r", "ts-node/register/transpile-only", "-e", program],
            {
                cwd: join(__dirname, "../.."),
                env: { ...process.env, DEBUG: "*", HTTP_PROXY: "http://127.0.0.1:1" },
                encoding: "utf8",
            },
        );
        assert.match(stdout, /written/);
        assert.doesNotMatch(stdout + stderr, new RegExp(`${GIVEN}|my-value`));
    });
});
