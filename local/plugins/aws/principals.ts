// Whether the principals that a policy names exist: AWS refuses a policy that names one that does not.

import { GetRoleCommand, GetUserCommand } from "@aws-sdk/client-iam";
import { AwsRefusal, isError } from "../errors";
import { isRecord, type Value } from "../wire";
import type { AwsContext } from "./clients";

/**
 * Refuses a document that names a user or a role of this account that is not there. Another account's principals cannot
 * be looked up, and a caller who may not look is not held up.
 */
export async function refuseMissingPrincipals(
    context: AwsContext,
    document: string,
    operation: string,
    code: string,
): Promise<void> {
    const named = principalsOf(document);
    if (named.length === 0) {
        return;
    }
    const { accountId } = await context.caller();
    for (const arn of named) {
        if (await isMissing(context, arn, accountId)) {
            const message = `Invalid principal in policy: "AWS":"${arn}"`;
            throw new AwsRefusal(operation, code, message, 400);
        }
    }
}

/** The ARNs of users and roles that a policy's statements have as principals. Pure. */
export function principalsOf(document: string): string[] {
    const parsed = JSON.parse(document) as Value;
    const statements = isRecord(parsed) ? parsed["Statement"] : undefined;
    const list: (Value | undefined)[] = Array.isArray(statements) ? statements : [statements];
    const arns = list.flatMap((statement): (Value | undefined)[] => {
        const principal = isRecord(statement) ? (statement["Principal"] ?? statement["NotPrincipal"]) : undefined;
        const aws = isRecord(principal) ? principal["AWS"] : undefined;
        return Array.isArray(aws) ? aws : [aws];
    });
    return [...new Set(arns.filter((arn): arn is string => typeof arn === "string" && isUserOrRole(arn)))];
}

function isUserOrRole(arn: string): boolean {
    return /^arn:[^:]+:iam::\d{12}:(user|role)\/.+/.test(arn);
}

async function isMissing(context: AwsContext, arn: string, accountId: string): Promise<boolean> {
    const [, , , , account, path = ""] = arn.split(":");
    const name = path.split("/").at(-1) ?? "";
    if (account !== accountId) {
        return false;
    }
    try {
        await (path.startsWith("user/")
            ? context.iam.send(new GetUserCommand({ UserName: name }))
            : context.iam.send(new GetRoleCommand({ RoleName: name })));
        return false;
    } catch (error) {
        return isError(error, "NoSuchEntityException", "NoSuchEntity");
    }
}
