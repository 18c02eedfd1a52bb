/** Where ARNs are made: the partition (`aws`, `aws-cn`, `aws-us-gov`), the account and the region of a stack. */
export interface ArnScope {
    readonly partition: string;
    /** Twelve digits. */
    readonly accountId: string;
    readonly region: string;
}

/** The end of AWS's host names in the partition of a region: `aws` and `aws-us-gov` share one. */
export function dnsSuffix(region: string): string {
    return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

/** ARN of a bucket; bucket ARNs have no account and no region. */
export function bucketArn(partition: string, bucketName: string): string {
    return `arn:${partition}:s3:::${bucketName}`;
}

/** ARN of every object of a bucket whose key begins with `prefix` (default: of every object). */
export function objectsArn(bucket: string, prefix = ""): string {
    return `${bucket}/${prefix}*`;
}

/** ARN of a foundation model, which belongs to AWS and therefore has no account; `""` as region is in any. */
export function foundationModelArn(partition: string, region: string, modelId: string): string {
    return `arn:${partition}:bedrock:${region}::foundation-model/${modelId}`;
}

/** ARN of a resource of this stack's account and region; `resource` is `type/id` or `type:id`, as the service writes it. */
export function regionalArn(scope: ArnScope, service: string, resource: string): string {
    return `arn:${scope.partition}:${service}:${scope.region}:${scope.accountId}:${resource}`;
}

/** ARN of a resource of a service without regions (IAM, Budgets) in this stack's account. */
export function globalArn(scope: Omit<ArnScope, "region">, service: string, resource: string): string {
    return `arn:${scope.partition}:${service}::${scope.accountId}:${resource}`;
}

/** How the names of regions go on after their area, in every partition. */
export const regionDirections = [
    "central",
    "east",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "west",
];

/** What is wrong with the name of a region of the partitions `aws`, `aws-cn` and `aws-us-gov`; undefined where nothing is. */
export function regionFault(region: string): string | undefined {
    if (/^(us-iso[a-z]?|eu-isoe|eusc)-/.test(region)) {
        return "a region of the partitions aws, aws-cn and aws-us-gov: others are not supported";
    }
    const [, direction] = /^[a-z]{2}(?:-gov)?-([a-z]+)-\d$/.exec(region) ?? [];
    return direction !== undefined && regionDirections.includes(direction)
        ? undefined
        : "an AWS region such as us-east-1";
}

/** The partition that a region belongs to. */
export function partitionOf(region: string): string {
    if (region.startsWith("cn-")) return "aws-cn";
    return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
