import { randomUUID } from "node:crypto";

import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { type V1Deployment, type V1Pod, type V1Secret } from "@kubernetes/client-node";

import { clinicalAi } from "../../../services/clinical-ai";
import { objects } from "../../../services/clinical-ai/workload-checks";
import { loadClient } from "../load-clients";
import { type ClusterCloud } from "./cluster-cloud";

const requestsPerSecond = 50;
const sessionToken = "aws-session-token";

/**
 * What the worker's pods would do: each, from its start until it is gone, reads and writes with the keys that the Secret
 * had when it started. kwok starts no container, so the requests are this process's.
 */
export class PodLoad {
    requests = 0;
    /** Key ids that were used. */
    readonly keys = new Set<string>();
    /** Pods that used them. */
    readonly seen = new Set<string>();
    /** Every request that was refused, in words: nothing is tried twice. */
    readonly failures: string[] = [];
    private readonly pods = new Map<string, { s3: S3Client; keyId: string }>();
    private running = true;
    private work: Promise<unknown> = Promise.resolve();

    constructor(
        private readonly cloud: ClusterCloud,
        private readonly bucket: string,
    ) {}

    async start(): Promise<void> {
        await this.seePods();
        this.work = Promise.all([this.watch(), this.send()]);
    }

    async stop(): Promise<void> {
        this.running = false;
        await this.work;
        for (const { s3 } of this.pods.values()) s3.destroy();
    }

    private async watch(): Promise<void> {
        while (this.running) {
            await this.seePods();
            await pause(100);
        }
    }

    private async seePods(): Promise<void> {
        const kubernetes = this.cloud.kubernetes();
        const { name, namespace } = { name: clinicalAi.secret, namespace: clinicalAi.namespace };
        const deployment = (await kubernetes.read(objects.deployment)) as unknown as V1Deployment;
        const pods: V1Pod[] = await kubernetes.pods(namespace, deployment.spec!.selector.matchLabels!);
        const uids = pods.map(({ metadata }) => metadata!.uid!);
        for (const [uid, { s3 }] of this.pods) {
            if (uids.includes(uid)) continue;
            this.pods.delete(uid);
            // A request may be under way.
            setTimeout(() => s3.destroy(), 5_000).unref();
        }
        for (const { metadata, status } of pods) {
            if (status?.phase !== "Running" || this.pods.has(metadata!.uid!)) continue;
            const { data } = (await kubernetes.read({ apiVersion: "v1", kind: "Secret", namespace, name })) as V1Secret;
            const value = (key: string) => Buffer.from(data![key], "base64").toString("utf8");
            const keyId = value(clinicalAi.secretKeys.accessKeyId);
            const keys = {
                accessKeyId: keyId,
                secretAccessKey: value(clinicalAi.secretKeys.secretAccessKey),
                // Only the keys of a session have one.
                ...(data![sessionToken] === undefined ? {} : { sessionToken: value(sessionToken) }),
            };
            this.keys.add(keyId);
            this.seen.add(metadata!.uid!);
            this.pods.set(metadata!.uid!, { s3: loadClient(keys, this.cloud.connection), keyId });
        }
    }

    private async send(): Promise<void> {
        const begun: Promise<void>[] = [];
        const start = performance.now();
        for (let number = 0; this.running; number++) {
            const due = start + (number * 1000) / requestsPerSecond;
            await pause(Math.max(0, due - performance.now()));
            const pods = [...this.pods.values()];
            if (pods.length > 0) begun.push(this.request(pods[number % pods.length], number));
        }
        await Promise.all(begun);
    }

    private async request({ s3, keyId }: { s3: S3Client; keyId: string }, number: number): Promise<void> {
        const at = new Date().toISOString();
        const target = { Bucket: this.bucket, Key: `load/${randomUUID()}` };
        const calls = [
            () => s3.send(new PutObjectCommand({ ...target, Body: "load" })),
            () =>
                s3
                    .send(new GetObjectCommand({ ...target, Key: "load/always" }))
                    .then(({ Body }) => Body?.transformToString()),
            () => s3.send(new DeleteObjectCommand(target)),
        ];
        this.requests++;
        try {
            await calls[number % calls.length]();
        } catch (error) {
            this.failures.push(`${at} ${keyId}: ${(error as Error).name}: ${(error as Error).message}`);
        }
    }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
