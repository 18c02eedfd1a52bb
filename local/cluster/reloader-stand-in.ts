// Stands in for Reloader (https://github.com/stakater/Reloader), which is published as a container image only. Of all that
// it can do this does one thing: pods of a Deployment with the annotation below are replaced when the Secret that it names
// changes.
//
//     reloader-stand-in.ts KUBECONFIG PORT
//
// On PORT of 127.0.0.1 it answers as long as it watches.

import { createHash } from "node:crypto";
import { createServer } from "node:http";

import {
    AppsV1Api,
    CoreV1Api,
    KubeConfig,
    makeInformer,
    PatchStrategy,
    setHeaderOptions,
    type V1Secret,
} from "@kubernetes/client-node";

const annotation = "secret.reloader.stakater.com/reload";
const lastReloaded = "reloader.stakater.com/last-reloaded-from";

const config = new KubeConfig();
config.loadFromFile(process.argv[2]);
const core = config.makeApiClient(CoreV1Api);
const apps = config.makeApiClient(AppsV1Api);

/** Of each Secret the digest of its values: a change of its metadata replaces no pod. */
const digests = new Map<string, string>();

function digestOf({ data = {} }: V1Secret): string {
    const sorted = Object.entries(data).sort(([one], [other]) => (one < other ? -1 : 1));
    return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}

async function changed(secret: V1Secret): Promise<void> {
    const { name = "", namespace = "" } = secret.metadata ?? {};
    const key = `${namespace}/${name}`;
    const [before, now] = [digests.get(key), digestOf(secret)];
    if (before === now) return;
    const { items } = await apps.listNamespacedDeployment({ namespace });
    for (const { metadata, spec } of items) {
        const names = metadata?.annotations?.[annotation]?.split(",").map((one) => one.trim()) ?? [];
        // Seen for the first time, since this process has just started, a Secret may have changed while nobody looked.
        const known = before ?? spec?.template.metadata?.annotations?.[lastReloaded] ?? now;
        if (!names.includes(name) || known === now) continue;
        log(`${key} changed: replacing the pods of Deployment ${metadata!.name}`);
        const body = { spec: { template: { metadata: { annotations: { [lastReloaded]: now } } } } };
        const patch = { namespace, name: metadata!.name!, body, fieldManager: "reloader-stand-in" };
        await apps.patchNamespacedDeployment(
            patch,
            setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
        );
    }
    // Not earlier: what could not be done is tried again at the next sight of the Secret.
    digests.set(key, now);
}

function log(text: string): void {
    process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}

const seen = (secret: V1Secret) =>
    void changed(secret).catch((error: Error) => log(`could not replace pods: ${error.message}`));
const informer = makeInformer(config, "/api/v1/secrets", () => core.listSecretForAllNamespaces());
informer.on("add", seen);
informer.on("update", seen);
let watching = false;
informer.on("connect", () => (watching = true));
informer.on("error", (error: Error) => {
    watching = false;
    log(`lost the API: ${error.message}`);
    setTimeout(start, 1000);
});

function start(): void {
    informer.start().catch((error: Error) => {
        log(`cannot read Secrets: ${error.message}`);
        setTimeout(start, 1000);
    });
}
start();
createServer((_request, response) => response.writeHead(watching ? 200 : 503).end()).listen(
    Number(process.argv[3]),
    "127.0.0.1",
);
log("stand-in of Reloader: started");
