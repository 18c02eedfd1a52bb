import { faultIf, listOf, resourceRule } from "../rule";

export const vaultPolicyNamesPaths = resourceRule({
    id: "vault-policy-names-paths",
    says: "Every policy of Vault opens paths by name, for reading only.",
    meets: [],
    types: ["vault:index/policy:Policy"],
    faults: ({ props }) => {
        const text = String(props.policy);
        const paths = [...text.matchAll(/path\s+"([^"]*)"/g)].map(([, path]) => path);
        const capabilities = [...text.matchAll(/capabilities\s*=\s*\[([^\]]*)\]/g)].flatMap(([, list]) =>
            list.split(",").map((one) => one.trim().replaceAll('"', "")),
        );
        return [
            ...faultIf(paths.length === 0, "names no path"),
            ...paths.filter((path) => /[*+]/.test(path)).map((path) => `opens ${path}`),
            ...capabilities.filter((one) => one !== "read").map((one) => `gives ${one}`),
        ];
    },
});

export const vaultRoleIsBound = resourceRule({
    id: "vault-role-is-bound",
    says: "Every role of Vault serves named service accounts, whose tokens are for Vault, for a limited time.",
    meets: [],
    types: ["vault:kubernetes/authBackendRole:AuthBackendRole"],
    faults: ({ props }) => [
        ...(["boundServiceAccountNames", "boundServiceAccountNamespaces"] as const).flatMap((key) => {
            const names = listOf<string>(props[key]);
            return faultIf(names.length === 0 || names.some((name) => name.includes("*")), `${key} is ${names.join()}`);
        }),
        ...faultIf(!props.audience, "has no audience"),
        ...faultIf(!(props.tokenMaxTtl > 0), "has no tokenMaxTtl"),
    ],
});
