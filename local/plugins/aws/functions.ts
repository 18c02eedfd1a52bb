// The provider's functions that the program may call.

import type { Invocation } from "../declare";
import { partitionOf, type AwsContext } from "./clients";
import { optional } from "./common";

export const functions: Record<string, Invocation<AwsContext>> = {
    "aws:index/getCallerIdentity:getCallerIdentity": async (context) => {
        const { accountId, arn, userId } = await context.caller();
        return { accountId, arn, userId, id: accountId };
    },
    "aws:index/getPartition:getPartition": (context) => {
        const { name, dnsSuffix, reverseDnsPrefix } = partitionOf(context.region);
        return Promise.resolve({ partition: name, dnsSuffix, reverseDnsPrefix, id: name });
    },
    "aws:index/getRegion:getRegion": (context, args) => {
        const region = optional(args, "region") ?? optional(args, "name") ?? context.region;
        const { dnsSuffix } = partitionOf(region);
        const endpoint = `ec2.${region}.${dnsSuffix}`;
        return Promise.resolve({ region, name: region, id: region, endpoint, description: region });
    },
};
