import { type AccessRow } from "./matrix";

/** Calls on one resource and what is in it. */
export interface AccessGroup {
    /** As people call the resource: `S3 bucket rl-studio-rollouts-dev`. */
    readonly title: string;
    readonly rows: readonly GroupedRow[];
}

export interface GroupedRow extends AccessRow {
    /** What of the resource is called, where it is a part of it. */
    readonly part?: string;
}

/** How kinds of resources are called, by AWS's name of their service and what their ARN says of them. */
const kinds: readonly (readonly [beginning: RegExp, title: string])[] = [
    [/^arn:[^:]+:s3:::/, "S3 bucket"],
    [/^arn:[^:]+:iam::\d*:user\//, "IAM user"],
    [/^arn:[^:]+:iam::\d*:role\//, "IAM role"],
    [/^arn:[^:]+:iam::\d*:policy\//, "IAM policy"],
    [/^arn:[^:]+:bedrock:[^:]*:[^:]*:foundation-model\//, "Bedrock model"],
    [/^arn:[^:]+:bedrock:[^:]*:[^:]*:inference-profile\//, "Bedrock profile"],
    [/^arn:[^:]+:dynamodb:[^:]*:[^:]*:table\//, "DynamoDB table"],
    [/^arn:[^:]+:lambda:[^:]*:[^:]*:function:/, "Lambda function"],
    [/^arn:[^:]+:logs:[^:]*:[^:]*:log-group:/, "Log group"],
    [/^arn:[^:]+:sns:[^:]*:[^:]*:/, "SNS topic"],
];

/** Puts together what is on the same resource: by kind, in the order of the kinds, then by name. */
export function grouped(rows: readonly AccessRow[]): AccessGroup[] {
    const groups = new Map<string, GroupedRow[]>();
    for (const row of rows) {
        const { title, part } = placeOf(row.resource);
        groups.set(title, [...(groups.get(title) ?? []), { ...row, ...(part ? { part } : {}) }]);
    }
    return [...groups]
        .map(([title, members]) => ({ title, rows: members }))
        .sort((one, other) => placeIn(one) - placeIn(other) || one.title.localeCompare(other.title, "en"));
}

/** Of the kinds of resources; what is of none of them comes last. */
function placeIn({ rows: [{ resource }] }: AccessGroup): number {
    const place = kinds.findIndex(([beginning]) => beginning.test(resource));
    return place < 0 ? kinds.length : place;
}

function placeOf(resource: string): { title: string; part?: string } {
    if (resource === "*") return { title: "What has no resource level" };
    const [beginning, kind] = kinds.find(([one]) => one.test(resource)) ?? [];
    if (!beginning) return { title: resource };
    const rest = resource.replace(beginning, "");
    // Objects are in buckets, aliases of functions, streams of log groups.
    const separator = kind === "S3 bucket" ? "/" : kind === "Lambda function" || kind === "Log group" ? ":" : undefined;
    const at = separator === undefined ? -1 : rest.indexOf(separator);
    if (at < 0) return { title: `${kind} ${rest}` };
    return { title: `${kind} ${rest.slice(0, at)}`, part: rest.slice(at + 1) };
}
