import { type ServiceName } from "../../services";

/** Something that is wrong, why, and the fix. */
export interface Finding {
    readonly id: string;
    /** `error`: a service does not work, or cannot be deployed. `warning`: it works, and something is not as it should be. */
    readonly severity: "error" | "warning";
    /** Whose it is; undefined where it is nobody's alone. */
    readonly service?: ServiceName;
    readonly what: string;
    readonly why: string;
    /** A command, or what to do where there is none. */
    readonly fix: string;
}

/** The commands that fix things. */
export interface Remedies {
    readonly up: string;
    /** Makes again what was deleted or changed by hand. */
    readonly refresh: string;
    readonly kubernetes: string;
    readonly vault: string;
    readonly unseal: string;
    readonly externalSecrets: string;
    readonly reloader: string;
    /** What comes before a command of aws or kubectl, so that it goes to the stack's clouds. */
    readonly tools: string;
    /** Finishes an update that was killed. */
    readonly recover: string;
}

/** Those of a stack whose cluster and Vault are somebody's. */
export function remediesOf(stack: string): Remedies {
    return {
        up: `pulumi up --stack ${stack}`,
        refresh: `pulumi up --refresh --stack ${stack}`,
        kubernetes: "kubectl cluster-info, with the kubeconfig and context of the stack's settings",
        vault: "vault status, with VAULT_ADDR as in the stack's settings",
        unseal: "vault operator unseal, with the unseal keys of the Vault's owner",
        externalSecrets: "kubectl --namespace external-secrets get pods, and start the operator again",
        reloader: "kubectl get pods --all-namespaces --selector app=reloader-reloader, and start Reloader again",
        tools: "",
        recover: 'docs/recovery.md, "A real stack"',
    };
}
