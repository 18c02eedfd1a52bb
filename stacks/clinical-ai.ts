import { SecureBucket, type SecureBucketArgs } from "../components/secure-bucket";
import { clinicalAi, type ClinicalAiOutputs, type ClinicalAiSettings } from "../services/clinical-ai";
import { deployToCluster } from "./clinical-ai/cluster";
import { createIdentity } from "./clinical-ai/identity";
import { type StackContext } from "./context";
import { type Lifted } from "./lifted";

/** Two buckets, the identity that moves files between them (B1, B9) and, with a cluster, the worker that has it. */
export function deploy(settings: ClinicalAiSettings, context: StackContext): Lifted<ClinicalAiOutputs> {
    const source = createBucket("clinical-ai-source", clinicalAi.sourceBucket, settings.adopt.sourceBucket, context);
    const destination = createBucket(
        "clinical-ai-destination",
        clinicalAi.destinationBucket,
        settings.adopt.destinationBucket,
        context,
    );
    const identity = createIdentity(settings, [source.arn, destination.arn], context);
    const cluster = settings.cluster && deployToCluster(settings.cluster, identity, context);
    return {
        region: context.region,
        sourceBucket: source.bucketName,
        destinationBucket: destination.bucketName,
        identityMode: settings.identity.mode,
        ...identity.outputs,
        ...(cluster ? { cluster } : {}),
    };
}

function createBucket(
    name: string,
    productionName: string,
    adopt: SecureBucketArgs["adopt"],
    context: StackContext,
): SecureBucket {
    return new SecureBucket(name, {
        bucketName: context.name(productionName),
        partition: context.partition,
        versioning: true,
        protect: context.protectData,
        adopt,
        tags: context.tags(clinicalAi.name),
    });
}
