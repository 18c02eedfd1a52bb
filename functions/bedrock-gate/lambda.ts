import { fromEnv } from "@aws-sdk/credential-provider-env";
import { streamHandle } from "hono/aws-lambda";
import { z } from "zod";

import { gateApp } from "./app";
import { Gate } from "./gate";
import { deployedGround } from "./ground";
import { bearer, signedCaller } from "./identify";

const { shutOff, ...ground } = deployedGround(process.env.GATE_SETTINGS ?? "{}", fromEnv());
const { store } = ground;

/** The gate behind its function URL. */
export const handler = streamHandle(
    gateApp({
        ...ground,
        gate: new Gate(ground.settings, { ...ground, charged: () => shutOff.look() }),
        identify: async (context) => signedCaller(context) ?? (await bearer(context, store)),
    }),
);

const task = z.discriminatedUnion("task", [
    /** Every few minutes, and as a month begins. */
    z.strictObject({ task: z.literal("keep") }),
    /** For whoever verifies. */
    z.strictObject({ task: z.literal("beginTrial"), seconds: z.int().min(1).max(600) }),
    z.strictObject({ task: z.literal("endTrial") }),
    z.strictObject({
        task: z.literal("restore"),
        reason: z.string().min(1).max(500),
        by: z.string().min(1),
        until: z.iso.datetime().optional(),
    }),
]);

/** What the gate's own schedules, and operators, ask of it: a function of its own, with other rights. */
export async function control(event: unknown): Promise<object> {
    const asked = task.parse(event);
    switch (asked.task) {
        case "keep":
            await shutOff.keep();
            break;
        case "beginTrial":
            await shutOff.beginTrial(asked.seconds * 1000);
            break;
        case "endTrial":
            await shutOff.endTrial();
            break;
        case "restore": {
            const { reason, by, until } = asked;
            await shutOff.restore({ reason, by, ...(until === undefined ? {} : { until: new Date(until) }) });
        }
    }
    return { done: asked.task };
}
