import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { IAMClient } from "@aws-sdk/client-iam";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";

import { Bedrock, type BedrockOptions } from "./adapters/bedrock";
import { DynamoStore } from "./adapters/dynamodb-store";
import { IamBrake } from "./adapters/iam-brake";
import { type GateSettings, gateSettings } from "./core/settings";
import { log } from "./log";
import { ShutOff } from "./shut-off";

/**
 * What a gate stands on: AWS.
 *
 * @param text its settings, as JSON
 */
export function deployedGround(text: string, credentials: BedrockOptions["credentials"]) {
    const settings = gateSettings.parse(JSON.parse(text));
    const { region } = settings;
    const now = () => new Date();
    const store = new DynamoStore(new DynamoDBClient({ region, credentials, maxAttempts: 3 }), settings.table);
    const models = new Bedrock({
        region,
        endpoint: process.env.AWS_ENDPOINT_URL ?? settings.endpoint,
        credentials,
        timeout: settings.callSeconds * 1000,
    });
    const brake = new IamBrake(new IAMClient({ region, credentials }), settings.brake, () =>
        isDenied(models, settings),
    );
    const alert = publisher(settings, credentials);
    const shutOff = new ShutOff(settings, { store, brake, now, log, alert });
    return { settings, store, models, now, log, alert, shutOff };
}

/** A request without messages: where it is allowed, Bedrock refuses it as invalid, and bills nothing. */
async function isDenied(models: Bedrock, { models: [model] }: GateSettings): Promise<boolean> {
    const body = Buffer.from(JSON.stringify({ messages: [] }));
    const response = await models.send({ operation: "converse", model, body, headers: {} });
    await response.arrayBuffer();
    return response.status === 403;
}

function publisher({ topicArn: TopicArn, region }: GateSettings, credentials: BedrockOptions["credentials"]) {
    const sns = new SNSClient({ region, credentials });
    return async (Subject: string, Message: string) => {
        await sns.send(new PublishCommand({ TopicArn, Subject, Message }));
    };
}
