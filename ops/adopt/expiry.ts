import {
    ListMultipartUploadsCommand,
    ListObjectVersionsCommand,
    type ListObjectVersionsCommandOutput,
    type S3Client,
} from "@aws-sdk/client-s3";

import { Interrupted } from "../common/errors";
import { say } from "../common/output";
import { ask } from "./existing";

/** When a lifecycle removes what; days as S3 counts them. */
export interface ExpiryDays {
    readonly objects?: number;
    readonly noncurrentVersions?: number;
    readonly uploads?: number;
}

/** A version of an object, or a delete marker. */
export interface Version {
    readonly key: string;
    readonly latest: boolean;
    readonly marker: boolean;
    readonly modified: Date;
    /** In bytes; 0 of a marker. */
    readonly size: number;
}

/** How much of something a rule would remove now. */
export interface Expiring {
    readonly what: "objects" | "noncurrent versions" | "unfinished uploads";
    /** The rule. */
    readonly afterDays: number;
    readonly count: number;
    /** Null where S3 does not say: of unfinished uploads. */
    readonly bytes: number | null;
    /** How many there are. */
    readonly of: number;
}

const day = 86_400_000;

/** The days of declared lifecycle rules, as the provider takes them. All of them are about every object. */
export function expiryDays(rules: readonly DeclaredRule[]): ExpiryDays {
    return {
        objects: rules.map((rule) => rule.expiration?.days).find(Boolean),
        noncurrentVersions: rules.map((rule) => rule.noncurrentVersionExpiration?.noncurrentDays).find(Boolean),
        uploads: rules.map((rule) => rule.abortIncompleteMultipartUpload?.daysAfterInitiation).find(Boolean),
    };
}

export interface DeclaredRule {
    readonly expiration?: { readonly days?: number; readonly expiredObjectDeleteMarker?: boolean };
    readonly noncurrentVersionExpiration?: { readonly noncurrentDays?: number };
    readonly abortIncompleteMultipartUpload?: { readonly daysAfterInitiation?: number };
}

/** Counts what a lifecycle would remove now, page by page, as S3 lists versions: by key, the newest first. */
export class ExpiryCount {
    private readonly objects = { count: 0, bytes: 0, of: 0 };
    private readonly noncurrent = { count: 0, bytes: 0, of: 0 };
    private readonly uploads = { count: 0, of: 0 };
    private last?: Version;

    constructor(
        private readonly days: ExpiryDays,
        private readonly now: Date,
    ) {}

    /** How many versions and uploads have been seen, markers too. */
    seen = 0;

    addVersions(versions: readonly Version[]): void {
        for (const version of versions) {
            this.seen++;
            if (!version.marker) this.add(version);
            this.last = version;
        }
    }

    addUploads(begun: readonly Date[]): void {
        this.seen += begun.length;
        this.uploads.of += begun.length;
        this.uploads.count += begun.filter((time) => this.isDue(time, this.days.uploads)).length;
    }

    /** What each declared rule would remove. */
    result(): Expiring[] {
        const { objects, noncurrentVersions, uploads } = this.days;
        return [
            ...(objects ? [{ what: "objects" as const, afterDays: objects, ...this.objects }] : []),
            ...(noncurrentVersions
                ? [{ what: "noncurrent versions" as const, afterDays: noncurrentVersions, ...this.noncurrent }]
                : []),
            ...(uploads
                ? [{ what: "unfinished uploads" as const, afterDays: uploads, bytes: null, ...this.uploads }]
                : []),
        ];
    }

    private add(version: Version): void {
        const [tally, since, days] = version.latest
            ? ([this.objects, version.modified, this.days.objects] as const)
            : ([this.noncurrent, this.supersededAt(version), this.days.noncurrentVersions] as const);
        tally.of++;
        if (!this.isDue(since, days)) return;
        tally.count++;
        tally.bytes += version.size;
    }

    /** A version is noncurrent since the next newer one, or the marker that deleted it, was made. */
    private supersededAt(version: Version): Date {
        return this.last?.key === version.key ? this.last.modified : version.modified;
    }

    /** S3 adds the days and rounds up to the next midnight UTC. */
    private isDue(since: Date, days: number | undefined): boolean {
        if (days === undefined) return false;
        return (Math.floor(since.getTime() / day) + days + 1) * day <= this.now.getTime();
    }
}

/** How many things all rules together would remove, and how many bytes are known of them. */
export function total(expiring: readonly Expiring[]): { objects: number; bytes: number } {
    return {
        objects: expiring.reduce((sum, { count }) => sum + count, 0),
        bytes: expiring.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    };
}

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
