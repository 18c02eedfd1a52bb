import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer, type Server as HttpsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { generate } from "selfsigned";

import { download } from "../../local/download";
import { clientsFor, closeClients } from "../../ops/aws/clients";
import { Kubernetes } from "../../ops/kubernetes/client";
import { proxyOf } from "../../ops/network/proxy";
import { repositoryHost } from "../../ops/stack/repository-host";
import { Vault } from "../../ops/vault/client";

const hosts = ["sts.us-east-1.amazonaws.com", "vault.example", "kubernetes.example", "releases.example"];
const keys = { accessKeyId: "AKIAEXAMPLE000000000", secretAccessKey: "s" };

/** A server that is reached by no name but through a proxy, which knows the way. */
describe("behind a proxy", () => {
    const folder = mkdtempSync(join(tmpdir(), "platform-proxy-"));
    const certificate = join(folder, "certificate.pem");
    const variables = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "AWS_CA_BUNDLE"];
    const environment = { ...process.env };
    /** What the proxy was asked for. */
    let asked: string[];
    let server: HttpsServer;
    let proxy: Server;

    const addressOf = (of: Server | HttpsServer) => (of.address() as AddressInfo).port;

    before(async () => {
        const pems = await generate([{ name: "commonName", value: "proxied" }], {
            extensions: [{ name: "subjectAltName", altNames: hosts.map((value) => ({ type: 2, value })) }],
        });
        writeFileSync(certificate, pems.cert);
        server = createServer({ cert: pems.cert, key: pems.private }, (_request, response) => {
            response.end(
                '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
                    "<Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
            );
        });
        proxy = createHttpServer((request, response) => {
            asked.push(`${request.method} ${request.url}`);
            response.end("<ListBucketResult/>");
        });
        proxy.on("connect", ({ url }, socket) => {
            asked.push(`CONNECT ${url}`);
            const through = connect(addressOf(server), "127.0.0.1", () => {
                socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
                through.pipe(socket).pipe(through);
            });
            for (const one of [socket, through]) one.on("error", () => undefined);
        });
        for (const one of [server, proxy]) await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
    });
    beforeEach(() => {
        asked = [];
        for (const name of variables) for (const spelt of [name, name.toLowerCase()]) delete process.env[spelt];
        process.env.HTTPS_PROXY = process.env.HTTP_PROXY = `http://127.0.0.1:${addressOf(proxy)}`;
    });
    after(() => {
        process.env = environment;
        for (const one of [server, proxy]) {
            one.closeAllConnections();
            one.close();
        }
        rmSync(folder, { recursive: true });
    });

    const identity = async (connection = {}) => {
        const clients = clientsFor(keys, { region: "us-east-1", ...connection });
        try {
            return (await clients.sts.send(new GetCallerIdentityCommand({}))).Account;
        } finally {
            closeClients(clients);
        }
    };

    it("AWS is reached, trusted by AWS_CA_BUNDLE", async () => {
        await assert.rejects(identity(), /self-signed certificate/);
        process.env.AWS_CA_BUNDLE = certificate;
        assert.equal(await identity(), "111111111111");
        assert.deepEqual(new Set(asked), new Set(["CONNECT sts.us-east-1.amazonaws.com:443"]));
    });

    it("AWS is reached in plain HTTP, too, by what tries that it is refused", async () => {
        const clients = clientsFor(keys, { region: "us-east-1" });
        await clients.plaintextS3.send(new ListObjectsV2Command({ Bucket: "b" }));
        closeClients(clients);
        assert.deepEqual(asked, ["GET http://s3.us-east-1.amazonaws.com/b/?list-type=2"]);
    });

    it("a bundle that cannot be read is named", () => {
        process.env.AWS_CA_BUNDLE = "/none.pem";
        assert.throws(() => clientsFor(keys, { region: "us-east-1" }), {
            exitCode: 3,
            reason: "The certificates in /none.pem cannot be read (ENOENT).",
        });
    });

    it("an address of none is refused by the variable's name: it may have a password", async () => {
        process.env.HTTPS_PROXY = "htp://user:secret@127.0.0.1:1";
        process.env.AWS_CA_BUNDLE = certificate;
        await assert.rejects(identity(), ({ message }: Error) => {
            assert.match(message, /^HTTPS_PROXY in the environment is no address of a proxy/);
            return !message.includes("secret");
        });
    });

    it("a profile's own calls of AWS go through it", async () => {
        const config = join(folder, "config");
        writeFileSync(
            config,
            "[profile role]\nrole_arn = arn:aws:iam::111111111111:role/r\nsource_profile = own\nregion = us-east-1\n" +
                "[profile own]\naws_access_key_id = a\naws_secret_access_key = s\n",
        );
        Object.assign(process.env, { AWS_CONFIG_FILE: config, AWS_CA_BUNDLE: certificate });
        // What answers gives no role's credentials: it was asked, which is all.
        await assert.rejects(repositoryHost.credentials("operator", "role"), { exitCode: 3 });
        assert.equal(asked[0], "CONNECT sts.us-east-1.amazonaws.com:443");
    });

    it("Vault and Kubernetes are reached", async () => {
        await new Vault({ address: "https://vault.example:8200", caCertFile: certificate }, "t").read("sys/health");
        const kubeconfig = join(folder, "kubeconfig");
        const text = {
            "current-context": "c",
            clusters: [
                { name: "c", cluster: { server: "https://kubernetes.example", "certificate-authority": certificate } },
            ],
            users: [{ name: "u", user: { token: "t" } }],
            contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        };
        writeFileSync(kubeconfig, JSON.stringify(text));
        await Kubernetes.connect({ kubeconfig }).read({ apiVersion: "v1", kind: "Pod", namespace: "a", name: "p" });
        assert.deepEqual(asked, ["CONNECT vault.example:8200", "CONNECT kubernetes.example:443"]);
    });

    it("a download comes through it, trusted by AWS_CA_BUNDLE", async () => {
        await assert.rejects(download("https://releases.example/file"), /releases\.example cannot be reached/);
        process.env.AWS_CA_BUNDLE = certificate;
        assert.match((await download("https://releases.example/file")).toString(), /GetCallerIdentityResponse/);
        assert.deepEqual(asked, ["CONNECT releases.example:443", "CONNECT releases.example:443"]);
    });

    it("this machine itself is asked directly", async () => {
        const caBundle = certificate;
        // The certificate is for other names.
        await assert.rejects(identity({ endpoint: `https://127.0.0.1:${addressOf(server)}`, caBundle }), /altnames/);
        const direct = await download(`http://127.0.0.1:${addressOf(proxy)}/file`);
        assert.equal(direct.toString(), "<ListBucketResult/>");
        assert.deepEqual(asked, ["GET /file"]);
    });
});

describe("the proxy for an address", () => {
    const of = (url: string, environment: Record<string, string>) =>
        proxyOf(url, { HTTPS_PROXY: "http://proxy:3128", ...environment });
    const asked = (url: string, NO_PROXY: string) => of(url, { NO_PROXY }) !== undefined;

    it("is that of its own scheme, in either spelling; without a scheme it is plain HTTP", () => {
        assert.equal(of("https://a.b", {}), "http://proxy:3128");
        assert.equal(of("http://a.b", {}), undefined);
        assert.equal(proxyOf("http://a.b", { http_proxy: "proxy:80" }), "http://proxy:80");
        assert.equal(proxyOf("https://a.b", { https_proxy: "socks5://proxy:1" }), "socks5://proxy:1");
        assert.equal(proxyOf("https://a.b", { ALL_PROXY: "http://proxy", HTTPS_PROXY: "" }), undefined);
    });

    // As golang.org/x/net/http/httpproxy documents NO_PROXY.
    for (const [noProxy, excluded, not] of [
        ["*", ["https://a.b", "https://10.1.2.3"], []],
        ["corp.example", ["https://corp.example", "https://s3.corp.example"], ["https://mycorp.example"]],
        [".corp.example", ["https://s3.corp.example"], ["https://corp.example"]],
        ["*.corp.example", ["https://s3.corp.example"], ["https://corp.example"]],
        ["a.b:8443, c.d", ["https://a.b:8443", "https://c.d:1"], ["https://a.b"]],
        ["10.0.0.0/8,192.168.1.1", ["https://10.1.2.3:6443", "https://192.168.1.1"], ["https://11.1.2.3"]],
        ["fd00::/8,::2", ["https://[fd00::1]", "https://[::2]"], ["https://[fe80::1]"]],
        ["", ["https://localhost", "https://127.9.9.9", "https://[::1]"], ["https://a.b"]],
    ] as const) {
        it(`is none for what NO_PROXY excludes: ${JSON.stringify(noProxy)}`, () => {
            for (const url of excluded) assert.equal(asked(url, noProxy), false, url);
            for (const url of not) assert.equal(asked(url, noProxy), true, url);
        });
    }
});
