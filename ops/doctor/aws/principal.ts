/** Who a caller is to IAM: whose policies decide what he may do. */
export type Principal =
    /** May do everything: no policy is asked. */
    | { readonly kind: "root" }
    | { readonly kind: "user"; readonly arn: string }
    /** A session of a role, which its ARN names without the role's path. */
    | { readonly kind: "role"; readonly name: string; readonly arnWithoutPath: string }
    /** Nobody whose policies IAM could be asked for. */
    | { readonly kind: "other" };

/** Reads it off the ARN that AWS gives a caller. */
export function principalOf(arn: string): Principal {
    const [, partition, service, , account, ...rest] = arn.split(":");
    const resource = rest.join(":");
    if (service === "iam" && resource === "root") return { kind: "root" };
    if (service === "iam" && resource.startsWith("user/")) return { kind: "user", arn };
    const [type, name] = resource.split("/");
    if (service !== "sts" || type !== "assumed-role" || !name) return { kind: "other" };
    return { kind: "role", name, arnWithoutPath: `arn:${partition}:iam::${account}:role/${name}` };
}
