import * as aws from "@pulumi/aws";

import { registerService } from "./service";

/** Stack `local` with rl-studio alone, without the repository's program: what start-up is measured against. */
const partition = aws.getPartitionOutput().partition;
aws.getCallerIdentityOutput();
const outputs = registerService({
    storage: "rl-studio-rollouts",
    identity: "rl-studio-service",
    bucketName: "rl-studio-rollouts-dev",
    userName: "rl-studio-rollouts-service-user-dev",
    partition,
    tags: { "platform:environment": "dev", "platform:service": "rl-studio" },
});

export = { "rl-studio": { region: "us-east-1", noncurrentVersionDays: 30, ...outputs } };
