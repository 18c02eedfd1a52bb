import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";

import { type RecordingMocks, runWithMocks } from "./mocks";

/** The committed stack files. */
export const stackNames = ["dev", "staging", "prod", "local"] as const;
export type StackName = (typeof stackNames)[number];

/** The configuration of a committed stack file, as values. */
export function stackConfig(stack: StackName): Record<string, unknown> {
    const text = readFileSync(join(__dirname, "..", "..", `Pulumi.${stack}.yaml`), "utf8");
    return (parse(text) as { config: Record<string, unknown> }).config;
}

/** Runs the whole program on a configuration under mocks and returns the stack's outputs. */
export async function runProgram(
    mocks: RecordingMocks,
    config: Record<string, unknown>,
    options: { readonly stack: StackName; readonly preview?: boolean },
): Promise<Record<string, Record<string, unknown>>> {
    const texts = Object.entries(config).map(([key, value]) => [
        key,
        typeof value === "string" ? value : JSON.stringify(value),
    ]);
    pulumi.runtime.setAllConfig(Object.fromEntries(texts));
    try {
        return await runWithMocks(
            mocks,
            async () => {
                const { default: program } = (await import("../../index")) as {
                    default: () => Promise<Record<string, Record<string, unknown>>>;
                };
                return program();
            },
            options,
        );
    } finally {
        pulumi.runtime.setAllConfig({});
    }
}
