import {
    ListMultipartUploadsCommand,
    ListObjectVersionsCommand,
    type ListObjectVersionsCommandOutput,
    type S3Client,
} from "@aws-sdk/client-s3";

import { Interrupted } from "../cli/errors";
import { say } from "../cli/output";
import { ask } from "./asking";
import { ExpiryCount, type ExpiryDays, type Expiring, type Version } from "./expiry";

const sayEveryMilliseconds = 5_000;

/** Lists every version and every unfinished upload of a bucket, and counts what a lifecycle would remove now. */
export async function countExpiring(
    s3: S3Client,
    bucket: { readonly name: string; readonly accountId: string },
    days: ExpiryDays,
    interrupted: AbortSignal,
    now = new Date(),
): Promise<Expiring[]> {
    const count = new ExpiryCount(days, now);
    const common = { Bucket: bucket.name, ExpectedBucketOwner: bucket.accountId };
    const said = progress(() => `  ${bucket.name}: ${count.seen.toLocaleString("en")} counted …`);
    for await (const page of pages(
        (markers) =>
            ask(`The versions of bucket ${bucket.name} (s3:ListBucketVersions)`, () =>
                s3.send(new ListObjectVersionsCommand({ ...common, ...markers })),
            ),
        ({ NextKeyMarker, NextVersionIdMarker }) => ({
            KeyMarker: NextKeyMarker,
            VersionIdMarker: NextVersionIdMarker,
        }),
        interrupted,
    )) {
        count.addVersions(versionsOf(page));
        said();
    }
    for await (const { Uploads = [] } of pages(
        (markers) =>
            ask(`The unfinished uploads of bucket ${bucket.name} (s3:ListBucketMultipartUploads)`, () =>
                s3.send(new ListMultipartUploadsCommand({ ...common, ...markers })),
            ),
        ({ NextKeyMarker, NextUploadIdMarker }) => ({ KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker }),
        interrupted,
    )) {
        count.addUploads(Uploads.map(({ Initiated }) => Initiated!));
        said();
    }
    return count.result();
}

/** The SDK has no paginators for these two calls. */
async function* pages<Page extends { IsTruncated?: boolean }, Markers extends object>(
    read: (markers: Markers | undefined) => Promise<Page | undefined>,
    next: (page: Page) => Markers,
    interrupted: AbortSignal,
): AsyncGenerator<Page> {
    let markers: Markers | undefined;
    for (;;) {
        if (interrupted.aborted) throw new Interrupted();
        const page = await read(markers);
        if (!page) return;
        yield page;
        if (!page.IsTruncated) return;
        markers = next(page);
    }
}

/** Versions and markers come in two lists; together they are sorted by key as S3 sorts it, the newest first. */
export function versionsOf({ Versions = [], DeleteMarkers = [] }: ListObjectVersionsCommandOutput): Version[] {
    const entries = [
        ...Versions.map((version) => ({ ...version, marker: false })),
        ...DeleteMarkers.map((version) => ({ ...version, Size: 0, marker: true })),
    ].map(({ Key = "", IsLatest = false, LastModified, Size = 0, marker }) => ({
        key: Key,
        latest: IsLatest,
        marker,
        modified: LastModified!,
        size: Size,
    }));
    return entries.sort(
        (one, other) =>
            Buffer.compare(Buffer.from(one.key), Buffer.from(other.key)) ||
            Number(other.latest) - Number(one.latest) ||
            other.modified.getTime() - one.modified.getTime(),
    );
}

function progress(words: () => string): () => void {
    let next = Date.now() + sayEveryMilliseconds;
    return () => {
        if (Date.now() < next) return;
        next += sayEveryMilliseconds;
        say(words());
    };
}
