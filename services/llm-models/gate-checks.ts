import { scheduleRoleName } from "../../components/bedrock-gate/names";
import { check } from "../check-helpers";
import { type Check, type CheckContext } from "../checks";
import { grantsInWords, type Statement } from "../grants";
import { attachingGrants, countingGrants, functionArn, invokeActions, invokingGrants, seeingGrants } from "./grants";
import { type LlmModelsOutputs } from "./schema";

/** That a policy of a shut-off ends every invocation, and that nobody has it. */
export function denyChecks(what: string, notInForce: string, policyArn: string): Check[] {
    return [
        check("E4", `${what}: every invocation`, `denies ${invokeActions.join(", ")} on everything; allows nothing`, {
            kind: "policy",
            aspect: "deniesInvoking",
            policyArn,
        }),
        check("E4", notInForce, "groups: none; roles: none; users: none", {
            kind: "policy",
            aspect: "attachments",
            policyArn,
        }),
    ];
}

/** What must hold for the gate: its role alone invokes, and neither of its functions can do more than its work. */
export function gateChecks(outputs: LlmModelsOutputs, context: CheckContext): Check[] {
    const { region, gate } = outputs;
    if (!gate) return [];
    const { functionName, roleName, controlName, brakePolicyArn } = gate;
    return [
        ...roleChecks("E1", "gate", "these models, its table, attaching its brake", roleName, {
            grants: [
                ...invokingGrants(outputs, context),
                ...countingGrants(outputs, gate, functionName, context),
                ...attachingGrants(outputs, context, brakePolicyArn, ["Attach"]),
            ],
            trust: trusting("lambda"),
        }),
        ...denyChecks("gate's brake", "gate's brake not in force", brakePolicyArn),
        ...roleChecks("E4", "gate's keeper", "its table, attaching and detaching the brake", controlName, {
            grants: [
                ...countingGrants(outputs, gate, controlName, context),
                ...attachingGrants(outputs, context, brakePolicyArn, ["Attach", "Detach"]),
                ...seeingGrants(outputs, context),
            ],
            trust: trusting("lambda"),
        }),
        ...roleChecks("E4", "gate's schedules", "starting the keeper", scheduleRoleName(controlName), {
            grants: [
                {
                    Effect: "Allow",
                    Action: "lambda:InvokeFunction",
                    Resource: functionArn(context, region, controlName),
                },
            ],
            trust: {
                ...trusting("scheduler"),
                Condition: { StringEquals: { "aws:SourceAccount": context.accountId } },
            },
        }),
    ];
}

function roleChecks(
    id: string,
    whose: string,
    may: string,
    role: string,
    { grants, trust }: { readonly grants: readonly Statement[]; readonly trust: Statement },
): Check[] {
    return [
        check(id, `role of the ${whose}: ${may}`, grantsInWords(grants), { kind: "role", aspect: "grants", role }),
        check(id, `role of the ${whose}: trust`, grantsInWords([trust]), { kind: "role", aspect: "trust", role }),
    ];
}

const trusting = (service: "lambda" | "scheduler"): Statement => ({
    Effect: "Allow",
    Principal: { Service: `${service}.amazonaws.com` },
    Action: "sts:AssumeRole",
});
