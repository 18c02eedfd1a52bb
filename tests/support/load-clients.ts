import { readFileSync, statSync } from "node:fs";
import { Agent } from "node:https";

import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { parse } from "dotenv";

import { type Connection, type Keys } from "../../ops/aws/clients";

/** What the clients have done so far. */
export interface Load {
    requests: number;
    failures: number;
    /** Requests that were sent again, since their connection was closed before there was an answer. */
    reconnected: number;
    /** Requests that were due and not made, since the machine was so far behind with the ones before. */
    leftOut: number;
    /** Of every answered request, in milliseconds. */
    readonly latencies: number[];
}

interface LoadOptions {
    /** Of all clients together. */
    readonly perSecond: number;
    /** The keys that the service is given at this moment. */
    readonly published: () => Keys;
    readonly connection: Connection;
    readonly bucket: string;
    /** By id of a key: when a request with it was begun last. */
    readonly lastUse: Map<string, number>;
    /** How far a rotation is. */
    readonly phase: () => Phase;
}

/** What a rotation has come to, as clients meet it. */
export const phases = [
    "before the publication",
    "while both keys are in force",
    "after the old key was made inactive",
    "after the old key was deleted",
] as const;

export type Phase = (typeof phases)[number];

const objects = 20;

/** Requests that may wait for an answer at once. */
const mostUnderWay = 100;

/**
 * Clients of a service that read, write and list small objects at a steady pace, each request begun when its time has
 * come, whether the ones before have been answered or not, up to a hundred of them. Whatever is refused has failed, and is not tried again; a
 * request whose idle connection the server was just closing, as HTTP allows it to, is sent once more.
 */
export class LoadClients {
    readonly load: Load = { requests: 0, failures: 0, reconnected: 0, leftOut: 0, latencies: [] };
    /** In which phases requests were begun that were answered as they should be, since somebody emptied it. */
    readonly answeredIn = new Set<Phase>();
    private readonly clients = new Map<string, S3Client>();
    private readonly underWay = new Set<Promise<void>>();
    private timer?: NodeJS.Timeout;
    private stopped = false;

    private constructor(private readonly options: LoadOptions) {}

    /** Begins once every object that is read has been written. */
    static async start(options: LoadOptions): Promise<LoadClients> {
        const clients = new LoadClients(options);
        for (let index = 0; index < objects; index++) await clients.request("put", index);
        clients.run();
        return clients;
    }

    /** Begins no more, and ends when every request has been answered. */
    async stop(): Promise<Load> {
        clearInterval(this.timer);
        this.stopped = true;
        await Promise.all(this.underWay);
        for (const client of this.clients.values()) client.destroy();
        return this.load;
    }

    private run(): void {
        const { perSecond } = this.options;
        const started = Date.now();
        let begun = 0;
        const beginDue = () => {
            if (this.stopped) return;
            // A timer may come late: what is due is counted from the start, not from the last time.
            for (; begun < ((Date.now() - started) / 1000) * perSecond; begun++) {
                // Each would need one more connection, which a machine that is behind already cannot make in time.
                if (this.underWay.size >= mostUnderWay) {
                    this.load.leftOut++;
                    continue;
                }
                const call = begun % 10 === 9 ? "list" : begun % 2 === 0 ? "put" : "get";
                const request = this.request(call, Math.floor(begun / 2) % objects);
                this.underWay.add(request);
                void request.finally(() => this.underWay.delete(request));
            }
        };
        // What was printed while this process stood still is heard first: it may be that a key is to be let go.
        this.timer = setInterval(() => setImmediate(beginDue), 1000 / perSecond);
    }

    private async request(call: "put" | "get" | "list", index: number): Promise<void> {
        const { load } = this;
        const { published, lastUse } = this.options;
        load.requests++;
        const phase = this.options.phase();
        const keys = published();
        const id = keys.accessKeyId;
        const begun = performance.now();
        lastUse.set(id, Date.now());
        const send = () => this.send(this.clientOf(keys), call, index);
        try {
            await send().catch((error: unknown) => {
                if (!isConnectionLost(error)) throw error;
                load.reconnected++;
                return send();
            });
            this.answeredIn.add(phase);
        } catch (error) {
            load.failures++;
            const { name, message } = error as Error;
            process.stderr.write(`${new Date().toISOString()} refused: ${call} with ${id}: ${name}: ${message}\n`);
        }
        load.latencies.push(performance.now() - begun);
    }

    private async send(client: S3Client, call: "put" | "get" | "list", index: number): Promise<void> {
        const { bucket: Bucket } = this.options;
        const Key = `load/${index}`;
        if (call === "put") {
            return void (await client.send(new PutObjectCommand({ Bucket, Key, Body: "x".repeat(64) })));
        }
        if (call === "list") return void (await client.send(new ListObjectsV2Command({ Bucket, Prefix: "load/" })));
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
        const text = await Body?.transformToString();
        if (text !== "x".repeat(64)) throw new Error(`got ${JSON.stringify(text)}`);
    }

    private clientOf(keys: Keys): S3Client {
        const { accessKeyId } = keys;
        let client = this.clients.get(accessKeyId);
        if (!client) {
            client = loadClient(keys, this.options.connection);
            this.clients.set(accessKeyId, client);
        }
        return client;
    }
}

/** A client of S3 that tries nothing twice. */
export function loadClient(credentials: Keys, { endpoint, caBundle, region }: Connection): S3Client {
    return new S3Client({
        endpoint,
        region,
        credentials,
        forcePathStyle: true,
        maxAttempts: 1,
        requestHandler: new NodeHttpHandler({
            connectionTimeout: 30_000,
            requestTimeout: 60_000,
            // The emulator closes what was idle for 75 s, maybe just as the next request is sent: this does it before.
            httpsAgent: new Agent({ keepAlive: true, timeout: 30_000, ca: readFileSync(caBundle!) }),
        }),
    });
}

/** Whether there was no answer at all: says nothing of keys. */
function isConnectionLost(error: unknown): boolean {
    const { message = "", $metadata } = error as { message?: string; $metadata?: { httpStatusCode?: number } };
    return $metadata?.httpStatusCode === undefined && /socket hang up|ECONNRESET|EPIPE/.test(message);
}

/** The keys in a file of variables, as a consumer has them that reads it when told. */
export class HeldKeys {
    private keys: Keys;

    constructor(private readonly path: string) {
        this.keys = keysIn(path);
    }

    readonly published = (): Keys => this.keys;

    look(): void {
        this.keys = keysIn(this.path);
    }
}

/** The keys in a file of variables, as a consumer has them that looks before every request whether it was written. */
export function watchedKeys(path: string): () => Keys {
    let [written, keys] = [statSync(path).mtimeMs, keysIn(path)];
    return () => {
        const { mtimeMs } = statSync(path);
        if (mtimeMs !== written) [written, keys] = [mtimeMs, keysIn(path)];
        return keys;
    };
}

/** The keys in a file of variables, read once. */
export function keysIn(path: string): Keys {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = parse(readFileSync(path));
    return { accessKeyId, secretAccessKey };
}
