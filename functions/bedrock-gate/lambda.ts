import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CostExplorerClient } from "@aws-sdk/client-cost-explorer";
import { fromEnv } from "@aws-sdk/credential-provider-env";
import { streamHandle } from "hono/aws-lambda";

import { TokenMetrics } from "./adapters/cloudwatch";
import { billOf } from "./adapters/cost-explorer";
import { gateApp } from "./app";
import { control as run, task } from "./control";
import { Gate } from "./gate";
import { deployedGround } from "./ground";
import { bearer, signedCaller } from "./identify";
import { Watch } from "./watch";

const ground = deployedGround(process.env.GATE_SETTINGS ?? "{}", fromEnv());
const { settings, store, shutOff } = ground;

/** The gate behind its function URL. */
export const handler = streamHandle(
    gateApp({
        ...ground,
        gate: new Gate(settings, { ...ground, charged: () => shutOff.look() }),
        identify: async (context) => signedCaller(context) ?? (await bearer(context, store)),
    }),
);

const metrics = new TokenMetrics(new CloudWatchClient({ region: settings.region }));
const costs = new CostExplorerClient({ region: settings.region });
const watch = new Watch(settings, {
    ...ground,
    tokens: (start, end) => metrics.between(start, end, settings.models),
    bill: (start, end) => billOf(costs, start, end),
});

/** Its keeper: a function of its own, with other rights. */
export const control = async (event: unknown) => (await run(task.parse(event), { ...ground, watch })) ?? null;
