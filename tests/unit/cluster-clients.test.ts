import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { localCertificate } from "../../local/aws/certificate";
import { ClusterFailure } from "../../ops/kubernetes/access";
import { Kubernetes, objectPath } from "../../ops/kubernetes/client";
import { Vault } from "../../ops/vault/client";

interface Request {
    readonly method?: string;
    readonly url?: string;
    readonly headers: IncomingMessage["headers"];
    readonly rawHeaders: readonly string[];
    readonly body: string;
}

describe("the clients of a cluster and its Vault", () => {
    const folder = mkdtempSync(join(tmpdir(), "platform-clients-"));
    let server: Server;
    let address: string;
    let caCertFile: string;
    /** What came, and what is answered to the next. */
    let requests: Request[];
    let answer: [status: number, body: unknown];

    before(async () => {
        const { certificate, key } = await localCertificate(folder);
        caCertFile = certificate;
        server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
            let body = "";
            request.on("data", (chunk) => (body += chunk));
            request.on("end", () => {
                requests.push({
                    method: request.method,
                    url: request.url,
                    headers: request.headers,
                    rawHeaders: request.rawHeaders,
                    body,
                });
                response.writeHead(answer[0], { "content-type": "application/json" });
                response.end(typeof answer[1] === "string" ? answer[1] : JSON.stringify(answer[1]));
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(() => {
        server.close();
        rmSync(folder, { recursive: true });
    });
    beforeEach(() => {
        requests = [];
        answer = [200, {}];
    });

    const wordsOf = async (call: () => Promise<unknown>) => {
        const error = await call().then(
            () => assert.fail("went through"),
            (failure: unknown) => failure,
        );
        assert.ok(error instanceof ClusterFailure, String(error));
        return error.words;
    };

    describe("Vault", () => {
        const open = (token?: string) => new Vault({ address, caCertFile }, token);

        it("takes nothing from the environment of the caller", async () => {
            const foreign = {
                VAULT_ADDR: "https://127.0.0.1:9",
                VAULT_TOKEN: "foreign",
                VAULT_NAMESPACE: "foreign",
                VAULT_PREFIX: "/foreign",
                VAULT_SKIP_VERIFY: "true",
                HTTPS_PROXY: "http://127.0.0.1:9",
                https_proxy: "http://127.0.0.1:9",
            };
            const before = { ...process.env };
            Object.assign(process.env, foreign);
            try {
                await open().read("sys/mounts/secret");
                const trusting = new Vault({ address });
                assert.match(await wordsOf(() => trusting.read("a")), /^Vault could not be reached \(.*CERT.*\)$/);
            } finally {
                for (const name of Object.keys(foreign)) delete process.env[name];
                Object.assign(process.env, before);
            }
            const [{ url, headers }] = requests;
            assert.equal(url, "/v1/sys/mounts/secret");
            assert.deepEqual([headers["x-vault-token"], headers["x-vault-namespace"]], [undefined, undefined]);
        });

        it("sends the token and the namespace that it is given", async () => {
            await new Vault({ address, caCertFile, namespace: "team" }, "own").read("a");
            const { headers } = requests[0];
            assert.deepEqual([headers["x-vault-token"], headers["x-vault-namespace"]], ["own", "team"]);
        });

        it("writes, lists and removes", async () => {
            await open("t").write("a/b", { c: 1 });
            await open("t").list("a");
            await open("t").remove("a/b");
            assert.deepEqual(
                requests.map(({ method, url, body }) => [method, url, body]),
                [
                    ["POST", "/v1/a/b", '{"c":1}'],
                    ["GET", "/v1/a?list=true", ""],
                    ["DELETE", "/v1/a/b", ""],
                ],
            );
        });

        const refusals: [status: number, errors: string[], words: string][] = [
            [503, ["Vault is sealed"], "Vault is sealed"],
            [503, [], "Vault does not serve (503)"],
            [403, ["1 error occurred:\n\t* permission denied\n\n"], "permission denied on a"],
            [
                403,
                ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"],
                "Vault does not know the token",
            ],
            [400, ["check-and-set parameter did not match"], "Vault answered 400 on a"],
            [404, [], "Vault answered 404 on a"],
        ];
        for (const [status, errors, words] of refusals) {
            it(`says of ${status} ${errors.join().replace(/\s+/g, " ")}: ${words}`, async () => {
                answer = [status, { errors }];
                assert.equal(await wordsOf(() => open("t").write("a", {})), words);
            });
        }

        it("reads nothing where there is nothing", async () => {
            answer = [404, { errors: [] }];
            assert.equal(await open("t").read("a"), undefined);
        });

        it("says why a login is refused, and what it says while it is sealed", async () => {
            const login = () => open().login("kubernetes", "role", "jwt");
            answer = [403, { errors: ["namespace not authorized"] }];
            assert.equal(await wordsOf(login), "login refused (namespace not authorized)");
            assert.deepEqual(
                [requests[0].url, requests[0].body],
                ["/v1/auth/kubernetes/login", '{"role":"role","jwt":"jwt"}'],
            );
            answer = [503, { errors: ["Vault is sealed"] }];
            assert.equal(await wordsOf(login), "Vault is sealed");
        });

        it("goes on with the token of its login", async () => {
            answer = [200, { auth: { client_token: "given" } }];
            const opened = await open("own").login("kubernetes", "role", "jwt");
            await opened.revoke();
            assert.deepEqual(
                requests.map(({ url, headers }) => [url, headers["x-vault-token"]]),
                [
                    ["/v1/auth/kubernetes/login", "own"],
                    ["/v1/auth/token/revoke-self", "given"],
                ],
            );
        });

        it("is told of its health while it is sealed", async () => {
            answer = [503, { initialized: true, sealed: true }];
            assert.deepEqual(await open().health(), { initialized: true, sealed: true });
        });

        it("names what keeps it from being reached", async () => {
            const nobody = new Vault({ address: "https://127.0.0.1:9", caCertFile });
            assert.equal(await wordsOf(() => nobody.read("a")), "Vault could not be reached (ECONNREFUSED)");
            assert.throws(
                () => new Vault({ address, caCertFile: "/none.pem" }),
                (error: unknown) =>
                    error instanceof ClusterFailure &&
                    error.words === "Vault's CA file /none.pem could not be read (ENOENT)",
            );
        });
    });

    describe("Kubernetes", () => {
        const kubeconfig = () => {
            const file = join(folder, "kubeconfig");
            const text = {
                "current-context": "own",
                clusters: [{ name: "c", cluster: { server: address, "certificate-authority": caCertFile } }],
                users: [{ name: "u", user: { token: "own-token" } }],
                contexts: [
                    { name: "own", context: { cluster: "c", user: "u" } },
                    { name: "broken", context: { cluster: "none", user: "u" } },
                ],
            };
            writeFileSync(file, JSON.stringify(text));
            return file;
        };
        const connect = (context?: string) => Kubernetes.connect({ kubeconfig: kubeconfig(), context });
        const pod = { apiVersion: "v1", kind: "Pod", namespace: "ai", name: "p" };

        it("asks with the token of its kubeconfig, or with the one of somebody else", async () => {
            await connect().read(pod);
            await connect().as("other").read(pod);
            assert.deepEqual(
                requests.map(({ url, headers }) => [url, headers.authorization]),
                [
                    ["/api/v1/namespaces/ai/pods/p", "Bearer own-token"],
                    ["/api/v1/namespaces/ai/pods/p", "Bearer other"],
                ],
            );
        });

        it("reads several kubeconfigs as kubectl does: what is missing is passed over, the first of a name counts", async () => {
            const first = join(folder, "first");
            writeFileSync(first, JSON.stringify({ users: [{ name: "u", user: { token: "first-token" } }] }));
            const paths = ["/missing", first, kubeconfig()];
            await Kubernetes.connect({ kubeconfig: paths, context: "own" }).read(pod);
            assert.equal(requests[0].headers.authorization, "Bearer first-token");
            assert.throws(
                () => Kubernetes.connect({ kubeconfig: ["/missing", "/none"] }),
                ({ words }: ClusterFailure) => words === "the kubeconfig /missing, /none could not be read (ENOENT)",
            );
        });

        it("says of what is no kubeconfig that it is none, whatever is wrong with it", () => {
            const path = join(folder, "malformed");
            for (const text of [
                "clusters: {}",
                "users: [null]",
                "users: [{user: {token: t}}]",
                "- a",
                "just text",
                "a: [",
                "current-context: c\nclusters: [{name: c, cluster: {}}]",
            ]) {
                writeFileSync(path, text);
                assert.throws(
                    () => Kubernetes.connect({ kubeconfig: path }),
                    (error: unknown) =>
                        error instanceof ClusterFailure && error.words.startsWith(`the kubeconfig ${path} `),
                    text,
                );
            }
        });

        /** As user `u` of a kubeconfig in a folder of its own. */
        const asUser = (user: object) => {
            const path = join(mkdtempSync(join(folder, "k-")), "config");
            const config = JSON.parse(readFileSync(kubeconfig(), "utf8")) as object;
            writeFileSync(path, JSON.stringify({ ...config, users: [{ name: "u", user }] }));
            return { path, folder: dirname(path) };
        };

        it("finds a command and a token's file beside the kubeconfig that names them, and reads the file each time", async () => {
            const withFile = asUser({ tokenFile: "token" });
            const api = Kubernetes.connect({ kubeconfig: withFile.path });
            for (const token of ["one", "two"]) {
                writeFileSync(join(withFile.folder, "token"), `${token}\n`);
                await api.read(pod);
            }
            const withCommand = asUser({
                exec: { apiVersion: "client.authentication.k8s.io/v1", command: "./token.sh", args: ["three"] },
            });
            const script = '#!/bin/sh\necho "{\\"status\\": {\\"token\\": \\"$1\\"}}"\n';
            writeFileSync(join(withCommand.folder, "token.sh"), script, { mode: 0o700 });
            await Kubernetes.connect({ kubeconfig: withCommand.path }).read(pod);
            assert.deepEqual(
                requests.map(({ headers }) => headers.authorization),
                ["Bearer one", "Bearer two", "Bearer three"],
            );
            const without = asUser({ tokenFile: "none" });
            assert.equal(
                await wordsOf(() => Kubernetes.connect({ kubeconfig: without.path }).read(pod)),
                "the kubeconfig's credentials could not be had",
            );
        });

        it("impersonates whom a kubeconfig names with all that it names, and nobody with another's token", async () => {
            const { path } = asUser({
                token: "own-token",
                as: "somebody",
                "as-uid": "7",
                "as-groups": ["a", "b"],
                "as-user-extra": { "example.com/scope": ["x"] },
            });
            const api = Kubernetes.connect({ kubeconfig: path });
            await api.read(pod);
            await api.as("other").read(pod);
            const impersonated = requests.map(({ headers }) =>
                Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("impersonate-"))),
            );
            assert.deepEqual(impersonated, [
                {
                    "impersonate-user": "somebody",
                    "impersonate-uid": "7",
                    "impersonate-group": "a, b",
                    "impersonate-extra-example.com%2fscope": "x",
                },
                {},
            ]);
            assert.equal(requests[1].headers.authorization, "Bearer other");
            // Kubernetes takes each group from a header of its own.
            const groups = requests[0].rawHeaders.filter((_, index, all) =>
                /^impersonate-group$/i.test(all[index - 1] ?? ""),
            );
            assert.deepEqual(groups, ["a", "b"]);
        });

        it("keeps what no type knows of", async () => {
            answer = [200, { spec: { ingress: [{ from: [{ unheard: "of" }] }] } }];
            assert.deepEqual(await connect().read(pod), answer[1]);
        });

        it("reads nothing where there is nothing", async () => {
            answer = [404, "404 page not found"];
            assert.equal(await connect().read(pod), undefined);
            assert.deepEqual(await connect().served("external-secrets.io/v1"), []);
        });

        const refusals: [status: number, body: unknown, words: string][] = [
            [401, {}, "the Kubernetes API does not know the caller (401)"],
            [403, { message: "User cannot get" }, "denied (Forbidden)"],
            [
                403,
                { message: 'pods "p" is forbidden: violates PodSecurity "restricted:latest": x' },
                "refused by PodSecurity restricted:latest",
            ],
            [500, "broken", "the Kubernetes API answered 500"],
        ];
        for (const [status, body, words] of refusals) {
            it(`says of ${status}: ${words}`, async () => {
                answer = [status, body];
                assert.equal(await wordsOf(() => connect().read(pod)), words);
            });
        }

        it("asks for a token of ten minutes, for an audience, bound to an object", async () => {
            answer = [201, { status: { token: "made" } }];
            const boundTo = { apiVersion: "v1", kind: "Secret", name: "s", uid: "u" };
            assert.equal(await connect().tokenOf("ai", "worker", { audience: "vault", boundTo }), "made");
            assert.equal(requests[0].url, "/api/v1/namespaces/ai/serviceaccounts/worker/token");
            const { spec } = JSON.parse(requests[0].body) as { spec: object };
            assert.deepEqual(spec, { expirationSeconds: 600, audiences: ["vault"], boundObjectRef: boundTo });
        });

        it("makes nothing in a dry run", async () => {
            await connect().create({}, pod, true);
            assert.equal(requests[0].url, "/api/v1/namespaces/ai/pods?dryRun=All");
        });

        it("names what keeps it from being asked", async () => {
            const wrong = (given: { kubeconfig: string; context?: string }) => {
                try {
                    Kubernetes.connect(given);
                } catch (error) {
                    return error instanceof ClusterFailure ? error.words : String(error);
                }
            };
            assert.equal(wrong({ kubeconfig: "/none" }), "the kubeconfig /none could not be read (ENOENT)");
            const file = kubeconfig();
            for (const context of ["none", "broken"]) {
                assert.equal(
                    wrong({ kubeconfig: file, context }),
                    `the kubeconfig ${file} has no context "${context}"`,
                );
            }
            const elsewhere = join(folder, "elsewhere");
            writeFileSync(elsewhere, readFileSync(file, "utf8").replace(address, "https://127.0.0.1:9"));
            assert.equal(
                await wordsOf(() => Kubernetes.connect({ kubeconfig: elsewhere }).read(pod)),
                "the Kubernetes API could not be reached (ECONNREFUSED)",
            );
        });

        it("knows where each kind is", () => {
            const path = (apiVersion: string, kind: string, namespace?: string) =>
                objectPath({ apiVersion, kind, namespace, name: "n" });
            assert.equal(path("v1", "Namespace"), "/api/v1/namespaces/n");
            assert.equal(
                path("networking.k8s.io/v1", "NetworkPolicy", "a"),
                "/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/n",
            );
            assert.equal(
                path("external-secrets.io/v1", "SecretStore", "a"),
                "/apis/external-secrets.io/v1/namespaces/a/secretstores/n",
            );
        });
    });
});
