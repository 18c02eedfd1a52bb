import { BedrockClient } from "@aws-sdk/client-bedrock";
import { BedrockRuntimeClient } from "@aws-sdk/client-bedrock-runtime";
import { BudgetsClient } from "@aws-sdk/client-budgets";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ECSClient } from "@aws-sdk/client-ecs";
import { IAMClient } from "@aws-sdk/client-iam";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { SNSClient } from "@aws-sdk/client-sns";
import { STSClient } from "@aws-sdk/client-sts";
import { NodeHttpHandler } from "@smithy/node-http-handler";

import { dnsSuffix } from "../../components/arn";
import { agentBehindProxy, certificatesIn, certificatesOfCaller } from "../network/proxy";

/** The clients of one identity. */
export interface Clients {
    readonly s3: S3Client;
    /** Sends what S3 judges as not TLS. */
    readonly plaintextS3: S3Client;
    readonly iam: IAMClient;
    readonly sts: STSClient;
    readonly bedrock: BedrockClient;
    readonly bedrockRuntime: BedrockRuntimeClient;
    readonly budgets: BudgetsClient;
    readonly sns: SNSClient;
    readonly ecs: ECSClient;
    readonly cloudwatch: CloudWatchClient;
    readonly logs: CloudWatchLogsClient;
    readonly dynamodb: DynamoDBClient;
    readonly lambda: LambdaClient;
    readonly scheduler: SchedulerClient;
}

/** Where an identity's calls go. */
export interface Connection {
    /** Address of an emulator that answers for every AWS service; AWS itself when absent. */
    readonly endpoint?: string;
    /** Path of the PEM file that the endpoint's certificate is trusted by. */
    readonly caBundle?: string;
    readonly region: string;
}

/** Keys of an identity, always given and never looked up. */
export interface Keys {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
}

/**
 * Makes the clients of one identity. To give each its keys is not enough: the SDK would send Bedrock the token of
 * AWS_BEARER_TOKEN_BEDROCK instead. So each has to sign, and the SDK looks for no other credentials.
 */
export function clientsFor({ accessKeyId, secretAccessKey, sessionToken }: Keys, connection: Connection): Clients {
    const common = {
        region: connection.region,
        credentials: { accessKeyId, secretAccessKey, sessionToken },
        authSchemePreference: ["sigv4"],
        maxAttempts: 3,
        requestHandler: requestHandler(connection.caBundle),
        // An address in the environment or in a profile must not answer in AWS's place.
        ...(connection.endpoint === undefined
            ? { ignoreConfiguredEndpointUrls: true }
            : // And what the caller wants of AWS's own addresses does not go with another one.
              { endpoint: connection.endpoint, useFipsEndpoint: false, useDualstackEndpoint: false }),
    };
    const s3 = { ...common, forcePathStyle: connection.endpoint !== undefined };
    return {
        s3: new S3Client(s3),
        plaintextS3: plaintextClient(s3, connection),
        iam: new IAMClient(common),
        sts: new STSClient(common),
        bedrock: new BedrockClient(common),
        bedrockRuntime: new BedrockRuntimeClient(common),
        budgets: new BudgetsClient(common),
        sns: new SNSClient(common),
        ecs: new ECSClient(common),
        cloudwatch: new CloudWatchClient(common),
        logs: new CloudWatchLogsClient(common),
        dynamodb: new DynamoDBClient(common),
        lambda: new LambdaClient(common),
        scheduler: new SchedulerClient(common),
    };
}

/** Closes the connections of an identity, which would otherwise keep the process alive. */
export function closeClients(clients: Clients): void {
    for (const client of Object.values(clients) as { destroy(): void }[]) client.destroy();
}

/** AWS has plain HTTP beside HTTPS; an emulator has one port and believes the header that a proxy would add. */
function plaintextClient(
    config: ConstructorParameters<typeof S3Client>[0] & object,
    { endpoint, region }: Connection,
): S3Client {
    if (endpoint === undefined) {
        return new S3Client({ ...config, endpoint: `http://s3.${region}.${dnsSuffix(region)}`, forcePathStyle: true });
    }
    const client = new S3Client(config);
    client.middlewareStack.add(
        (next) => (args) => {
            (args.request as { headers: Record<string, string> }).headers["x-forwarded-proto"] = "http";
            return next(args);
        },
        { step: "build", name: "judgedAsPlaintext" },
    );
    return client;
}

/** @param caBundle path of the only authority. @default the system's, and those of AWS_CA_BUNDLE */
export function requestHandler(caBundle?: string): NodeHttpHandler {
    const ca = caBundle === undefined ? certificatesOfCaller() : certificatesIn(caBundle);
    const agent = agentBehindProxy({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
    return new NodeHttpHandler({
        connectionTimeout: 5_000,
        requestTimeout: 30_000,
        httpAgent: agent,
        httpsAgent: agent,
    });
}
