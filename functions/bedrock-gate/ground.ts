import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CostExplorerClient } from "@aws-sdk/client-cost-explorer";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { IAMClient } from "@aws-sdk/client-iam";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";

import { Bedrock, type BedrockOptions } from "./adapters/bedrock";
import { TokenMetrics } from "./adapters/cloudwatch";
import { billOf } from "./adapters/cost-explorer";
import { DynamoStore } from "./adapters/dynamodb-store";
import { IamBrake } from "./adapters/iam-brake";
import { ProvisionedConcurrency } from "./adapters/provisioned-concurrency";
import { type GateSettings, gateSettings, type KeeperSettings, keeperSettings } from "./core/settings";
import { log } from "./log";
import { Readiness } from "./readiness";
import { ShutOff } from "./shut-off";
import { Watch } from "./watch";

type Credentials = BedrockOptions["credentials"];

/**
 * What a gate stands on: AWS.
 *
 * @param text its settings, as JSON
 */
export function gateGround(text: string, credentials: Credentials) {
    const settings = gateSettings.parse(JSON.parse(text));
    const models = new Bedrock({
        region: settings.region,
        endpoint: process.env.AWS_ENDPOINT_URL ?? settings.endpoint,
        credentials,
        timeout: settings.callSeconds * 1000,
    });
    return { ...commonGround(settings, credentials, () => isDenied(models, settings)), settings, models };
}

/** The same for its keeper, which invokes no model, so that nobody's deny is felt by it. */
export function keeperGround(text: string, credentials: Credentials) {
    const settings = keeperSettings.parse(JSON.parse(text));
    const { region } = settings;
    const ground = commonGround(settings, credentials);
    const metrics = new TokenMetrics(new CloudWatchClient({ region, credentials }));
    const costs = new CostExplorerClient({ region, credentials });
    const watch = new Watch(settings, {
        ...ground,
        tokens: (start, end) => metrics.between(start, end, settings.models),
        bill: (start, end) => billOf(costs, start, end),
    });
    return { ...ground, watch };
}

function commonGround(settings: KeeperSettings, credentials: Credentials, isDenied?: () => Promise<boolean>) {
    const { region } = settings;
    const now = () => new Date();
    const store = new DynamoStore(new DynamoDBClient({ region, credentials, maxAttempts: 3 }), settings.table);
    const brake = new IamBrake(new IAMClient({ region, credentials }), settings.brake, isDenied);
    const alert = publisher(settings, credentials);
    const shutOff = new ShutOff(settings, { store, brake, now, log, alert });
    const { provisioned } = settings;
    const readiness =
        provisioned &&
        new Readiness(provisioned.idleMinutes, {
            store,
            instances: new ProvisionedConcurrency(new LambdaClient({ region, credentials }), provisioned),
            now,
            log,
        });
    return { store, now, log, alert, shutOff, readiness };
}

/** A request without messages: where it is allowed, Bedrock refuses it as invalid, and bills nothing. */
async function isDenied(models: Bedrock, { models: [model] }: GateSettings): Promise<boolean> {
    const body = Buffer.from(JSON.stringify({ messages: [] }));
    const response = await models.send({ operation: "converse", model, body, headers: {} });
    await response.arrayBuffer();
    return response.status === 403;
}

function publisher({ topicArn: TopicArn, region }: KeeperSettings, credentials: Credentials) {
    const sns = new SNSClient({ region, credentials });
    return async (Subject: string, Message: string) => {
        await sns.send(new PublishCommand({ TopicArn, Subject, Message }));
    };
}
