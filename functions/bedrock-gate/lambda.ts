import { fromEnv } from "@aws-sdk/credential-provider-env";
import { streamHandle } from "hono/aws-lambda";

import { gateApp } from "./app";
import { control as runTask, task } from "./control";
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

/** Its keeper: a function of its own, with other rights. */
export const control = async (event: unknown) => (await runTask(task.parse(event), { ...ground, shutOff })) ?? null;
