import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { exampleAccounts, exampleDigests } from "../../stacks/placeholders";
import { type RecordingMocks, runConfigured } from "./mocks";

/** The committed stack files. */
export const stackNames = ["dev", "staging", "prod", "local"] as const;
export type StackName = (typeof stackNames)[number];

/** The configuration of a committed stack file, as values, with what is an example there replaced. */
export function stackConfig(stack: StackName): Record<string, unknown> {
    return (parse(filledText(stack)) as { config: Record<string, unknown> }).config;
}

/** The text of a committed stack file with what is an example there replaced, as its user has to. */
export function filledText(stack: StackName): string {
    // Of the local cloud nothing is an example.
    if (stack === "local") return committedText(stack);
    return [...exampleAccounts, ...exampleDigests].reduce(
        // Another first digit: another account, another image.
        (filled, example) => filled.replaceAll(example, `5${example.slice(1)}`),
        committedText(stack).replaceAll(".example.com", ".platform.test"),
    );
}

/** The text of a committed stack file. */
export function committedText(stack: StackName): string {
    return readFileSync(join(__dirname, "..", "..", `Pulumi.${stack}.yaml`), "utf8");
}

/** Runs the whole program on a configuration under mocks and returns the stack's outputs. */
export async function runProgram(
    mocks: RecordingMocks,
    config: Record<string, unknown>,
    options: { readonly stack: StackName; readonly preview?: boolean },
): Promise<Record<string, Record<string, unknown>>> {
    return runConfigured(mocks, config, () => import("../../index"), options);
}
