// How the stand-in kubernetes plugin speaks to an API server that restarts, warns, refuses or is not there.

import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type { Server } from "@grpc/grpc-js";
import { stringify } from "yaml";
import { kubernetesPackage } from "../../local/plugins/kubernetes";
import { Client } from "../../local/plugins/kubernetes/client";
import { settingsFrom } from "../../local/plugins/kubernetes/settings";
import type { Host } from "../../local/plugins/package";
import { serve } from "../../local/plugins/server";
import type { Properties } from "../../local/plugins/wire";
import { Engine } from "../support/plugin/engine";

const TOKEN = "a-token-that-nobody-may-see";

interface Reply {
    status: number;
    body?: object;
    headers?: Record<string, string>;
}

/** Answers by what is left to say, the last of it ever after. */
class FakeApiServer {
    readonly requests: string[] = [];
    private server: http.Server | undefined;
    private port = 0;

    constructor(private readonly replies: Reply[]) {}

    async open(): Promise<void> {
        this.server = http.createServer((request, response) => {
            this.requests.push(`${request.method} ${request.url}`);
            const {
                status,
                body = {},
                headers = {},
            } = this.replies.length > 1 ? this.replies.shift()! : this.replies[0]!;
            response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
        });
        await new Promise<void>((resolve) => this.server!.listen(this.port, "127.0.0.1", resolve));
        this.port = (this.server.address() as AddressInfo).port;
    }

    async close(): Promise<void> {
        this.server?.closeAllConnections();
        await new Promise((resolve) => this.server?.close(resolve));
    }

    get kubeconfig(): string {
        return kubeconfigFor(`http://127.0.0.1:${this.port}`);
    }
}

function kubeconfigFor(server: string): string {
    return stringify({
        "current-context": "main",
        clusters: [{ name: "main", cluster: { server, "insecure-skip-tls-verify": true } }],
        users: [{ name: "main", user: { token: TOKEN } }],
        contexts: [{ name: "main", context: { cluster: "main", user: "main", namespace: "own" } }],
    });
}

const quiet: Host = { cancelled: new AbortController().signal, warn: () => Promise.resolve() };
const clientOf = (kubeconfig: string, more: Properties = {}, host = quiet) =>
    Client.fromSettings(settingsFrom({ kubeconfig, ...more }, {}), host);
const asking = { method: "GET", path: "/api/v1" } as const;

describe("the client of the kubernetes plugin", () => {
    let fake: FakeApiServer;
    const answering = async (...replies: Reply[]) => {
        fake = new FakeApiServer(replies);
        await fake.open();
        return clientOf(fake.kubeconfig);
    };
    afterEach(() => fake?.close());

    it("asks again when the API server is busy or breaks", async () => {
        const client = await answering({ status: 429 }, { status: 503 }, { status: 200, body: { kind: "X" } });
        assert.deepEqual((await client.send(asking)).body, { kind: "X" });
        assert.equal(fake.requests.length, 3);
    });
    it("asks again until the API server is back, and takes no refusal of one that has just come back", async () => {
        const client = await answering({ status: 403 }, { status: 200 });
        await fake.close();
        const sent = client.send(asking);
        await new Promise((resolve) => setTimeout(resolve, 500));
        await fake.open();
        await sent;
        assert.equal(fake.requests.length, 2);
    });
    it("takes a refusal at once, and says method, path, reason and message", async () => {
        const body = { reason: "Forbidden", message: "not you" };
        const client = await answering({ status: 403, body });
        await assert.rejects(client.send(asking), { message: "GET /api/v1: Forbidden: not you (HTTP 403)" });
        assert.equal(fake.requests.length, 1);
    });
    it("reads the API server's warnings", async () => {
        const warning = `299 - "would violate \\"restricted\\"", 299 - "v1beta1 is old"`;
        const client = await answering({ status: 200, headers: { warning } });
        assert.deepEqual((await client.send(asking)).warnings, ['would violate "restricted"', "v1beta1 is old"]);
    });
    it("ends its patience with the run", async () => {
        const interrupt = new AbortController();
        fake = new FakeApiServer([{ status: 503 }]);
        await fake.open();
        const client = await clientOf(fake.kubeconfig, {}, { ...quiet, cancelled: interrupt.signal });
        setTimeout(() => interrupt.abort(), 100);
        await assert.rejects(client.send(asking), /Interrupted by the user/);
    });
    it("names the file that it wants", async () => {
        const plain = kubeconfigFor("https://127.0.0.1:1").replace(
            "insecure-skip-tls-verify: true",
            "certificate-authority: /none/ca.pem",
        );
        await assert.rejects((await clientOf(plain)).send(asking), /cannot be reached: ENOENT.*'\/none\/ca\.pem'/);
    });
});

describe("kubeconfig", () => {
    it("is content or a path, with its context's namespace and credentials that are never shown", async () => {
        const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "kubeconfig-")), "config");
        fs.writeFileSync(file, kubeconfigFor("https://a"));
        for (const kubeconfig of [file, kubeconfigFor("https://a")]) {
            const client = await clientOf(kubeconfig, { context: "main" });
            assert.equal(client.server, "https://a");
            assert.equal(client.namespace, "own");
            assert.deepEqual(client.credentials, [TOKEN]);
        }
    });
    const faults: [string, string, Properties, RegExp][] = [
        ["a file that is not there", "none.yaml", {}, /The kubeconfig \S*\/none\.yaml does not exist\./],
        ["a context that is not there", kubeconfigFor("https://a"), { context: "b" }, /no context "b"; it has main\./],
        ["a cluster that is not there", kubeconfigFor("https://a"), { cluster: "b" }, /no cluster "b"/],
        ["no context at all", "clusters: []\nusers: []\n", {}, /no current context/],
    ];
    for (const [title, kubeconfig, more, expected] of faults) {
        it(`refuses ${title}`, () => assert.rejects(clientOf(kubeconfig, more), expected));
    }
    it("tells the line of a fault, and nothing of what stands there", async () => {
        await assert.rejects(clientOf(`users:\n- token: "${TOKEN}\n`), (error: Error) => {
            assert.match(error.message, /^The kubeconfig cannot be read: line \d+\.$/);
            return true;
        });
    });
});

describe("a kubernetes provider without a cluster", () => {
    let server: Server;
    let engine: Engine;
    let warnings: [string, string | undefined][];
    const token = "kubernetes:core/v1:ConfigMap";
    const configured = async (kubeconfig: string) => {
        warnings = [];
        const warn = (message: string, urn?: string) => Promise.resolve(void warnings.push([message, urn]));
        const served = await serve(kubernetesPackage, () => undefined, { ...quiet, warn });
        server = served.server;
        engine = new Engine(served.port);
        await engine.configure({ kubeconfig });
    };
    afterEach(() => {
        engine.close();
        server.forceShutdown();
    });

    it("previews, with one warning", async () => {
        await configured("none.yaml");
        const inputs = await engine.check(token, { apiVersion: "v1", kind: "ConfigMap", data: { a: "1" } });
        for (let times = 0; times < 2; times++) {
            const planned = await engine.create(token, inputs, true);
            assert.deepEqual(planned.outputs["data"], { a: "1" });
        }
        const [[message, urn] = []] = warnings;
        assert.equal(warnings.length, 1);
        assert.match(message ?? "", /none\.yaml does not exist\. Kubernetes objects are previewed without/);
        assert.equal(urn, undefined);
    });
    it("creates nothing, and says why", async () => {
        await configured("none.yaml");
        await assert.rejects(
            engine.create(token, { apiVersion: "v1", kind: "ConfigMap" }),
            /none\.yaml does not exist/,
        );
        assert.deepEqual(warnings, []);
    });
    it("shows no credential", async () => {
        const fake = new FakeApiServer([{ status: 401, body: { reason: "Unauthorized", message: `no ${TOKEN}` } }]);
        await fake.open();
        await configured(fake.kubeconfig);
        await assert.rejects(engine.read(token, "a/b"), {
            message: "GET /api/v1: Unauthorized: no [secret] (HTTP 401)",
        });
        await fake.close();
    });
    it("refuses a type that is no object", async () => {
        await configured("none.yaml");
        await assert.rejects(
            engine.check("kubernetes:helm.sh/v3:Release", {}),
            /does not know the type kubernetes:helm\.sh\/v3:Release; the official plugin kubernetes 4\.34\.2 does/,
        );
    });
});
