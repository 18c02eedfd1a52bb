/** What the engine says when External Secrets does not write the Secret in time; the provider names no more than that. */
export const failedWait = /clinical-ai-keys-synced[^\n]*\n?[^\n]*timed out waiting for the condition/;
