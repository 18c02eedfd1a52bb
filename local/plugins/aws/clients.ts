// The SDK's clients for one provider and one region, and who the caller is.

import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { BudgetsClient } from "@aws-sdk/client-budgets";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECSClient } from "@aws-sdk/client-ecs";
import { EKSClient } from "@aws-sdk/client-eks";
import { IAMClient } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { SNSClient } from "@aws-sdk/client-sns";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { AwsConfig } from "../config";

export interface Caller {
    accountId: string;
    arn: string;
    userId: string;
}

/** The names by which a service's endpoint may be given, as in the provider's schema. */
const ENDPOINT_NAMES = {
    budgets: ["budgets"],
    ecs: ["ecs"],
    eks: ["eks"],
    iam: ["iam"],
    logs: ["logs", "cloudwatchlogs", "cloudwatchlog"],
    s3: ["s3", "s3api"],
    sns: ["sns"],
    sts: ["sts"],
} as const;

export type Service = keyof typeof ENDPOINT_NAMES;

/** What every resource type is given: clients for its region. A client is made when it is first asked for. */
export class AwsContext {
    private readonly made = new Map<string, unknown>();
    private identity: Promise<Caller> | undefined;

    constructor(
        private readonly config: AwsConfig,
        readonly region: string,
        private readonly handler: NodeHttpHandler = requestHandler(config),
    ) {}

    get s3(): S3Client {
        return this.client("s3", (options) => new S3Client({ ...options, forcePathStyle: this.config.s3UsePathStyle }));
    }

    get iam(): IAMClient {
        return this.client("iam", (options) => new IAMClient(options));
    }

    get sts(): STSClient {
        return this.client("sts", (options) => new STSClient(options));
    }

    get sns(): SNSClient {
        return this.client("sns", (options) => new SNSClient(options));
    }

    get ecs(): ECSClient {
        return this.client("ecs", (options) => new ECSClient(options));
    }

    get eks(): EKSClient {
        return this.client("eks", (options) => new EKSClient(options));
    }

    get logs(): CloudWatchLogsClient {
        return this.client("logs", (options) => new CloudWatchLogsClient(options));
    }

    get budgets(): BudgetsClient {
        return this.client("budgets", (options) => new BudgetsClient(options));
    }

    get partition(): string {
        return partitionOf(this.region).name;
    }

    /** Who the credentials belong to; asked once. */
    caller(): Promise<Caller> {
        this.identity ??= this.sts.send(new GetCallerIdentityCommand({})).then(({ Account, Arn, UserId }) => ({
            accountId: Account ?? "",
            arn: Arn ?? "",
            userId: UserId ?? "",
        }));
        return this.identity;
    }

    /** The same provider in another region. */
    inRegion(region: string): AwsContext {
        return new AwsContext(this.config, region, this.handler);
    }

    private client<Client extends object>(service: Service, make: (options: ClientOptions) => Client): Client {
        const present = this.made.get(service);
        if (present !== undefined) {
            return present as Client;
        }
        const client = make(this.options(service));
        sayOperationInErrors(client);
        this.made.set(service, client);
        return client;
    }

    private options(service: Service): ClientOptions {
        const { credentials, endpoints, maxAttempts } = this.config;
        const endpoint = ENDPOINT_NAMES[service].map((name) => endpoints[name]).find((url) => url !== undefined);
        return {
            region: this.region,
            credentials,
            requestHandler: this.handler,
            ...(endpoint === undefined ? {} : { endpoint }),
            ...(maxAttempts === undefined ? {} : { maxAttempts }),
        };
    }
}

interface ClientOptions {
    region: string;
    credentials: AwsConfig["credentials"];
    requestHandler: NodeHttpHandler;
    endpoint?: string;
    maxAttempts?: number;
}

function requestHandler({ caBundle, insecure }: AwsConfig): NodeHttpHandler {
    const tls = {
        ...(caBundle === undefined ? {} : { ca: readFileSync(caBundle) }),
        ...(insecure ? { rejectUnauthorized: false } : {}),
    };
    return new NodeHttpHandler({ httpsAgent: new Agent({ keepAlive: true, maxSockets: 50, ...tls }) });
}

type Next = (args: unknown) => Promise<unknown>;

/** What every client of the SDK has; their own types for it differ by their inputs. */
interface Annotated {
    middlewareStack: {
        add(
            middleware: (next: Next, context: { commandName?: string }) => Next,
            options: { step: "initialize"; name: string },
        ): void;
    };
}

/** The SDK's errors do not say which call failed. */
function sayOperationInErrors(client: object): void {
    (client as Annotated).middlewareStack.add(
        (next, { commandName }) =>
            async (args) => {
                try {
                    return await next(args);
                } catch (error) {
                    if (typeof error === "object" && error !== null && commandName !== undefined) {
                        Object.assign(error, { operation: commandName.replace(/Command$/, "") });
                    }
                    throw error;
                }
            },
        { step: "initialize", name: "sayOperationInErrors" },
    );
}

export interface Partition {
    name: string;
    dnsSuffix: string;
    reverseDnsPrefix: string;
}

export function partitionOf(region: string): Partition {
    if (region.startsWith("cn-")) {
        return { name: "aws-cn", dnsSuffix: "amazonaws.com.cn", reverseDnsPrefix: "cn.com.amazonaws" };
    }
    const name = region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
    return { name, dnsSuffix: "amazonaws.com", reverseDnsPrefix: "com.amazonaws" };
}
