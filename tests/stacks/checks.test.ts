import assert from "node:assert/strict";

import { plan } from "../../ops/verify/plan";
import { serviceNames, type ServiceOutputs } from "../../services";
import { RecordingMocks, valueOf } from "../support/mocks";
import { answerOf } from "../support/registered";
import { runProgram, stackConfig, type StackName } from "../support/stack-files";

/** Kinds of probes that look at what is declared: what of them only AWS or the cluster can say is named here. */
const declares = [
    "bucket",
    "user",
    "role",
    "policy",
    "taskDefinition",
    "budget",
    "budgetAction",
    "topic",
    "subscription",
    "alarm",
] as const;

describe("what the program registers is what its checks expect", () => {
    const modelId = "meta.llama3-1-70b-instruct-v1:0";
    const other = {
        // All of dev's beside these would be more than IAM lets a user's inline policies have.
        models: [],
        inferenceProfiles: [
            { profileId: `us.${modelId}`, modelId, destinationRegions: ["us-west-2", "us-east-1"] },
            { profileId: `global.${modelId}`, modelId },
        ],
        budgetServices: ["Two", "One"],
        costTag: { key: "team", value: "models" },
    };
    const noGate = { gate: undefined };
    const cases: [StackName, object, string?][] = [
        ["dev", {}],
        ["dev", other, "with what it leaves out of llm-models"],
        ["dev", noGate, "without a gate"],
        ["dev", { ...other, ...noGate }, "with what it leaves out of llm-models, without a gate"],
        ["staging", {}],
        ["prod", {}],
        ["prod", noGate, "without a gate"],
        ["local", {}],
        ["local", noGate, "without a gate"],
    ];
    for (const [stack, models, what] of cases) {
        it(`of stack ${stack}${what ? `, ${what}` : ""}`, async () => {
            const mocks = new RecordingMocks();
            const config = stackConfig(stack);
            const section = { ...(config["platform:llm-models"] as object), ...models };
            const exported = await runProgram(mocks, { ...config, "platform:llm-models": section }, { stack });
            const outputs = (await valueOf(exported)) as unknown as ServiceOutputs;
            const checks = plan({
                accountId: "123456789012",
                outputs,
                services: serviceNames.filter((name) => outputs[name]),
                cluster: {} as never,
            }).map(({ check }) => check);
            const answered = checks.flatMap((check) => {
                const got = answerOf(check.probe, mocks);
                return got === undefined ? [] : [{ ...check, got }];
            });
            assert.deepEqual(
                answered.map(({ id, name, got }) => `${id} ${name}: ${got}`),
                answered.map(({ id, name, expected }) => `${id} ${name}: ${expected}`),
            );
            const kinds = new Set(answered.map(({ probe }) => probe.kind));
            assert.deepEqual(
                declares.filter((kind) => !kinds.has(kind)),
                stack === "local" ? ["budgetAction"] : [],
            );
            if (stack !== "local") assert.ok(kinds.has("kubernetesFields") && kinds.has("kubernetes"));
        });
    }
});
