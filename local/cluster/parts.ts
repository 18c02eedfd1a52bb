import { join } from "node:path";

import { download, downloadChecked, type Mirror } from "../download";
import {
    downloadListed,
    goPlatform,
    installProgram,
    onPath,
    type Part,
    type Release,
    unpackTar,
    unpackZip,
} from "../part";
import { versions } from "../versions";

const modules = join(__dirname, "modules");

const kubernetes = (name: string): Part => ({
    name,
    version: versions.kubernetes,
    own: onPath(name, versions.kubernetes, ["--version"]),
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

/**
 * Every program of the local cluster, in the order in which they are built: what others wait for comes first. External Secrets is
 * published as a container image only and does not tell its version; kwok is published without checksums.
 */
export const parts = {
    etcd: {
        name: "etcd",
        version: versions.etcd,
        own: onPath("etcd", versions.etcd, ["--version"]),
        release: { host: "github.com", download: downloadEtcd },
        build: { module: join(modules, "etcd"), command: "go.etcd.io/etcd/server/v3", binary: "etcd" },
    },
    apiserver: kubernetes("kube-apiserver"),
    controllerManager: kubernetes("kube-controller-manager"),
    scheduler: kubernetes("kube-scheduler"),
    kwok: {
        name: "kwok",
        version: versions.kwok,
        own: onPath("kwok", versions.kwok, ["--version"]),
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
        own: onPath("vault", versions.vault, ["version"]),
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
    return unpackTar(content, `${stem}/etcd`, folder, "etcd");
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
        await installProgram(await downloadChecked(url, sha256, doing), folder, name);
    };
}
