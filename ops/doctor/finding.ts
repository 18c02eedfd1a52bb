import Table from "cli-table3";

import { type ServiceName } from "../../services";
import { type Remedies } from "../cli/host";

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

/** What was found, as a table; then what was looked at, and what not. */
export function diagnosisInWords({ findings, looked, notSeen, unreachable }: Diagnosis, width = 120): string {
    const reasons = [...new Set(notSeen.map(({ why }) => why))];
    const lines = [
        ...(looked.length > 0
            ? [`Looked at: ${looked.join("; ")}. How AWS answers actual requests is tested by verify.`]
            : []),
        ...reasons.map((reason) => {
            const what = notSeen.filter(({ why }) => why === reason).map((one) => one.what);
            return `Not looked at: ${what.join(", ")} (${reason}).`;
        }),
    ];
    if (findings.length === 0) {
        return [...lines, unreachable ? "Nothing could be asked." : "Nothing wrong was found."].join("\n");
    }
    // Borders, padding and the narrow column take 21.
    const cell = Math.max(16, Math.floor((width - 21) / 3));
    const table = new Table({
        head: ["", "what", "why", "fix"],
        colWidths: [9, cell, cell, cell].map((columns, index) => (index === 0 ? columns : columns + 2)),
        wordWrap: true,
        style: { head: [], border: [] },
    });
    // The table cuts off a word that is wider than its cell: ARNs and commands have to be whole.
    const breakable = (text: string) => text.replace(new RegExp(`\\S{${cell}}(?=\\S)`, "g"), "$& ");
    table.push(...findings.map(({ severity, what, why, fix }) => [severity, ...[what, why, fix].map(breakable)]));
    const count = findings.length === 1 ? "1 finding" : `${findings.length} findings`;
    return [table.toString(), ...lines, `${count}.`].join("\n");
}

/** What doctor found. */
export interface Diagnosis {
    readonly findings: readonly Finding[];
    /** What was looked at. */
    readonly looked: readonly string[];
    /** What was not looked at, and why. */
    readonly notSeen: readonly { readonly what: string; readonly why: string }[];
    /** Whether nothing could be asked anything. */
    readonly unreachable: boolean;
}
