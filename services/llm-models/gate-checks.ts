import { type ScheduleName, scheduleName, scheduleRoleName, schedules } from "../../components/bedrock-gate/names";
import { check } from "../check-helpers";
import { type Check, type CheckContext } from "../checks";
import { grantsInWords, type Statement } from "../grants";
import {
    attachingGrants,
    countingGrants,
    functionArn,
    iamArn,
    invokeActions,
    invokingGrants,
    regional,
    seeingGrants,
    watchingGrants,
} from "./grants";
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
                ...watchingGrants,
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

/** What the gate does for each request, what it counts, and how it shuts itself off. */
export function gateCallChecks(
    { region, models, inferenceProfiles = [], gate, monthlyLimitUsd, userName: user }: LlmModelsOutputs,
    context: CheckContext,
): Check[] {
    if (!gate) return [];
    const { url, tableName, controlName, roleName: role, brakePolicyArn: policyArn } = gate;
    const model = models[0] ?? inferenceProfiles[0].profileId;
    return [
        check(
            "E8",
            "a price is charged, and an equal request answered from the cache",
            "first: 200, miss, charged; second: 200, hit, nothing charged",
            { kind: "gateCache", url, model },
            "service",
        ),
        check(
            "E6",
            "own limits and counters",
            `${gate.requestsPerHour} an hour, ${gate.requestsPerDay} a day; counted`,
            { kind: "gateUsage", url, model },
            "service",
        ),
        ...(gate.keysUrl === undefined
            ? []
            : [
                  check(
                      "E6",
                      "a gate key with a limit of one request an hour",
                      "first: 200; second: 429: hour_limit; revoked: 401: unknown_caller",
                      { kind: "gateKey", keysUrl: gate.keysUrl, model, controlName },
                      "deployer",
                  ),
              ]),
        check("E4", "the ledger of this month", "within the limit; open", {
            kind: "gateLedger",
            tableName,
            tableArn: regional(context, "dynamodb", region, `table/${tableName}`),
            microUsd: String(Math.round(monthlyLimitUsd * 1_000_000)),
        }),
        ...Object.entries(schedules).map(([name, { expression, task }]) =>
            check(
                name === "daily" ? "E5" : "E4",
                `schedule: ${name}`,
                `ENABLED: ${expression} UTC: ${JSON.stringify({ task })} to ${functionArn(context, region, controlName)} as ${iamArn(context, `role/${scheduleRoleName(controlName)}`)}`,
                { kind: "schedule", name: scheduleName(controlName, name as ScheduleName), region },
            ),
        ),
        check(
            "E4",
            "shut-off by the gate's own meter",
            "crossing, in time: 200, deny attached to the user and the gate's role; " +
                "next: 403: budget_exceeded, deny attached to the user and the gate's role; " +
                "restored: 200, deny attached to nobody",
            { kind: "gateShutOff", url, model, controlName, user, role, policyArn },
            "deployer",
        ),
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
