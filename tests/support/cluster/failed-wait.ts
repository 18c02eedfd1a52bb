/** What the engine says when External Secrets does not write the Secret in time; the provider names no more than that. */
export const failedWait = /clinical-ai-keys-synced[\s\S]*timed out waiting for the condition/;
