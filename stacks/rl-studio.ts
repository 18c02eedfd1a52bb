import { ScopedIdentity } from "../components/scoped-identity";
import { SecureBucket } from "../components/secure-bucket";
import { rlStudio, type RlStudioOutputs, type RlStudioSettings } from "../services/rl-studio";
import { adoptedUser } from "./adoption";
import { type StackContext } from "./context";
import { type Lifted } from "./lifted";

/** The bucket of rollouts and the user that works in it (A1, A2, A3). */
export function deploy(settings: RlStudioSettings, context: StackContext): Lifted<RlStudioOutputs> {
    const tags = context.tags(rlStudio.name);
    const bucket = new SecureBucket("rl-studio-rollouts", {
        bucketName: context.name(rlStudio.bucket),
        partition: context.partition,
        versioning: true,
        lifecycle: {
            expireAfterDays: rlStudio.expireAfterDays,
            noncurrentVersionDays: settings.noncurrentVersionDays,
            abortMultipartAfterDays: rlStudio.abortMultipartAfterDays,
        },
        protect: context.protectData,
        adopt: settings.adopt.bucket,
        tags,
    });
    const identity = new ScopedIdentity("rl-studio-service", {
        principal: { kind: "user", userName: context.name(rlStudio.user), accessKeys: settings.accessKeys },
        grants: [{ bucketArn: bucket.arn, actions: ["list", "read", "write", "delete"] }],
        adopt: adoptedUser(settings.adopt.user),
        tags,
    });
    return {
        region: context.region,
        bucketName: bucket.bucketName,
        noncurrentVersionDays: settings.noncurrentVersionDays,
        userName: identity.userName,
        ...identity.accessKeys,
    };
}
