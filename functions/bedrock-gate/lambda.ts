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
    if (asked.task === "keep") {
        await shutOff.keep();
    } else {
        const { reason, by, until } = asked;
        await shutOff.restore({ reason, by, ...(until === undefined ? {} : { until: new Date(until) }) });
    }
    return { done: asked.task };
}
