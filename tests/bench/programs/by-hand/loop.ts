import * as pulumi from "@pulumi/pulumi";

import { registerService } from "./service";

/** As many services as the setting `count` says, in a loop: what the components are measured against. */
const count = new pulumi.Config().requireNumber("count");
for (let index = 1; index <= count; index++) {
    registerService({
        storage: `service-${index}-rollouts`,
        identity: `service-${index}-identity`,
        bucketName: `service-${index}-rollouts`,
        userName: `service-${index}-user`,
        partition: "aws",
        tags: { "platform:service": `service-${index}` },
    });
}
