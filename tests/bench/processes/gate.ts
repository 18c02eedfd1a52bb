import { CreateTableCommand, DynamoDBClient, ResourceInUseException } from "@aws-sdk/client-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";

import { Bedrock } from "../../../functions/bedrock-gate/adapters/bedrock";
import { DynamoStore } from "../../../functions/bedrock-gate/adapters/dynamodb-store";
import { MemoryStore } from "../../../functions/bedrock-gate/adapters/memory-store";
import { gateApp } from "../../../functions/bedrock-gate/app";
import { gateKeyItem } from "../../../functions/bedrock-gate/core/callers";
import { type GateSettings } from "../../../functions/bedrock-gate/core/settings";
import { type Store } from "../../../functions/bedrock-gate/core/store";
import { Gate } from "../../../functions/bedrock-gate/gate";
import { bearer } from "../../../functions/bedrock-gate/identify";
import { serve } from "../../../functions/bedrock-gate/server";
import { ShutOff } from "../../../functions/bedrock-gate/shut-off";
import { gateKey, model, prices, region } from "../load";
import { answerParent } from "./child";

/** Where a gate counts. */
export type Counting =
    | { readonly in: "memory" }
    /** A table that is made if it is not there. */
    | {
          readonly in: "dynamodb";
          readonly endpoint: string;
          readonly table: string;
          readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
      };

export interface GateProcessSettings {
    /** Gates on ports of their own, all with one store. */
    readonly instances: number;
    readonly bedrock: string;
    readonly counting: Counting;
    readonly microUsdPerMonth: bigint;
}

/** How often each event came up in the gate's log since it was asked last. */
export type GateEvents = Readonly<Record<string, number>>;

answerParent(async ({ instances, bedrock, counting, microUsdPerMonth }: GateProcessSettings) => {
    const store = await storeOf(counting);
    const settings = settingsOf(bedrock, microUsdPerMonth);
    const now = () => new Date();
    let events: Record<string, number> = {};
    const log = (event: string) => (events[event] = (events[event] ?? 0) + 1);
    const instance = () => {
        const models = new Bedrock({
            region,
            endpoint: bedrock,
            credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
            timeout: settings.callSeconds * 1000,
        });
        const shutOff = new ShutOff(settings, { store, brake, now, log, alert: () => Promise.resolve() });
        const gate = new Gate(settings, { store, models, now, log, charged: () => shutOff.look() });
        return serve(
            gateApp({ gate, settings, store, now, log, identify: (context) => bearer(context, { store, now }) }),
            0,
        );
    };
    const servers = await Promise.all(Array.from({ length: instances }, instance));
    return {
        ready: servers.map(({ url }) => url),
        answer: (): Promise<GateEvents> => {
            const told = events;
            events = {};
            return Promise.resolve(told);
        },
    };
});

/** As deployed, but that no answer is kept: a benchmark asks the same again and again. */
function settingsOf(endpoint: string, microUsdPerMonth: bigint): GateSettings {
    return {
        environment: "bench",
        region,
        endpoint,
        table: "gate",
        microUsdPerMonth,
        shutOffPercent: 100,
        models: [model],
        requestsPerHour: 1_000_000_000n,
        requestsPerDay: 1_000_000_000n,
        cacheSeconds: 0,
        callSeconds: 120,
        leaseSeconds: 600,
        tiers: ["large"],
        prices: { [model]: { ...prices, maxOutputTokens: 8192, contextTokens: 200_000 } },
        brake: { policyArn: "", users: [], roles: [] },
        topicArn: "",
        budgetServices: ["Amazon Bedrock"],
        hasGate: true,
        bypassShutsOff: false,
    };
}

/** There is no IAM here: it denies at once. */
const brake = {
    attach: () => Promise.resolve(),
    detach: () => Promise.resolve(),
    attachedTo: () => Promise.resolve("everybody" as const),
    isDenied: () => Promise.resolve(true),
};

async function storeOf(counting: Counting): Promise<Store> {
    const store = counting.in === "memory" ? new MemoryStore() : await tableOf(counting);
    await store.transact([{ key: gateKeyItem(gateKey), set: { name: "bench" } }]);
    return store;
}

async function tableOf({ endpoint, table, credentials }: Counting & { in: "dynamodb" }): Promise<Store> {
    // It says nothing of requests that wait for a connection: a thousand callers are meant to.
    const requestHandler = new NodeHttpHandler({ socketAcquisitionWarningTimeout: 3_600_000 });
    const client = new DynamoDBClient({ region, endpoint, credentials, maxAttempts: 3, requestHandler });
    const key = (name: string) => ({ AttributeName: name, AttributeType: "S" as const });
    try {
        await client.send(
            new CreateTableCommand({
                TableName: table,
                BillingMode: "PAY_PER_REQUEST",
                AttributeDefinitions: [key("partition"), key("sort")],
                KeySchema: [
                    { AttributeName: "partition", KeyType: "HASH" },
                    { AttributeName: "sort", KeyType: "RANGE" },
                ],
            }),
        );
    } catch (error) {
        if (!(error instanceof ResourceInUseException)) throw error;
    }
    return new DynamoStore(client, table);
}
