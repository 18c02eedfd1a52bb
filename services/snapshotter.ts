import { z } from "zod";

import { accessKeyOutputs, declaredKeysInWords, type KeyFacts } from "./access-keys";
import { environmentName, physicalName } from "../components/naming";
import {
    accountCheck,
    allowed,
    denied,
    foreignBucketChecks,
    leftoversCheck,
    type Caller,
    type Check,
    type CheckContext,
    type Probe,
    type S3Call,
} from "./checks";
import { type ExistingNames, type Names } from "./existing";
import { grantsInWords } from "./grants";
import { type EnvironmentFacts } from "./variables";
import { type AwsResource, type Deployment } from "./resources";

/** snapshotter: scans of repositories, written by a Fargate task. */
export const snapshotter = {
    name: "snapshotter",
    /** Carries its environment everywhere: `fruitful-lab-snapshots-<environment>`. */
    bucketStem: "fruitful-lab-snapshots",
    taskRole: "fruitful-repo-snapshotter-task-role",
    policy: "fruitful-s3-repo-scans-rw",
    group: "fruitful-agents",
    agentUser: "agent-repo-snapshotter",
    taskFamily: "fruitful-repo-snapshotter",
    /** The only part of the bucket that the task and the agent may touch. */
    prefix: "repo-scans/snapshotter/",
} as const;

export function snapshotterNames({ name, environmentName }: Names): ExistingNames {
    const { bucketStem, agentUser, taskRole, policy, group, taskFamily } = snapshotter;
    return {
        buckets: { bucket: environmentName(bucketStem) },
        users: { user: name(agentUser) },
        others: [name(taskRole), `${name(taskRole)}-execution`, name(policy), name(group), `/ecs/${name(taskFamily)}`],
    };
}

/** What the stack exports for snapshotter. */
export const snapshotterOutputs = accessKeyOutputs.extend({
    region: z.string(),
    bucketName: z.string(),
    prefix: z.string(),
    taskRoleArn: z.string(),
    executionRoleArn: z.string(),
    policyArn: z.string(),
    taskDefinitionArn: z.string(),
    groupName: z.string(),
    agentUserName: z.string(),
});

export type SnapshotterOutputs = Readonly<z.infer<typeof snapshotterOutputs>>;

/** What the agent reads from its environment (C6); the task has a role, and its bucket and prefix from its definition. */
export const snapshotterEnvironment: EnvironmentFacts<SnapshotterOutputs> = [
    { name: "AWS_ACCESS_KEY_ID", from: "accessKeyId" },
    { name: "AWS_SECRET_ACCESS_KEY", from: "secretAccessKey" },
    { name: "AWS_DEFAULT_REGION", from: "region" },
    { name: "S3_BUCKET_NAME", from: "bucketName" },
];

/**
 * Where a scan's files go (C5): `repo-scans/snapshotter/<repo>/<YYYY>/<MM>/<DD>/<run-id>/`, the date in UTC.
 *
 * @param repo `name` or `owner/name`; every part of it a plain name, since a part such as `..` would lead a tool that
 * resolves paths out of the prefix that the policy allows.
 * @param runId one plain name.
 * @throws RangeError that names what was given and what is expected.
 */
export function snapshotKey(repo: string, date: Date, runId: string): string {
    const parts = repo.split("/");
    if (parts.length > 2 || !parts.every(isPlainName)) throw notPlain("repo", repo, "a name or owner/name");
    if (!isPlainName(runId)) throw notPlain("runId", runId, "one name");
    if (Number.isNaN(date.getTime())) throw new RangeError("date: got an invalid date, expected a point in time");
    const [year, month, day] = date.toISOString().slice(0, 10).split("-");
    return `${snapshotter.prefix}${repo}/${year}/${month}/${day}/${runId}/`;
}

/** Letters, digits, dots, dashes and underscores, but not a name of dots alone. */
function isPlainName(part: string): boolean {
    return /^[A-Za-z0-9._-]+$/.test(part) && !/^\.+$/.test(part);
}

function notPlain(property: string, got: string, expected: string): RangeError {
    return new RangeError(
        `${property}: got ${JSON.stringify(got)}, expected ${expected} of letters, digits, ".", "-" and "_"`,
    );
}

/** What a rotation of its keys has to know. */
export const snapshotterKeys: KeyFacts<SnapshotterOutputs> = {
    user: ({ agentUserName }) => agentUserName,
    settings: ["accessKeys"],
    probe: ({ bucketName: bucket, prefix: under }) => ({ kind: "s3", call: "list", bucket, under }),
    maximumAgeDays: 90,
    unseenConsumers: () => "whatever runs as agent-repo-snapshotter with keys of its environment or its .env",
};

/** What the snapshotter consists of. */
export function snapshotterResources({ environment }: Deployment): AwsResource[] {
    const named = (name: string) => physicalName(name, environment);
    const family = named(snapshotter.taskFamily);
    return [
        { kind: "bucket", name: environmentName(snapshotter.bucketStem, environment) },
        { kind: "user", name: named(snapshotter.agentUser) },
        { kind: "group", name: named(snapshotter.group) },
        { kind: "policy", name: named(snapshotter.policy) },
        { kind: "role", name: named(snapshotter.taskRole), receiver: "ecs" },
        { kind: "role", name: `${named(snapshotter.taskRole)}-execution`, receiver: "ecs" },
        { kind: "taskDefinition", name: family },
        { kind: "logGroup", name: `/ecs/${family}` },
    ];
}

/** What must hold for the snapshotter (C1–C4, C6, C7). */
export function snapshotterChecks(outputs: SnapshotterOutputs, context: CheckContext): Check[] {
    return [
        ...declaredBucket(outputs),
        accountCheck("C2", context),
        ...bucketPolicyChecks(outputs),
        ...roleChecks(outputs, context),
        ...declaredPolicy(outputs, context),
        ...memberChecks(outputs, context),
        ...temporaryMemberChecks(outputs),
        ...policyTestCases(outputs),
        ...taskDefinitionChecks(outputs),
        leftoversCheck("C6", outputs.bucketName),
    ];
}

function declaredBucket({ bucketName: bucket }: SnapshotterOutputs): Check[] {
    const declared = (aspect: "publicAccess" | "ownership" | "cors", name: string, expected: string): Check => ({
        id: "C1",
        name,
        caller: "operator",
        expected,
        probe: { kind: "bucket", aspect, bucket },
    });
    return [
        declared("publicAccess", "public access", "all four blocked"),
        declared("ownership", "object ownership", "BucketOwnerEnforced"),
        declared("cors", "no CORS", "none (NoSuchCORSConfiguration)"),
    ];
}

/** C2, with the agent's keys: they may write here, so only the bucket policy can refuse. */
function bucketPolicyChecks({ bucketName: bucket, prefix: under }: SnapshotterOutputs): Check[] {
    const put = (name: string, expected: string, encryption?: "AES256" | "aws:kms" | "customer key"): Check => ({
        id: "C2",
        name,
        caller: "service",
        expected,
        probe: { kind: "s3", call: "put", bucket, under, encryption },
    });
    const plaintext = { kind: "s3", bucket, under, plaintext: true } as const;
    return [
        {
            id: "C2",
            name: "list without TLS",
            caller: "service",
            expected: denied,
            probe: { ...plaintext, call: "list" },
        },
        {
            id: "C2",
            name: "write without TLS",
            caller: "service",
            expected: denied,
            probe: { ...plaintext, call: "put", encryption: "AES256" },
        },
        put("write without the header", denied),
        put("write with AES256", allowed, "AES256"),
        put("write with aws:kms", denied, "aws:kms"),
        put("write with a customer key", denied, "customer key"),
    ];
}

function roleChecks({ taskRoleArn, region }: SnapshotterOutputs, { partition, accountId }: CheckContext): Check[] {
    const trust = grantsInWords([
        {
            Effect: "Allow",
            Principal: { Service: "ecs-tasks.amazonaws.com" },
            Action: "sts:AssumeRole",
            Condition: {
                StringEquals: { "aws:SourceAccount": accountId },
                ArnLike: { "aws:SourceArn": `arn:${partition}:ecs:${region}:${accountId}:*` },
            },
        },
    ]);
    const refused = (caller: Caller, who: string): Check => ({
        id: "C3",
        name: `AssumeRole by ${who}`,
        caller,
        expected: denied,
        probe: { kind: "assumeRole", roleArn: taskRoleArn },
        ...(typeof caller === "object" ? {} : { note: withoutTheRight }),
    });
    const holder: Caller = { mayAssume: taskRoleArn };
    const role = nameOf(taskRoleArn);
    return [
        {
            id: "C3",
            name: "task role's trust",
            caller: "operator",
            expected: trust,
            probe: { kind: "role", aspect: "trust", role },
        },
        {
            id: "C3",
            name: "a user's right to assume the task role is in force",
            caller: holder,
            expected: trust,
            probe: { kind: "role", aspect: "trust", role },
            note: "Read with the statement that also allows sts:AssumeRole: what is refused next, the trust refuses.",
        },
        refused(holder, "a user that may assume it"),
        refused("deployer", "the deployer"),
        refused("service", "the agent"),
    ];
}

const withoutTheRight =
    "This identity has no right to sts:AssumeRole: that it is refused says nothing about the role's trust, " +
    "which the temporary user tries.";

function declaredPolicy(outputs: SnapshotterOutputs, { partition }: CheckContext): Check[] {
    const { bucketName, prefix, policyArn, taskRoleArn, groupName, agentUserName: user } = outputs;
    const bucketArn = `arn:${partition}:s3:::${bucketName}`;
    const grants = grantsInWords([
        {
            Effect: "Allow",
            Action: "s3:ListBucket",
            Resource: bucketArn,
            Condition: { StringLike: { "s3:prefix": `${prefix}*` } },
        },
        {
            Effect: "Allow",
            Action: [
                "s3:GetObject",
                "s3:PutObject",
                "s3:PutObjectTagging",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            Resource: `${bucketArn}/${prefix}*`,
        },
    ]);
    const role = nameOf(taskRoleArn);
    const declared = (name: string, expected: string, probe: Check["probe"]): Check => ({
        id: "C4",
        name,
        caller: "operator",
        expected,
        probe,
    });
    return [
        declared("policy: six actions", grants, { kind: "policy", aspect: "grants", policyArn }),
        declared("policy's holders", `groups: ${groupName}; roles: ${role}; users: none`, {
            kind: "policy",
            aspect: "attachments",
            policyArn,
        }),
        declared("task role has this policy only", nameOf(policyArn), { kind: "role", aspect: "attachments", role }),
        declared("task role has no other grant", grants, { kind: "role", aspect: "grants", role }),
        declared("agent's own policies", "nothing", { kind: "user", aspect: "grants", user }),
        declared("agent is in the group only", groupName, { kind: "user", aspect: "groups", user }),
        declared("agent's keys", declaredKeysInWords(outputs), {
            kind: "user",
            aspect: "keys",
            user,
        }),
    ];
}

/** C4, with the keys of the agent, a member of the group: the task's role itself cannot be assumed by hand. */
function memberChecks({ bucketName: bucket, prefix }: SnapshotterOutputs, context: CheckContext): Check[] {
    const within = (call: S3Call, name: string, expected: string) =>
        access("service", name, bucket, call, prefix, expected);
    const beside = siblingOf(prefix);
    const outside = (call: S3Call, name: string) => access("service", name, bucket, call, "elsewhere/", denied);
    return [
        within("list", "list with the prefix", allowed),
        access("service", "list without a prefix", bucket, "list", undefined, denied),
        access("service", "list a sibling prefix", bucket, "list", beside, denied),
        within("get", "read", allowed),
        within("put", "write", allowed),
        within("tag", "tag", allowed),
        within("multipart", "multipart upload", allowed),
        within("delete", "delete", denied),
        outside("list", "list outside"),
        outside("get", "read outside"),
        outside("put", "write outside"),
        outside("multipart", "multipart upload outside"),
        access("service", "write a sibling prefix", bucket, "put", beside, denied),
        ...foreignBucketChecks("C4", snapshotter.name, context),
    ];
}

/** C4 again with a user that is nothing but a member: what it may comes from the group. */
function temporaryMemberChecks({ bucketName: bucket, prefix, groupName }: SnapshotterOutputs): Check[] {
    const member: Caller = { temporaryMemberOf: groupName };
    return [
        access(member, "list with the prefix", bucket, "list", prefix, allowed),
        access(member, "list without a prefix", bucket, "list", undefined, denied),
        access(member, "read", bucket, "get", prefix, allowed),
        access(member, "write", bucket, "put", prefix, allowed),
        access(member, "write outside", bucket, "put", "elsewhere/", denied),
        access(member, "delete", bucket, "delete", prefix, denied),
    ];
}

type Place = Pick<SnapshotterOutputs, "bucketName" | "prefix">;

/** C6: the three cases of the service's own policy test, under its names. */
export function policyTestCases(place: Place): Check[] {
    return [
        policyTestCase("no_sse_header_should_fail", denied, place, {}),
        policyTestCase("sse_aes256_should_succeed", allowed, place, { encryption: "AES256" }),
        policyTestCase("sse_aws_kms_should_fail", denied, place, { encryption: "aws:kms" }),
    ];
}

/** The wider set of the same test; what is refused here is refused for one reason only. */
export function widerPolicyTestCases(place: Place): Check[] {
    const refused = (name: string, changed: Partial<S3Probe>) => policyTestCase(name, denied, place, changed);
    const encryption = "AES256";
    return [
        refused("outside_the_prefix_should_fail", { under: "elsewhere/", encryption }),
        refused("sibling_prefix_should_fail", { under: siblingOf(place.prefix), encryption }),
        refused("no_tls_should_fail", { plaintext: true, encryption }),
        refused("customer_provided_key_should_fail", { encryption: "customer key" }),
        refused("list_without_prefix_should_fail", { call: "list", under: undefined }),
    ];
}

type S3Probe = Extract<Probe, { kind: "s3" }>;

function policyTestCase(
    name: string,
    expected: string,
    { bucketName: bucket, prefix: under }: Place,
    changed: Partial<S3Probe>,
): Check {
    const probe: Probe = { kind: "s3", call: "put", bucket, under, ...changed };
    return { id: "C6", name, caller: "service", expected, probe };
}

/** Begins with the prefix's letters, so that a policy without the slash would let it through. */
function siblingOf(prefix: string): string {
    return `${prefix.replace(/\/$/, "")}-of-others/`;
}

function taskDefinitionChecks({ taskDefinitionArn, taskRoleArn, executionRoleArn }: SnapshotterOutputs): Check[] {
    return [
        {
            id: "C7",
            name: "task definition",
            caller: "operator",
            expected: `FARGATE, awsvpc; task role ${nameOf(taskRoleArn)}; execution role ${nameOf(executionRoleArn)}`,
            probe: { kind: "taskDefinition", arn: taskDefinitionArn },
        },
    ];
}

function access(
    caller: Caller,
    name: string,
    bucket: string,
    call: S3Call,
    under: string | undefined,
    expected: string,
): Check {
    const encryption = call === "put" || call === "multipart" ? ({ encryption: "AES256" } as const) : {};
    return { id: "C4", name, caller, expected, probe: { kind: "s3", call, bucket, under, ...encryption } };
}

function nameOf(arn: string): string {
    return arn.slice(arn.lastIndexOf("/") + 1);
}
