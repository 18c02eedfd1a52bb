import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { zipSync } from "fflate";
import * as tar from "tar";

import { externalSecretsCrds } from "../../local/cluster/install";
import { parts } from "../../local/cluster/parts";
import { clusterPorts } from "../../local/cluster/places";
import { mirror } from "../../local/download";
import { findPart, goPlatform, type Part } from "../../local/part";
import { versions } from "../../local/versions";

const program = (version: string) => Buffer.from(`#!/bin/sh\necho "says v${version}"\n`);
const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");

describe("official downloads of the cluster's programs, played by a local server", () => {
    const { os, arch } = goPlatform();
    let folder: string;
    let server: Server;
    let files: Record<string, Uint8Array>;
    let asked: string[];
    let caches = 0;

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "cluster-install-"));
        server = createServer((request, response) => {
            asked.push(request.url!);
            const content = files[request.url!];
            if (content) response.end(content);
            else response.writeHead(404).end();
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    beforeEach(() => {
        files = {};
        asked = [];
    });
    after(() => {
        server.close();
        rmSync(folder, { recursive: true, force: true });
    });

    const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror`;
    const places = (PATH = "") => ({
        cache: join(folder, `cache-${++caches}`),
        env: { PATH, PLATFORM_DOWNLOAD_URL: base() },
        unreachable: new Set<string>(),
    });

    const etcdRelease = `/mirror/github.com/etcd-io/etcd/releases/download/v${versions.etcd}`;
    const etcdStem = `etcd-v${versions.etcd}-${os}-${arch}`;
    const archive = `${etcdStem}.${os === "darwin" ? "zip" : "tar.gz"}`;

    async function etcdArchive(member = "etcd"): Promise<Buffer> {
        if (os === "darwin") return Buffer.from(zipSync({ [`${etcdStem}/${member}`]: program(versions.etcd) }));
        const source = mkdtempSync(join(folder, "etcd-"));
        mkdirSync(join(source, etcdStem));
        writeFileSync(join(source, etcdStem, member), program(versions.etcd), { mode: 0o755 });
        writeFileSync(join(source, etcdStem, "README.md"), "not wanted");
        await tar.create({ gzip: true, cwd: source, file: join(source, archive) }, [etcdStem]);
        return readFileSync(join(source, archive));
    }

    it("takes etcd out of its archive and nothing else, and finds it in the cache afterwards", async () => {
        const content = await etcdArchive();
        files[`${etcdRelease}/SHA256SUMS`] = Buffer.from(`${sha256(content)}  ${archive}\n`);
        files[`${etcdRelease}/${archive}`] = content;
        const to = places();
        const found = await findPart(parts.etcd, to);
        assert.deepEqual(found, { path: join(to.cache, `etcd-${versions.etcd}`, "etcd"), origin: "official download" });
        assert.deepEqual(readFileSync(found.path), program(versions.etcd));
        assert.deepEqual(readdirSync(join(found.path, "..")), ["etcd"]);
        asked = [];
        assert.equal((await findPart(parts.etcd, to)).origin, "official download, kept in the cache");
        assert.deepEqual(asked, []);
    });

    it("takes Vault out of its zip archive, as a program that can be run", async () => {
        const content = Buffer.from(zipSync({ vault: program(versions.vault), "LICENSE.txt": Buffer.from("text") }));
        const release = `/mirror/releases.hashicorp.com/vault/${versions.vault}`;
        const name = `vault_${versions.vault}_${os}_${arch}.zip`;
        files[`${release}/vault_${versions.vault}_SHA256SUMS`] = Buffer.from(`${sha256(content)}  ${name}\n`);
        files[`${release}/${name}`] = content;
        const found = await findPart(parts.vault, places());
        assert.equal(found.origin, "official download");
        // Found on PATH it is asked for its version, which only a program can answer.
        assert.equal((await findPart(parts.vault, places(join(found.path, "..")))).origin, "on PATH");
    });

    it("takes a Kubernetes server with the checksum beside it", async function () {
        if (os !== "linux") this.skip();
        const url = `/mirror/dl.k8s.io/release/v${versions.kubernetes}/bin/${os}/${arch}/kube-apiserver`;
        files[url] = program(versions.kubernetes);
        files[`${url}.sha256`] = Buffer.from(sha256(program(versions.kubernetes)));
        assert.equal((await findPart(parts.apiserver, places())).origin, "official download");
    });

    it("refuses content that is not the release's, and installs nothing", async () => {
        const content = await etcdArchive();
        files[`${etcdRelease}/SHA256SUMS`] = Buffer.from(`${"f".repeat(64)}  ${archive}\n`);
        files[`${etcdRelease}/${archive}`] = content;
        const to = places();
        await assert.rejects(findPart(parts.etcd, to), /has the SHA-256 [0-9a-f]{64}, its release says f{64}/);
        assert.ok(!existsSync(join(to.cache, `etcd-${versions.etcd}`)));
    });

    it("refuses an archive of etcd without etcd in it", async () => {
        const content = await etcdArchive("etcdctl");
        files[`${etcdRelease}/SHA256SUMS`] = Buffer.from(`${sha256(content)}  ${archive}\n`);
        files[`${etcdRelease}/${archive}`] = content;
        await assert.rejects(findPart(parts.etcd, places()), /The archive of etcd holds no file etcd-v.*\/etcd/);
    });

    it("refuses a release that lists no checksum of the file", async () => {
        files[`${etcdRelease}/SHA256SUMS`] = Buffer.from("aa  something-else\n");
        await assert.rejects(findPart(parts.etcd, places()), /lists no checksum of etcd/);
    });

    it("refuses custom resource definitions that are not the pinned release's", async () => {
        const file = `external-secrets/external-secrets/v${versions.externalSecrets}/deploy/crds/bundle.yaml`;
        files[`/mirror/raw.githubusercontent.com/${file}`] = Buffer.from("kind: Something");
        const { cache, env } = places();
        await assert.rejects(externalSecretsCrds(cache, env), /its release says 00f11e23/);
        assert.ok(!existsSync(join(cache, `external-secrets-crds-${versions.externalSecrets}`)));
    });

    it("takes what is on PATH at the pinned version or newer, and nothing older", async () => {
        const folderOf = (version: string) => {
            const place = mkdtempSync(join(folder, "path-"));
            writeFileSync(join(place, "kwok"), program(version));
            chmodSync(join(place, "kwok"), 0o755);
            return place;
        };
        const newer = folderOf("0.99.0");
        const found = await findPart(parts.kwok, places(`${folderOf("0.1.0")}:${newer}`));
        assert.deepEqual(found, { path: join(newer, "kwok"), origin: "on PATH" });
        assert.deepEqual(asked, []);
    });

    it("does not run an External Secrets of PATH, which has no way to tell its version", async () => {
        const place = mkdtempSync(join(folder, "path-"));
        const { name } = parts.externalSecrets;
        writeFileSync(join(place, name), `#!/bin/sh\ntouch "${join(place, "ran")}"\n`, { mode: 0o755 });
        const to = places(place);
        const kept = join(to.cache, `${name}-${versions.externalSecrets}`);
        mkdirSync(kept, { recursive: true });
        writeFileSync(join(kept, name), "");
        assert.match((await findPart(parts.externalSecrets, to)).origin, /kept in the cache$/);
        assert.ok(!existsSync(join(place, "ran")));
    });

    it("has a download to check for all programs but two on Linux and five on macOS", () => {
        const built = Object.values<Part>(parts).filter(({ release }) => !release);
        const kubernetes = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
        assert.deepEqual(
            built.map(({ name }) => name),
            [...(os === "darwin" ? kubernetes : []), "kwok", "external-secrets"],
        );
    });
});

describe("addresses and ports of the cluster", () => {
    it("are the official ones, or stand under the mirror", () => {
        assert.equal(mirror({})("https://dl.k8s.io/x"), "https://dl.k8s.io/x");
        const from = mirror({ PLATFORM_DOWNLOAD_URL: "http://127.0.0.1:1/m/" });
        assert.equal(from("https://dl.k8s.io/x"), "http://127.0.0.1:1/m/dl.k8s.io/x");
    });

    it("follow the local AWS's port, each once, and have to fit", () => {
        const ports = clusterPorts(4566);
        assert.equal(ports.apiserver, 4568);
        assert.equal(ports.vault, 4569);
        assert.equal(new Set(Object.values(ports)).size, 11);
        assert.throws(() => clusterPorts(65530), /choose one up to 65523/);
    });

    it("are known for Linux and macOS on two processors, and refused elsewhere", () => {
        assert.deepEqual(goPlatform("darwin", "arm64"), { os: "darwin", arch: "arm64" });
        assert.deepEqual(goPlatform("linux", "x64"), { os: "linux", arch: "amd64" });
        assert.throws(() => goPlatform("win32", "x64"), /no local cloud for win32-x64/);
    });
});
