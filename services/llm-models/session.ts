import { invokeStatements, onlyInvoking } from "../../components/bedrock-budget-tier/policy";
import { policyDocument, type PolicyDocument } from "../../components/policy-document";
import { check } from "../check-helpers";
import { allowed, type Check, type CheckContext, deniedByBedrock } from "../checks";
import { iamArn, invokingGrants } from "./grants";
import { roleChecks } from "./keeper-checks";
import { type LlmModelsOutputs } from "./schema";

/** Characters of a session policy that STS takes. */
export const longestSessionPolicy = 2048;

type Models = Pick<LlmModelsOutputs, "region" | "models" | "inferenceProfiles">;

/** Every id that a model of the stack is invoked by: its own, or its inference profile's. */
export function invokedIds({ models, inferenceProfiles = [] }: Pick<Models, "models" | "inferenceProfiles">): string[] {
    return [...models, ...inferenceProfiles.map(({ profileId }) => profileId)];
}

/**
 * What a session is narrowed to: it may what its role may and this does, too (E11).
 *
 * @param ids of models or inference profiles of the stack
 */
export function sessionPolicy(
    { region, models, inferenceProfiles = [] }: Models,
    ids: readonly string[],
    { partition, accountId }: Pick<CheckContext, "partition" | "accountId">,
): PolicyDocument {
    const scope = { partition, accountId, region };
    const chosen = models.filter((model) => ids.includes(model));
    const profiles = inferenceProfiles.filter(({ profileId }) => ids.includes(profileId));
    return policyDocument(...onlyInvoking(invokeStatements(scope, chosen, profiles)));
}

/** What must hold for sessions of the service's keys that are narrowed to models (E11). */
export function sessionChecks(outputs: LlmModelsOutputs, context: CheckContext): Check[] {
    const { sessionRoleArn: roleArn, userName } = outputs;
    if (roleArn === undefined) return [];
    const role = roleArn.slice(roleArn.lastIndexOf("/") + 1);
    const user = iamArn(context, `user/${userName}`);
    const [model, other] = invokedIds(outputs);
    return [
        ...roleChecks("E11", "narrowed sessions", "these models only", role, {
            grants: invokingGrants(outputs, context),
            trust: { Effect: "Allow", Principal: { AWS: user }, Action: "sts:AssumeRole" },
        }),
        check(
            "E11",
            `a session narrowed to ${model}`,
            [`it: ${allowed}`, ...(other === undefined ? [] : [`${other}: ${deniedByBedrock}`])].join("; "),
            {
                kind: "narrowedSession",
                roleArn,
                policy: JSON.stringify(sessionPolicy(outputs, [model], context)),
                model,
                ...(other === undefined ? {} : { other }),
            },
            "service",
        ),
    ];
}
