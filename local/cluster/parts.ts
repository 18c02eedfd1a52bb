import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { unzipSync } from "fflate";
import * as tar from "tar";

import { checksumOf, download, downloadChecked } from "../download";
import { type GoBuild } from "../go-build";
import { LocalError } from "../paths";
import { versions } from "../versions";

/** A program of the local cluster: how its version is asked for, and where it comes from. */
export interface Part {
    /** Name of the command on PATH. */
    readonly name: string;
    readonly version: string;
    /** Arguments that make it print its version. Undefined where none do: it is then not looked for on PATH. */
    readonly versionArgs?: readonly string[];
    /**
     * The official release. Undefined where there is none that can be checked: External Secrets is published as a
     * container image only, kwok without checksums.
     */
    readonly release?: Release;
    readonly build: GoBuild;
}

interface Release {
    /** The server that has it. */
    readonly host: string;
    /** Downloads and checks it; throws as `downloadChecked`. */
    readonly download: (folder: string, doing: (detail: string) => void, from: Mirror) => Promise<void>;
}

/** Turns the address of an official file into the one to ask: the same, or its place on a mirror. */
export type Mirror = (url: string) => string;

/** `PLATFORM_CLUSTER_DOWNLOAD_URL` names a mirror, under which each official address stands without its `https://`. */
export function mirror(env: NodeJS.ProcessEnv = process.env): Mirror {
    const base = env.PLATFORM_CLUSTER_DOWNLOAD_URL?.replace(/\/$/, "");
    return (url) => (base === undefined ? url : `${base}/${url.replace(/^https:\/\//, "")}`);
}

/** Operating system and processor as Go's releases name them. */
export function goPlatform(
    platform: string = process.platform,
    arch: string = process.arch,
): { readonly os: string; readonly arch: string } {
    const processor = { x64: "amd64", arm64: "arm64" }[arch];
    if (!processor || (platform !== "linux" && platform !== "darwin")) {
        throw new LocalError(
            `There is no cluster for ${platform}-${arch}; Linux and macOS on x64 and arm64 are known.`,
        );
    }
    return { os: platform, arch: processor };
}

const modules = join(__dirname, "modules");

const kubernetes = (name: string): Part => ({
    name,
    version: versions.kubernetes,
    versionArgs: ["--version"],
    // Kubernetes publishes its servers for Linux only.
    ...(process.platform === "linux" ? { release: { host: "dl.k8s.io", download: downloadKubernetes(name) } } : {}),
    build: {
        module: join(modules, "kubernetes"),
        command: `k8s.io/kubernetes/cmd/${name}`,
        binary: name,
        // Without a version clients cannot tell what the server knows.
        ldflags: `-X k8s.io/component-base/version.gitVersion=v${versions.kubernetes}`,
    },
});

/** Every program of the local cluster, in the order in which they are built: what others wait for comes first. */
export const parts = {
    etcd: {
        name: "etcd",
        version: versions.etcd,
        versionArgs: ["--version"],
        release: { host: "github.com", download: downloadEtcd },
        build: { module: join(modules, "etcd"), command: "go.etcd.io/etcd/server/v3", binary: "etcd" },
    },
    apiserver: kubernetes("kube-apiserver"),
    controllerManager: kubernetes("kube-controller-manager"),
    scheduler: kubernetes("kube-scheduler"),
    kwok: {
        name: "kwok",
        version: versions.kwok,
        versionArgs: ["--version"],
        build: { module: join(modules, "kwok"), command: "sigs.k8s.io/kwok/cmd/kwok", binary: "kwok" },
    },
    externalSecrets: {
        name: "external-secrets",
        version: versions.externalSecrets,
        build: {
            module: join(modules, "external-secrets"),
            command: "github.com/external-secrets/external-secrets",
            binary: "external-secrets",
        },
    },
    vault: {
        name: "vault",
        version: versions.vault,
        versionArgs: ["version"],
        release: { host: "releases.hashicorp.com", download: downloadVault },
        build: { module: join(modules, "vault"), command: "github.com/hashicorp/vault", binary: "vault" },
    },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof parts;

async function downloadEtcd(folder: string, doing: (detail: string) => void, from: Mirror): Promise<void> {
    const { os, arch } = goPlatform();
    const release = from(`https://github.com/etcd-io/etcd/releases/download/v${versions.etcd}`);
    const stem = `etcd-v${versions.etcd}-${os}-${arch}`;
    const archive = `${stem}.${os === "darwin" ? "zip" : "tar.gz"}`;
    const content = await downloadListed(release, "SHA256SUMS", archive, doing);
    if (os === "darwin") return unpackZip(content, `${stem}/etcd`, folder, "etcd");
    const packed = join(folder, archive);
    await writeFile(packed, content);
    await tar.extract({ file: packed, cwd: folder, strip: 1, filter: (path) => path === `${stem}/etcd` });
    await rm(packed);
    if (!existsSync(join(folder, "etcd"))) throw noMember("etcd", `${stem}/etcd`);
}

async function downloadVault(folder: string, doing: (detail: string) => void, from: Mirror): Promise<void> {
    const { os, arch } = goPlatform();
    const release = from(`https://releases.hashicorp.com/vault/${versions.vault}`);
    const archive = `vault_${versions.vault}_${os}_${arch}.zip`;
    const content = await downloadListed(release, `vault_${versions.vault}_SHA256SUMS`, archive, doing);
    await unpackZip(content, "vault", folder, "vault");
}

function downloadKubernetes(name: string): Release["download"] {
    return async (folder, doing, from) => {
        const { os, arch } = goPlatform();
        const url = from(`https://dl.k8s.io/release/v${versions.kubernetes}/bin/${os}/${arch}/${name}`);
        const sha256 = (await download(`${url}.sha256`)).toString("utf8").trim();
        await install(await downloadChecked(url, sha256, doing), folder, name);
    };
}

/** Downloads a file of a release and checks it against the release's own list of checksums. */
async function downloadListed(
    release: string,
    list: string,
    file: string,
    doing: (detail: string) => void,
): Promise<Buffer> {
    const sha256 = checksumOf((await download(`${release}/${list}`)).toString("utf8"), file);
    if (!sha256) throw new LocalError(`${release}/${list} lists no checksum of ${file}`);
    return downloadChecked(`${release}/${file}`, sha256, doing);
}

async function unpackZip(content: Buffer, member: string, folder: string, name: string): Promise<void> {
    const file = unzipSync(content, { filter: (entry) => entry.name === member })[member];
    if (!file) throw noMember(name, member);
    await install(file, folder, name);
}

const noMember = (name: string, member: string) => new LocalError(`The archive of ${name} holds no file ${member}`);

async function install(content: Uint8Array, folder: string, name: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), content, { mode: 0o755 });
}
