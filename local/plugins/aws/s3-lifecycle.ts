// aws.s3.BucketLifecycleConfiguration.

import {
    DeleteBucketLifecycleCommand,
    GetBucketLifecycleConfigurationCommand,
    PutBucketLifecycleConfigurationCommand,
    type TransitionDefaultMinimumObjectSize,
} from "@aws-sdk/client-s3";
import { flag, list, map, number, object, set, text } from "../declare";
import { AwsRefusal, unless } from "../errors";
import type { Properties } from "../wire";
import type { AwsContext } from "./clients";
import { found, optional, records, region, str, type AwsType } from "./common";
import { faultOfRules, ruleFrom, ruleTo } from "./s3-lifecycle-rules";

const storageClass = text({ required: true });

const rule = object({
    id: text({ required: true }),
    status: text({ required: true, oneOf: ["Enabled", "Disabled"] }),
    prefix: text({ default: "" }),
    filter: object({
        prefix: text({ default: "" }),
        objectSizeGreaterThan: number(),
        objectSizeLessThan: number(),
        tag: object({ key: text({ required: true }), value: text({ required: true }) }),
        and: object({
            prefix: text({ default: "" }),
            objectSizeGreaterThan: number(),
            objectSizeLessThan: number(),
            tags: map(),
        }),
    }),
    expiration: object({
        date: text(),
        days: number(),
        expiredObjectDeleteMarker: flag({ default: false }),
    }),
    noncurrentVersionExpiration: object({
        noncurrentDays: number({ required: true }),
        newerNoncurrentVersions: number(),
    }),
    abortIncompleteMultipartUpload: object({ daysAfterInitiation: number() }),
    transitions: set(object({ date: text(), days: number(), storageClass })),
    noncurrentVersionTransitions: set(
        object({ noncurrentDays: number({ required: true }), newerNoncurrentVersions: number(), storageClass }),
    ),
});

const lifecycle: AwsType = {
    token: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    inputs: {
        bucket: text({ required: true, replace: true }),
        region: region(),
        rules: list(rule, { required: true }),
        transitionDefaultMinimumObjectSize: text({
            default: "all_storage_classes_128K",
            oneOf: ["all_storage_classes_128K", "varies_by_storage_class"],
        }),
    },
    outputs: [],
    async create(context, inputs, created) {
        await put(context, str(inputs, "bucket"), inputs);
        created(str(inputs, "bucket"));
    },
    async read(context, id) {
        const answer = await unless(
            context.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: id })),
            "NoSuchBucket",
            "NoSuchLifecycleConfiguration",
        );
        return answer === undefined
            ? undefined
            : found({
                  bucket: id,
                  region: context.region,
                  rules: (answer.Rules ?? []).map(ruleFrom),
                  transitionDefaultMinimumObjectSize: answer.TransitionDefaultMinimumObjectSize,
              });
    },
    update: (context, id, inputs) => put(context, id, inputs),
    async delete(context, id) {
        await unless(
            context.s3.send(new DeleteBucketLifecycleCommand({ Bucket: id })),
            "NoSuchBucket",
            "NoSuchLifecycleConfiguration",
        );
    },
};

async function put(context: AwsContext, bucket: string, inputs: Properties): Promise<void> {
    const Rules = records(inputs, "rules").map(ruleTo);
    const fault = faultOfRules(Rules);
    if (fault !== undefined) {
        throw new AwsRefusal("PutBucketLifecycleConfiguration", fault.code, fault.message, 400);
    }
    const size = optional(inputs, "transitionDefaultMinimumObjectSize") as
        TransitionDefaultMinimumObjectSize | undefined;
    await context.s3.send(
        new PutBucketLifecycleConfigurationCommand({
            Bucket: bucket,
            LifecycleConfiguration: { Rules },
            ...(size === undefined ? {} : { TransitionDefaultMinimumObjectSize: size }),
        }),
    );
}

export const s3LifecycleTypes: readonly AwsType[] = [lifecycle];
