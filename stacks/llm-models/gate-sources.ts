/** Where the sources of the gate are, below the repository. */
export const gateSources = "functions/bedrock-gate";

/** What is bundled for AWS of them: the gate's function and the keeper's. */
export const gateEntries = ["lambda", "control-lambda"] as const;
