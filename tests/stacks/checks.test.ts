import assert from "node:assert/strict";

import { plan } from "../../ops/verify/plan";
import { serviceNames, type ServiceOutputs } from "../../services";
import { RecordingMocks, valueOf } from "../support/mocks";
import { answerOf } from "../support/registered";
import { runProgram, stackConfig } from "../support/stack-files";

/** Kinds of probes that look at what is declared: what of them only AWS or the cluster can say is named here. */
const declares = ["bucket", "user", "role", "policy", "taskDefinition", "budget", "budgetAction", "topic"] as const;

describe("what the program registers is what its checks expect", () => {
    for (const stack of ["dev", "prod", "local"] as const) {
        it(`of stack ${stack}`, async () => {
            const mocks = new RecordingMocks();
            const exported = await runProgram(mocks, stackConfig(stack), { stack });
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
