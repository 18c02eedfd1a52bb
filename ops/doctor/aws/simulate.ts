import {
    type EvaluationResult,
    GetRoleCommand,
    type IAMClient,
    paginateSimulatePrincipalPolicy,
} from "@aws-sdk/client-iam";

import { type Need } from "./needs";

/** What IAM's simulation says of one action on one resource. */
export interface Judgement {
    readonly action: string;
    readonly resource: string;
    /** `unknown` where it depends on what nobody knows before the call. */
    readonly verdict: "allowed" | "missing" | "unknown";
    /** Why it is missing or unknown; empty where no policy says anything of it. */
    readonly why: string;
}

/** Reads IAM's answer about one action. */
export function judgementOf(result: EvaluationResult, resource: string): Judgement {
    const { EvalActionName: action = "", EvalDecision: decision, MissingContextValues: unknown = [] } = result;
    if (decision === "allowed") return { action, resource, verdict: "allowed", why: "" };
    if (unknown.length > 0) {
        return { action, resource, verdict: "unknown", why: `depends on ${[...new Set(unknown)].sort().join(", ")}` };
    }
    return { action, resource, verdict: "missing", why: hindrance(result) };
}

function hindrance({
    EvalDecision,
    OrganizationsDecisionDetail,
    PermissionsBoundaryDecisionDetail,
}: EvaluationResult): string {
    if (OrganizationsDecisionDetail?.AllowedByOrganizations === false) return "not allowed by the organization";
    if (PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false) {
        return "not allowed by the permissions boundary";
    }
    return EvalDecision === "explicitDeny" ? "denied explicitly" : "";
}

/** Asks IAM what a principal's policies allow; nothing is done. */
export async function simulate(client: IAMClient, PolicySourceArn: string, need: Need): Promise<Judgement[]> {
    const { resource, actions, passedTo } = need;
    const judgements: Judgement[] = [];
    const ContextEntries = passedTo
        ? [
              {
                  ContextKeyName: "iam:PassedToService",
                  ContextKeyType: "string" as const,
                  ContextKeyValues: [passedTo],
              },
          ]
        : undefined;
    const request = { PolicySourceArn, ActionNames: [...actions], ResourceArns: [resource], ContextEntries };
    for await (const { EvaluationResults = [] } of paginateSimulatePrincipalPolicy({ client }, request)) {
        judgements.push(...EvaluationResults.map((result) => judgementOf(result, resource)));
    }
    return judgements;
}

/** The ARN whose policies are asked about; a role's has a path that its sessions do not show. */
export async function policySourceOf(
    iam: IAMClient,
    principal: Extract<Principal, { kind: "user" } | { kind: "role" }>,
): Promise<string> {
    if (principal.kind === "user") return principal.arn;
    try {
        const { Role } = await iam.send(new GetRoleCommand({ RoleName: principal.name }));
        return Role?.Arn ?? principal.arnWithoutPath;
    } catch {
        // Most roles have no path; of one that has, IAM will say that there is none.
        return principal.arnWithoutPath;
    }
}

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
