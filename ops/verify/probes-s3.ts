import { randomBytes } from "node:crypto";

import {
    AbortMultipartUploadCommand,
    CompleteMultipartUploadCommand,
    CreateMultipartUploadCommand,
    DeleteObjectCommand,
    GetBucketPolicyCommand,
    GetBucketVersioningCommand,
    GetObjectCommand,
    ListBucketsCommand,
    ListMultipartUploadsCommand,
    ListObjectsV2Command,
    ListPartsCommand,
    PutBucketPolicyCommand,
    PutObjectAclCommand,
    PutObjectCommand,
    PutObjectTaggingCommand,
    type S3Client,
    UploadPartCommand,
} from "@aws-sdk/client-s3";

import { type Encryption, type S3Call } from "../../services/checks";
import { accessOf, NotGiven, NotTried, outcomeInWords } from "./outcome";
import { type Executor, type ProbeOf, type ProbeRun } from "./run";
import { type Scratch } from "./scratch";

type S3Probe = ProbeOf<"s3">;
type Call = (s3: S3Client, probe: S3Probe, run: ProbeRun) => Promise<unknown>;

/** Whether the caller may make a call to S3. */
export const s3Access: Executor<"s3"> = (probe, run) => {
    const s3 = probe.plaintext ? run.clients.plaintextS3 : run.clients.s3;
    return accessOf(() => calls[probe.call](s3, probe, run));
};

const calls: Readonly<Record<S3Call, Call>> = {
    list: (s3, { bucket, under }) => s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: under, MaxKeys: 1 })),
    listBuckets: (s3) => s3.send(new ListBucketsCommand({})),
    listUploads: (s3, { bucket, under }) => s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: under })),
    readVersioning: (s3, { bucket }) => s3.send(new GetBucketVersioningCommand({ Bucket: bucket })),
    writePolicy: async (s3, { bucket: Bucket }, { deployer }) => {
        // The policy that is there: where the caller may write one after all, nothing changes.
        const { Policy } = await prepare(() => deployer().s3.send(new GetBucketPolicyCommand({ Bucket })));
        await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    },
    put,
    multipart,
    get: planted(async (s3, target) => {
        const { Body } = await s3.send(new GetObjectCommand(target));
        await Body?.transformToByteArray();
    }),
    delete: planted((s3, target) => s3.send(new DeleteObjectCommand(target))),
    deleteVersion: planted((s3, target, version) =>
        s3.send(new DeleteObjectCommand({ ...target, VersionId: version ?? "null" })),
    ),
    tag: planted((s3, target) =>
        s3.send(new PutObjectTaggingCommand({ ...target, Tagging: { TagSet: [{ Key: "verify", Value: "yes" }] } })),
    ),
    writeAcl: planted((s3, target) => s3.send(new PutObjectAclCommand({ ...target, ACL: "private" }))),
};

/**
 * A call on an object that is really there. S3 answers 403 for a missing object too, to a caller that may not list: that
 * would prove nothing.
 */
function planted(
    call: (s3: S3Client, target: { Bucket: string; Key: string }, version?: string) => Promise<unknown>,
): Call {
    return async (s3, { bucket, under = "" }, { deployer, scratch }) => {
        const { key, version } = await prepare(() => scratch.plant(deployer().s3, bucket, under));
        return call(s3, { Bucket: bucket, Key: key }, version);
    };
}

/** What the deployer does first. If that fails, it says nothing about the caller. */
async function prepare<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
        return await work();
    } catch (error) {
        if (error instanceof NotGiven) throw error;
        throw new NotTried(`the deployer could not prepare it: ${outcomeInWords(error)}`);
    }
}

async function put(s3: S3Client, { bucket, under = "", encryption }: S3Probe, { scratch }: ProbeRun): Promise<void> {
    const target = { Bucket: bucket, Key: scratch.key(bucket, under) };
    await s3.send(new PutObjectCommand({ ...target, Body: "written", ...encryptionHeaders(encryption) }));
    await removeIfPermitted(s3, target, scratch);
}

/** An upload that is completed and one that is given up, so that every right that uploads need is used. */
async function multipart(s3: S3Client, probe: S3Probe, { scratch }: ProbeRun): Promise<void> {
    const { bucket, under = "", encryption } = probe;
    for (const end of ["complete", "abort"] as const) {
        const target = { Bucket: bucket, Key: scratch.key(bucket, under) };
        const { UploadId } = await s3.send(
            new CreateMultipartUploadCommand({ ...target, ...encryptionHeaders(encryption) }),
        );
        const { ETag } = await s3.send(
            new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: "the last part may be small" }),
        );
        await s3.send(new ListPartsCommand({ ...target, UploadId }));
        if (end === "abort") {
            await s3.send(new AbortMultipartUploadCommand({ ...target, UploadId }));
        } else {
            const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
            await s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
            await removeIfPermitted(s3, target, scratch);
        }
    }
}

function encryptionHeaders(encryption: Encryption | undefined) {
    if (encryption === undefined) return {};
    if (encryption !== "customer key") return { ServerSideEncryption: encryption };
    return { SSECustomerAlgorithm: "AES256", SSECustomerKey: randomBytes(32).toString("base64") };
}

/** The writer clears up what it may; the deployer removes the rest, and old versions, at the end. */
async function removeIfPermitted(
    s3: S3Client,
    target: { Bucket: string; Key: string },
    scratch: Scratch,
): Promise<void> {
    const deleted = await s3.send(new DeleteObjectCommand(target)).catch(() => undefined);
    // Behind a delete marker the object is still there, as an old version.
    if (deleted === undefined || deleted.DeleteMarker) scratch.stays(target.Bucket, target.Key);
}

/** What this run left in a bucket after the deployer has removed what it wrote. */
export const leftovers: Executor<"leftovers"> = async ({ bucket }, { deployer, scratch }) => {
    const { s3 } = deployer();
    await scratch.remove(s3, bucket);
    const remains = await scratch.remains(s3, bucket);
    return { got: remains.length === 0 ? "nothing left" : `left: ${remains.join(", ")}` };
};
