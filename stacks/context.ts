import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { type ArnScope } from "../components/arn";
import { type Names, namesIn } from "../services/resources";
import { type Settings } from "./settings";

/** What every service of a stack shares. */
export interface StackContext extends Names {
    readonly environment: string;
    readonly region: string;
    /** Partition, account and region of this stack's ARNs; the account is the one that the credentials belong to. */
    readonly scope: pulumi.Output<ArnScope>;
    readonly partition: pulumi.Output<string>;
    /** Whether what holds data is protected and outlives its stack. */
    readonly protectData: boolean;
    /** Tags of everything that belongs to a service. */
    tags(service: string): Record<string, string>;
}

/** Asks AWS who the deployer is, once for the whole stack. */
export function stackContext({ environment, region }: Settings): StackContext {
    const partition = aws.getPartitionOutput().partition;
    const accountId = aws.getCallerIdentityOutput().accountId;
    return {
        environment,
        region,
        partition,
        scope: pulumi.output({ partition, accountId, region }),
        protectData: environment === "prod",
        ...namesIn(environment),
        tags: (service) => ({ "platform:environment": environment, "platform:service": service }),
    };
}
