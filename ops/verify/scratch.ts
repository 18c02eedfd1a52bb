import { randomBytes } from "node:crypto";

import {
    AbortMultipartUploadCommand,
    DeleteObjectCommand,
    ListMultipartUploadsCommand,
    ListObjectVersionsCommand,
    PutObjectCommand,
    type ListObjectVersionsCommandOutput,
    type S3Client,
} from "@aws-sdk/client-s3";

import { lifetimeSeconds } from "./run-mark";

/** The objects of one run: every key has the run's id in it, so that what belongs to the run is found again. */
export class Scratch {
    readonly runId = randomBytes(6).toString("hex");
    private readonly prefixes = new Map<string, Set<string>>();
    private readonly staying: { readonly bucket: string; readonly key: string }[] = [];
    private keys = 0;

    /** A new key under a prefix of a bucket; from now on the run answers for it. */
    key(bucket: string, under: string): string {
        const prefix = `${under}verify-${this.runId}/`;
        this.prefixes.set(bucket, (this.prefixes.get(bucket) ?? new Set()).add(prefix));
        return `${prefix}${++this.keys}`;
    }

    /** Puts an object there for others to try their hands at. Encryption is declared, since a bucket may demand it. */
    async plant(deployer: S3Client, bucket: string, under: string): Promise<{ key: string; version?: string }> {
        const key = this.key(bucket, under);
        const { VersionId: version } = await deployer.send(
            new PutObjectCommand({ Bucket: bucket, Key: key, Body: "planted", ServerSideEncryption: "AES256" }),
        );
        return { key, version };
    }

    /** Notes an object that its writer could not remove for good. */
    stays(bucket: string, key: string): void {
        this.staying.push({ bucket, key });
    }

    /** What stays in a bucket unless the deployer removes it. */
    stayingIn(bucket: string): string[] {
        return this.staying.filter((object) => object.bucket === bucket).map(({ key }) => key);
    }

    get buckets(): string[] {
        return [...this.prefixes.keys()];
    }

    /** Removes every version and every unfinished upload of this run from a bucket. */
    async remove(deployer: S3Client, bucket: string): Promise<void> {
        for (const prefix of this.prefixes.get(bucket) ?? []) {
            const versions = await versionsUnder(deployer, bucket, prefix);
            await removeAll(deployer, bucket, versions, await uploadsUnder(deployer, bucket, prefix));
        }
    }

    /** What of this run is in a bucket. */
    async remains(deployer: S3Client, bucket: string): Promise<string[]> {
        const found: string[] = [];
        for (const prefix of this.prefixes.get(bucket) ?? []) {
            const versions = await versionsUnder(deployer, bucket, prefix);
            const uploads = await uploadsUnder(deployer, bucket, prefix);
            found.push(...[...versions, ...uploads].map(({ Key }) => Key));
        }
        return [...new Set(found)].sort();
    }
}

/** A place in which runs put objects: a bucket, and what comes before the folder of a run. */
export interface ScratchPlace {
    readonly bucket: string;
    readonly under: string;
}

/** Removes what runs that were killed have left in a place; what is younger than a run may last stays. */
export async function removeLeftObjects(
    deployer: S3Client,
    { bucket, under }: ScratchPlace,
    now: Date,
    removing: (target: string, what: string, work: () => Promise<void>) => Promise<void>,
): Promise<void> {
    const isOld = (date: Date | undefined) =>
        date !== undefined && now.getTime() - date.getTime() > lifetimeSeconds * 1000;
    const prefix = `${under}verify-`;
    // Somebody else's names may begin so: only the folders of runs are theirs.
    const isLeft = ({ Key, made }: Left) => isOld(made) && /^verify-[0-9a-f]{12}\//.test(Key.slice(under.length));
    const versions = (await versionsUnder(deployer, bucket, prefix)).filter(isLeft);
    const uploads = (await uploadsUnder(deployer, bucket, prefix)).filter(isLeft);
    if (versions.length + uploads.length === 0) return;
    const what = `${versions.length + uploads.length} objects and uploads of runs that were killed: removed`;
    await removing(`s3://${bucket}/${prefix}`, what, () => removeAll(deployer, bucket, versions, uploads));
}

async function removeAll(
    deployer: S3Client,
    Bucket: string,
    versions: readonly Left[],
    uploads: readonly (Left & { readonly UploadId?: string })[],
): Promise<void> {
    for (const { Key, VersionId } of versions) {
        await deployer.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
    for (const { Key, UploadId } of uploads) {
        await deployer.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }
}

interface Left {
    readonly Key: string;
    readonly VersionId?: string;
    readonly made?: Date;
}

async function versionsUnder(client: S3Client, Bucket: string, Prefix: string) {
    const found: Left[] = [];
    let position: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
    while (position !== undefined) {
        const page: ListObjectVersionsCommandOutput = await client.send(
            new ListObjectVersionsCommand({ Bucket, Prefix, ...position }),
        );
        for (const { Key, VersionId, LastModified } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
            if (Key !== undefined) found.push({ Key, VersionId, made: LastModified });
        }
        position = page.IsTruncated
            ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
            : undefined;
    }
    return found;
}

async function uploadsUnder(client: S3Client, Bucket: string, Prefix: string) {
    // A run starts a handful of uploads: one page holds a thousand.
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
    return Uploads.flatMap(({ Key, UploadId, Initiated }) =>
        Key === undefined ? [] : [{ Key, UploadId, made: Initiated }],
    );
}
