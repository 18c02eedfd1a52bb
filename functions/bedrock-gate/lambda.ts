import { fromEnv } from "@aws-sdk/credential-provider-env";
import { streamHandle } from "hono/aws-lambda";

import { gateApp } from "./app";
import { Gate } from "./gate";
import { gateGround } from "./ground";
import { bearer, signedCaller } from "./identify";

const ground = gateGround(process.env.GATE_SETTINGS ?? "{}", fromEnv());
const { settings, shutOff, readiness } = ground;
const keepsReady = (settings.provisioned?.instances ?? 0) > 0;

/** The gate behind its function URL. */
export const handler = streamHandle(
    gateApp({
        ...ground,
        gate: new Gate(settings, { ...ground, charged: () => shutOff.look() }),
        identify: async (context) => {
            const signed = signedCaller(context);
            // Instances wait at the alias of signed requests alone.
            if (signed && keepsReady) readiness?.used();
            return signed ?? (await bearer(context, ground));
        },
    }),
);
