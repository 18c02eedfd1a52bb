import {
    GetBucketCorsCommand,
    GetBucketEncryptionCommand,
    GetBucketLifecycleConfigurationCommand,
    GetBucketOwnershipControlsCommand,
    GetBucketVersioningCommand,
    GetPublicAccessBlockCommand,
    type S3Client,
} from "@aws-sdk/client-s3";

import { isNamed } from "../aws/failures";
import { type Executor, type ProbeOf } from "./run";
import { lifecycleInWords, publicAccessInWords } from "./words";

/** What a bucket declares. */
export const bucketDeclaration: Executor<"bucket"> = async ({ aspect, bucket }, { clients }) => ({
    got: await aspects[aspect](clients.s3, bucket),
});

type Aspect = (s3: S3Client, bucket: string) => Promise<string>;

const aspects: Readonly<Record<ProbeOf<"bucket">["aspect"], Aspect>> = {
    versioning: async (s3, Bucket) =>
        (await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status ?? "never enabled",
    encryption: async (s3, Bucket) => {
        const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
        const rules = ServerSideEncryptionConfiguration?.Rules ?? [];
        return rules.map((rule) => rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? "none").join(", ");
    },
    publicAccess: orNone("NoSuchPublicAccessBlockConfiguration", async (s3, Bucket) =>
        publicAccessInWords(
            (await s3.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration,
        ),
    ),
    lifecycle: orNone("NoSuchLifecycleConfiguration", async (s3, Bucket) =>
        lifecycleInWords((await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules ?? []),
    ),
    ownership: orNone("OwnershipControlsNotFoundError", async (s3, Bucket) => {
        const { OwnershipControls } = await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }));
        return (OwnershipControls?.Rules ?? []).map(({ ObjectOwnership }) => ObjectOwnership).join(", ");
    }),
    cors: orNone("NoSuchCORSConfiguration", async (s3, Bucket) => {
        const { CORSRules = [] } = await s3.send(new GetBucketCorsCommand({ Bucket }));
        return `${CORSRules.length} rules: ${CORSRules.map(({ AllowedOrigins }) => AllowedOrigins).join(", ")}`;
    }),
};

/** S3 says by an error of its own that a bucket has no such configuration. */
function orNone(errorName: string, aspect: Aspect): Aspect {
    return async (s3, bucket) => {
        try {
            return await aspect(s3, bucket);
        } catch (error) {
            if (isNamed(error, errorName)) return `none (${errorName})`;
            throw error;
        }
    };
}
