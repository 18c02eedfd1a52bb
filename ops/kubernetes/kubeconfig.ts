import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { KubeConfig } from "@kubernetes/client-node";
import { parse } from "yaml";

import { connectionFault } from "../network/https";
import { ClusterFailure, type KubeconfigPaths } from "./access";

/** What the client library leaves out of a user. */
export interface UserExtras {
    /** Path of a file with a token, which may change at any time. */
    readonly tokenFile?: string;
    /** Whom every request impersonates, besides the user of `as`. */
    readonly impersonation: Readonly<Record<string, string | string[]>>;
}

/** Kubeconfigs as kubectl reads them. */
export interface Kubeconfig {
    readonly config: KubeConfig;
    /** How messages call the files. */
    readonly name: string;
    /** Of the user of the context that is current now. */
    extras(): UserExtras;
}

interface Entry {
    readonly name: string;
    readonly user?: UserFields;
    readonly cluster?: Record<string, unknown>;
}

interface UserFields extends Record<string, unknown> {
    readonly tokenFile?: string;
    readonly "as-uid"?: string;
    readonly "as-groups"?: string[];
    readonly "as-user-extra"?: Record<string, string[]>;
    readonly exec?: { readonly command?: string };
}

const lists = ["clusters", "users", "contexts"] as const;

type Document = Partial<Record<(typeof lists)[number], Entry[]>> & { readonly "current-context"?: string };

/**
 * Reads kubeconfigs: of several the first that has an entry, or a current context, counts; paths in one are relative to
 * its folder.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
 * @throws ClusterFailure where one cannot be read, or there is none at all
 */
export function readKubeconfig(paths: KubeconfigPaths): Kubeconfig {
    const listed = typeof paths === "string" ? [paths] : paths;
    const name = listed.join(", ");
    const documents = listed.flatMap((path) => documentAt(path, typeof paths === "string") ?? []);
    if (documents.length === 0) throw unreadable(name, "ENOENT");
    const config = new KubeConfig();
    const merged = mergedOf(documents);
    try {
        config.loadFromString(JSON.stringify(merged));
    } catch (error) {
        throw unreadable(name, error instanceof Error ? error.message : "it is none");
    }
    const { users } = merged;
    const own = () => users.find((user) => user.name === config.getCurrentUser()?.name)?.user ?? {};
    return { config, name, extras: () => extrasOf(own()) };
}

function mergedOf(documents: readonly Document[]) {
    const of = (list: (typeof lists)[number]) => firstOfEachName(documents.flatMap((document) => document[list] ?? []));
    const current = documents.map((document) => document["current-context"]).find(Boolean);
    return { "current-context": current, clusters: of("clusters"), users: of("users"), contexts: of("contexts") };
}

function firstOfEachName(entries: readonly Entry[]): Entry[] {
    return entries.filter(({ name }, index) => entries.findIndex((entry) => entry.name === name) === index);
}

function documentAt(path: string, required: boolean): Document | undefined {
    let document: Document;
    try {
        document = (parse(readFileSync(path, "utf8")) ?? {}) as Document;
    } catch (error) {
        const fault = connectionFault(error);
        if (fault === "ENOENT" && !required) return undefined;
        throw unreadable(path, fault);
    }
    if (!isKubeconfig(document)) throw unreadable(path, "it is no kubeconfig");
    const absolute = (fields: Record<string, unknown> | undefined, ...names: string[]) => {
        for (const name of names) {
            const value = fields?.[name];
            if (typeof value === "string" && value !== "") fields![name] = resolve(dirname(path), value);
        }
    };
    for (const { cluster } of document.clusters ?? []) absolute(cluster, "certificate-authority");
    for (const { user } of document.users ?? []) {
        absolute(user, "client-certificate", "client-key", "tokenFile");
        // A command without a slash is one of PATH.
        if (user?.exec?.command?.includes("/")) absolute(user.exec, "command");
    }
    return document;
}

/** Whether every list is one of entries with a name; what they hold the client library looks at. */
function isKubeconfig(document: unknown): document is Document {
    if (typeof document !== "object" || document === null) return false;
    return lists.every((list) => {
        const entries = (document as Record<string, unknown>)[list] ?? [];
        return Array.isArray(entries) && entries.every((entry) => typeof (entry as Entry | null)?.name === "string");
    });
}

function unreadable(path: string, fault: string): ClusterFailure {
    return new ClusterFailure("Kubernetes", `the kubeconfig ${path} could not be read (${fault})`);
}

/** @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function extrasOf(user: UserFields): UserExtras {
    const impersonation: Record<string, string | string[]> = {};
    if (user["as-uid"]) impersonation["Impersonate-Uid"] = user["as-uid"];
    if (user["as-groups"]?.length) impersonation["Impersonate-Group"] = user["as-groups"];
    for (const [key, values] of Object.entries(user["as-user-extra"] ?? {})) {
        impersonation[`Impersonate-Extra-${encodeURIComponent(key)}`] = values;
    }
    return { tokenFile: user.tokenFile, impersonation };
}
