import * as pulumi from "@pulumi/pulumi";

import { ScopedIdentity } from "../../../components/scoped-identity";
import { SecureBucket } from "../../../components/secure-bucket";

/** As many services as the setting `count` says, each of the components that rl-studio has, with its arguments. */
const count = new pulumi.Config().requireNumber("count");
for (let index = 1; index <= count; index++) {
    const tags = { "platform:service": `service-${index}` };
    const bucket = new SecureBucket(`service-${index}-rollouts`, {
        bucketName: `service-${index}-rollouts`,
        partition: "aws",
        versioning: true,
        lifecycle: { expireAfterDays: 365, noncurrentVersionDays: 30, abortMultipartAfterDays: 7 },
        tags,
    });
    new ScopedIdentity(`service-${index}-identity`, {
        principal: {
            kind: "user",
            userName: `service-${index}-user`,
            accessKeys: { revision: 1, generations: [1], published: 1 },
        },
        grants: [{ bucketArn: bucket.arn, actions: ["list", "read", "write", "delete"] }],
        tags,
    });
}
