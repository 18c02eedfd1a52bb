import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "../../local/paths";

/** A piece of code in the documentation of the gate. */
export interface Example {
    /** `js`, `python` or `sh`. */
    readonly language: string;
    readonly code: string;
}

export const gateDocument = () => readFileSync(join(root, "docs", "bedrock-gate.md"), "utf8");

/** The examples of the gate's documentation, each by the bold words before it: `boto3`. */
export function gateExamples(): ReadonlyMap<string, Example> {
    const blocks = gateDocument().matchAll(/^\*\*([^*]+)\*\*[^\n]*\n\n```(\w+)\n([^]*?)```$/gm);
    return new Map([...blocks].map(([, title, language, code]) => [title, { language, code }]));
}
