import { ownRegion, ownSet } from "../credential-sources";
import { type ServiceFacts } from "../service";
import { awsVariables } from "../variables";
import { llmModelsChecks } from "./checks";
import { gateResources, keeperResources } from "./gate-resources";
import { names } from "./names";
import { type LlmModelsOutputs, type LlmModelsSettings, outputs, regionFaults, settings } from "./schema";

export { type LlmModelsOutputs, type LlmModelsSettings } from "./schema";

/** llm-models: Bedrock models behind a budget per environment. */
export const llmModels = {
    name: "llm-models",
    ...names,
    gets:
        "a [gate](docs/bedrock-gate.md) in front of the chosen Bedrock models, which reserves what each call can cost " +
        "before it sends it, limits and caches each caller, and shuts off at " +
        `${names.shutOffPercent} % of the month's limit; user \`${names.user}\`, which can call the gate; a monthly ` +
        "budget with alerts by e-mail and SNS, and a second shut-off by AWS Budgets",
    settings,
    regionFaults,
    outputs,
    resources: ({ budgetAction, gate }, of) => {
        const { name } = of;
        const budget = name(names.budget);
        return [
            { kind: "user", name: name(names.user), adopt: "user" },
            { kind: "budget", name: budget },
            { kind: "topic", name: name(names.topic) },
            { kind: "policy", name: name(names.denyPolicy) },
            { kind: "role", name: name(names.shutOffRole), ...(budgetAction ? { receiver: "budgets" } : {}) },
            ...(budgetAction ? [{ kind: "budgetAction", name: budget } as const] : []),
            ...keeperResources(of),
            ...(gate ? gateResources(of) : [{ kind: "role", name: name(names.sessionRole) } as const]),
        ];
    },
    buckets: () => [],
    // E12.
    credentials: {
        kind: "variables",
        user: names.user,
        files: [".env"],
        processEnvironment: false,
        sets: [ownSet],
        region: ownRegion,
    },
    // E12.
    environment: [
        ...awsVariables,
        { name: "AWS_BUDGET_LIMIT", from: "monthlyLimitUsd", unit: "in US dollars a month" },
        { name: "AWS_COST_ALERT_THRESHOLD", from: "alertPercent", unit: "as a percentage of it" },
    ],
    keys: {
        user: ({ userName }) => userName,
        settings: ["accessKeys"],
        probe: () => ({ kind: "bedrock", call: "list" }),
        // E11: monthly.
        maximumAgeDays: 30,
        unseenConsumers: () => "whatever reads AWS_ACCESS_KEY_ID from the service's .env",
    },
    checks: llmModelsChecks,
    shutOff: ({ userName, denyPolicyArn, keeper }) => ({
        userName,
        policyArns: [denyPolicyArn, keeper.brakePolicyArn],
    }),
} as const satisfies ServiceFacts<LlmModelsSettings, LlmModelsOutputs>;
