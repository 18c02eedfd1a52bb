import { type ScheduleName, scheduleName, scheduleRoleName, schedules } from "../../components/bedrock-gate/names";
import { check } from "../check-helpers";
import { allowed, type Check, type CheckContext, deniedByBedrock } from "../checks";
import { grantsInWords, type Statement } from "../grants";
import {
    attachingGrants,
    countingGrants,
    functionArn,
    iamArn,
    instancesGrant,
    invokeActions,
    regional,
    seeingGrants,
    watchingGrants,
} from "./grants";
import { type LlmModelsOutputs } from "./schema";

/** What must hold for the keeper: its brake is not in force, it can do no more than its work, and is started in time. */
export function keeperChecks(outputs: LlmModelsOutputs, context: CheckContext): Check[] {
    const { region, keeper, gate, monthlyLimitUsd } = outputs;
    const { tableName, controlName, brakePolicyArn } = keeper;
    const control = functionArn(context, region, controlName);
    return [
        ...denyChecks("keeper's brake", "keeper's brake not in force", brakePolicyArn),
        ...roleChecks("E4", "keeper", "its table, attaching and detaching the brake", controlName, {
            grants: [
                ...countingGrants(outputs, controlName, context),
                ...attachingGrants(outputs, context, brakePolicyArn, ["Attach", "Detach"]),
                ...seeingGrants(outputs, context),
                {
                    Effect: "Allow",
                    Action: "dynamodb:Query",
                    Resource: regional(context, "dynamodb", region, `table/${tableName}`),
                },
                ...(gate ? [instancesGrant(region, gate, context, "Delete")] : []),
                ...watchingGrants,
            ],
            trust: trusting("lambda"),
        }),
        ...roleChecks("E4", "keeper's schedules", "starting the keeper", scheduleRoleName(controlName), {
            grants: [{ Effect: "Allow", Action: "lambda:InvokeFunction", Resource: control }],
            trust: {
                ...trusting("scheduler"),
                Condition: { StringEquals: { "aws:SourceAccount": context.accountId } },
            },
        }),
        check("E4", "the ledger of this month", "within the limit; open", {
            kind: "ledger",
            tableName,
            tableArn: regional(context, "dynamodb", region, `table/${tableName}`),
            microUsd: String(Math.round(monthlyLimitUsd * 1_000_000)),
        }),
        ...Object.entries(schedules).map(([name, { expression, task }]) =>
            check(
                name === "daily" ? "E5" : "E4",
                `schedule: ${name}`,
                `ENABLED: ${expression} UTC: ${JSON.stringify({ task })} to ${control} as ${iamArn(context, `role/${scheduleRoleName(controlName)}`)}`,
                { kind: "schedule", name: scheduleName(controlName, name as ScheduleName), region },
            ),
        ),
        ...(gate ? [] : [keeperShutOff(outputs)]),
    ];
}

/** Without a gate: the level is crossed, and the keeper started, as every five minutes. */
function keeperShutOff({ userName: user, keeper, models, inferenceProfiles = [] }: LlmModelsOutputs): Check {
    const { controlName, brakePolicyArn: policyArn } = keeper;
    const model = models[0] ?? inferenceProfiles[0].profileId;
    return check(
        "E4",
        "shut-off by the keeper's meter",
        `before: ${allowed}; kept: ${deniedByBedrock}; restored: ${allowed}`,
        { kind: "keeperShutOff", controlName, user, policyArn, model },
        "deployer",
    );
}

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

/** What a role may do, and who may have it. */
export function roleChecks(
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

export const trusting = (service: "lambda" | "scheduler"): Statement => ({
    Effect: "Allow",
    Principal: { Service: `${service}.amazonaws.com` },
    Action: "sts:AssumeRole",
});
