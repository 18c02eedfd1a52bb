import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Path of a kubeconfig, or the paths that KUBECONFIG lists, of which some may be of no file. */
export type KubeconfigPaths = string | readonly string[];

/** The files that kubectl reads where none is named. */
export function kubectlsOwn({ KUBECONFIG = "" }: Readonly<Record<string, string | undefined>>): KubeconfigPaths {
    const listed = KUBECONFIG.split(delimiter).filter((path) => path !== "");
    return listed.length > 0 ? listed : join(homedir(), ".kube", "config");
}

/** What opens a cluster and its Vault to one identity: always given, never looked up in the caller's environment. */
export interface ClusterAccess {
    readonly kubeconfig: KubeconfigPaths;
    /** @default the kubeconfig's current context */
    readonly context?: string;
    readonly vaultToken: string;
    /** How a result calls whoever this is, where one access serves as operator and as deployer. @default which of both */
    readonly who?: string;
}

/** Something of a cluster that did not answer as asked, in words that name the cause. */
export class ClusterFailure extends Error {
    /**
     * @param words what is compared and shown; free of secrets
     * @param status HTTP status; undefined where there was no answer
     * @param detail the server's own message, where the words do not repeat it
     */
    constructor(
        readonly system: "Kubernetes" | "Vault",
        readonly words: string,
        readonly status?: number,
        readonly detail?: string,
    ) {
        super(detail === undefined ? words : `${words}: ${detail}`);
    }
}

/** The words of a failure of the cluster, or of any other error. */
export function inWords(error: unknown): string {
    if (error instanceof ClusterFailure) return error.words;
    return error instanceof Error ? error.message : String(error);
}
