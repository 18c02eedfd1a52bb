// aws.s3.BucketPolicy.

import { DeleteBucketPolicyCommand, GetBucketPolicyCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { text } from "../declare";
import { unless } from "../errors";
import type { Properties } from "../wire";
import type { AwsContext } from "./clients";
import { found, policy, region, str, type AwsType } from "./common";
import { refuseMissingPrincipals } from "./principals";

const GONE = ["NoSuchBucket", "NoSuchBucketPolicy"];

const bucketPolicy: AwsType = {
    token: "aws:s3/bucketPolicy:BucketPolicy",
    inputs: {
        bucket: text({ required: true, replace: true }),
        policy: policy({ required: true }),
        region: region(),
    },
    outputs: [],
    async create(context, inputs, created) {
        await put(context, str(inputs, "bucket"), inputs);
        created(str(inputs, "bucket"));
    },
    async read(context, id) {
        const answer = await unless(context.s3.send(new GetBucketPolicyCommand({ Bucket: id })), ...GONE);
        return answer?.Policy === undefined
            ? undefined
            : found({ bucket: id, policy: answer.Policy, region: context.region });
    },
    update: (context, id, inputs) => put(context, id, inputs),
    async delete(context, id) {
        await unless(context.s3.send(new DeleteBucketPolicyCommand({ Bucket: id })), ...GONE);
    },
};

async function put(context: AwsContext, bucket: string, inputs: Properties): Promise<void> {
    const document = str(inputs, "policy");
    await refuseMissingPrincipals(context, document, "PutBucketPolicy", "MalformedPolicy");
    await context.s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: document }));
}

export const s3PolicyTypes: readonly AwsType[] = [bucketPolicy];
