// Which cluster and which credentials the settings lead to.

import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { Refusal } from "../errors";
import type { KubernetesSettings } from "./settings";

/** The context that the setting `cluster` makes of the current one. */
const ONE_CLUSTER = "pulumi-cluster";

/** A parser's message may quote the file, and the file may hold credentials: only the line is told. */
export function loadConfig(config: KubeConfig, settings: KubernetesSettings): KubeConfig {
    const { kubeconfig, context, cluster } = settings;
    try {
        if (kubeconfig === undefined) {
            config.loadFromDefault();
        } else if (isContent(kubeconfig)) {
            config.loadFromString(kubeconfig);
        } else {
            const file = kubeconfig.replace(/^~(?=\/)/, os.homedir());
            if (!fs.existsSync(file)) {
                throw new Refusal(`The kubeconfig ${path.resolve(file)} does not exist.`);
            }
            config.loadFromFile(file);
        }
    } catch (error) {
        if (error instanceof Refusal) {
            throw error;
        }
        const line = (error as { mark?: { line?: number } }).mark?.line;
        throw new Refusal(`The kubeconfig cannot be read${line === undefined ? "" : `: line ${line + 1}`}.`);
    }
    if (context !== undefined) {
        if (config.getContextObject(context) === null) {
            const known = config.getContexts().map(({ name }) => name);
            throw new Refusal(`The kubeconfig has no context "${context}"; it has ${known.join(", ") || "none"}.`);
        }
        config.setCurrentContext(context);
    }
    if (cluster !== undefined) {
        const current = config.getContextObject(config.getCurrentContext());
        if (current === null || config.getCluster(cluster) === null) {
            throw new Refusal(`The kubeconfig has no cluster "${cluster}".`);
        }
        config.addContext({ ...current, name: ONE_CLUSTER, cluster });
        config.setCurrentContext(ONE_CLUSTER);
    }
    if (config.getCurrentCluster() === null) {
        throw new Refusal("The kubeconfig has no current context with a cluster.");
    }
    return config;
}

/** YAML or JSON rather than a path. */
function isContent(kubeconfig: string): boolean {
    return kubeconfig.includes("\n") || kubeconfig.trimStart().startsWith("{");
}
