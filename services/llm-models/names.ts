/** Production names, and the levels of the budget. */
export const names = {
    user: "deployer-ddf-llm-models",
    budget: "deployer-ddf-llm-models-budget",
    topic: "deployer-ddf-llm-models-alerts",
    denyPolicy: "deployer-ddf-llm-models-shut-off",
    shutOffRole: "deployer-ddf-llm-models-shut-off-role",
    sessionRole: "deployer-ddf-llm-models-session-role",
    /** Followed by the environment, in production too. */
    gateFunction: "deployer-ddf-llm-models",
    gateRole: "deployer-ddf-llm-models-gate-role",
    gateTable: "deployer-ddf-llm-models-gate",
    gateTopic: "deployer-ddf-llm-models-gate-alerts",
    brakePolicy: "deployer-ddf-llm-models-brake",
    gate: {
        /** Seconds that one request may take. */
        timeoutSeconds: 300,
        logRetentionDays: 30,
    },
    /** Share of the monthly limit, in percent, at which invocations are denied. */
    shutOffPercent: 95,
    /** Levels, in percent of the limit, at which every tier is told of what was spent; the tier's own comes on top. */
    usualAlertPercents: [50, 75, 90],
    /** The level of the projected month end at which every tier is told. */
    forecastAlertPercent: 100,
} as const;

/** Levels of spending, each once, rising. */
export function rising(percents: readonly number[]): number[] {
    return [...new Set(percents)].sort((one, other) => one - other);
}
