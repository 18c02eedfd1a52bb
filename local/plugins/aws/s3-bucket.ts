// aws.s3.Bucket: the bucket itself. Its settings are resources of their own.

import {
    CreateBucketCommand,
    DeleteBucketCommand,
    DeleteBucketTaggingCommand,
    DeleteObjectsCommand,
    GetBucketTaggingCommand,
    HeadBucketCommand,
    ListObjectVersionsCommand,
    PutBucketTaggingCommand,
    type BucketLocationConstraint,
    type ListObjectVersionsCommandOutput,
    type ObjectIdentifier,
} from "@aws-sdk/client-s3";
import { flag, text } from "../declare";
import { AwsRefusal, isError, unless } from "../errors";
import type { Properties } from "../wire";
import { partitionOf, type AwsContext } from "./clients";
import { bool, found, region, str, tagList, tags, tagsFrom, type AwsType } from "./common";

const GONE = ["NoSuchBucket", "NotFound"];
/** The one region where AWS answers success when the bucket is the caller's own already. */
const FORGIVING_REGION = "us-east-1";

const bucket: AwsType = {
    token: "aws:s3/bucket:Bucket",
    inputs: {
        bucket: text({ replace: true }),
        bucketPrefix: text({ replace: true }),
        forceDestroy: flag({ default: false, writeOnly: true }),
        region: region(),
        tags: tags(),
    },
    outputs: ["arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName"],
    derived: {
        arn: ["bucket"],
        bucketDomainName: ["bucket"],
        bucketRegionalDomainName: ["bucket"],
    },
    name: { property: "bucket", prefixProperty: "bucketPrefix", maxLength: 63, lowercase: true },
    identity: ["bucket"],
    tagged: true,
    check: (inputs) => faultsOfName(inputs["bucket"]),

    async create(context, inputs, created) {
        const name = str(inputs, "bucket");
        await refuseOwnedAlready(context, name);
        const elsewhere = context.region !== FORGIVING_REGION;
        const location = { LocationConstraint: context.region as BucketLocationConstraint };
        await context.s3.send(
            new CreateBucketCommand({ Bucket: name, ...(elsewhere ? { CreateBucketConfiguration: location } : {}) }),
        );
        created(name);
        if (tagList(inputs["tags"]).length > 0) {
            await putTags(context, name, inputs);
        }
    },

    async read(context, id) {
        const head = await unless(context.s3.send(new HeadBucketCommand({ Bucket: id })), ...GONE);
        if (head === undefined) {
            return undefined;
        }
        const tagging = await unless(context.s3.send(new GetBucketTaggingCommand({ Bucket: id })), "NoSuchTagSet");
        const { name, dnsSuffix } = partitionOf(context.region);
        return found({
            bucket: id,
            arn: `arn:${name}:s3:::${id}`,
            bucketDomainName: `${id}.s3.${dnsSuffix}`,
            bucketRegion: head.BucketRegion ?? context.region,
            bucketRegionalDomainName: `${id}.s3.${context.region}.${dnsSuffix}`,
            region: context.region,
            tags: tagsFrom(tagging?.TagSet),
        });
    },

    async update(context, id, inputs) {
        if (tagList(inputs["tags"]).length > 0) {
            await putTags(context, id, inputs);
        } else {
            await context.s3.send(new DeleteBucketTaggingCommand({ Bucket: id }));
        }
    },

    async delete(context, id, known) {
        try {
            await unless(context.s3.send(new DeleteBucketCommand({ Bucket: id })), ...GONE);
        } catch (error) {
            if (!isError(error, "BucketNotEmpty") || bool(known, "forceDestroy") !== true) {
                throw error;
            }
            await empty(context, id);
            await unless(context.s3.send(new DeleteBucketCommand({ Bucket: id })), ...GONE);
        }
    },
};

/** In that one region a second creation would be taken for success, and the bucket would have two owners in state. */
async function refuseOwnedAlready(context: AwsContext, name: string): Promise<void> {
    if (context.region !== FORGIVING_REGION) {
        return;
    }
    const present = await context.s3.send(new HeadBucketCommand({ Bucket: name })).catch(() => undefined);
    if (present !== undefined) {
        throw new AwsRefusal(
            "CreateBucket",
            "BucketAlreadyOwnedByYou",
            `The bucket ${name} exists already and is yours. Import it, or choose another name.`,
            409,
        );
    }
}

async function putTags(context: AwsContext, name: string, inputs: Properties): Promise<void> {
    const Tagging = { TagSet: tagList(inputs["tags"]) };
    await context.s3.send(new PutBucketTaggingCommand({ Bucket: name, Tagging }));
}

/** Every version and every delete marker goes, a page at a time. */
async function empty(context: AwsContext, name: string): Promise<void> {
    for (;;) {
        const page = await context.s3.send(new ListObjectVersionsCommand({ Bucket: name }));
        const objects = versionsOf(page);
        if (objects.length === 0) {
            return;
        }
        const { Errors } = await context.s3.send(
            new DeleteObjectsCommand({ Bucket: name, Delete: { Objects: objects, Quiet: true } }),
        );
        const first = Errors?.[0];
        if (first !== undefined) {
            const text = `${first.Key ?? "an object"} could not be deleted: ${first.Message ?? ""}`;
            throw new AwsRefusal("DeleteObjects", first.Code ?? "Error", text, 200);
        }
    }
}

function versionsOf({ Versions, DeleteMarkers }: ListObjectVersionsCommandOutput): ObjectIdentifier[] {
    return [...(Versions ?? []), ...(DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
        Key: Key ?? "",
        ...(VersionId === undefined ? {} : { VersionId }),
    }));
}

/** S3's rules for the names of general purpose buckets. */
export function faultsOfName(name: unknown): string[] {
    if (typeof name !== "string") {
        return [];
    }
    const good =
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes("..") && !/^\d+\.\d+\.\d+\.\d+$/.test(name);
    return good
        ? []
        : [
              "bucket must have 3 to 63 lower-case letters, digits, dots and hyphens, begin and end with a letter or digit, " +
                  "have no two dots in a row, and not look like an IP address.",
          ];
}

export const s3BucketTypes: readonly AwsType[] = [bucket];
