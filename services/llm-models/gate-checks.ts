import { gateAlias } from "../../components/bedrock-gate/policy";
import { check } from "../check-helpers";
import { type Check, type CheckContext } from "../checks";
import { attachingGrants, countingGrants, instancesGrant, invokingGrants } from "./grants";
import { roleChecks, trusting } from "./keeper-checks";
import { type LlmModelsOutputs } from "./schema";

/** What must hold for the gate: its role alone invokes, and can do no more than its work. */
export function gateChecks(outputs: LlmModelsOutputs, context: CheckContext): Check[] {
    const { region, keeper, gate } = outputs;
    if (!gate) return [];
    return roleChecks("E1", "gate", "these models, its table, attaching the brake", gate.roleName, {
        grants: [
            ...invokingGrants(outputs, context),
            ...countingGrants(outputs, gate.functionName, context),
            ...attachingGrants(outputs, context, keeper.brakePolicyArn, ["Attach"]),
            ...(gate.provisionedInstances === undefined ? [] : [instancesGrant(region, gate, context, "Put")]),
        ],
        trust: trusting("lambda"),
    });
}

/** What the gate does for each request, what it counts, and how it shuts itself off. */
export function gateCallChecks({
    models,
    inferenceProfiles = [],
    keeper,
    gate,
    userName: user,
}: LlmModelsOutputs): Check[] {
    if (!gate) return [];
    const { url, roleName: role } = gate;
    const { controlName, brakePolicyArn: policyArn } = keeper;
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
        ...(gate.provisionedInstances === undefined
            ? []
            : [
                  check(
                      "E9",
                      "instances wait while the gate is used, and none when it is idle",
                      `used: ${gate.provisionedInstances}; idle: none; used again: ${gate.provisionedInstances}`,
                      {
                          kind: "gateInstances",
                          url,
                          model,
                          controlName,
                          functionName: gate.functionName,
                          alias: gateAlias,
                      },
                      "deployer",
                  ),
              ]),
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
