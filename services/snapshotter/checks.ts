import { declaredKeysInWords } from "../access-keys";
import {
    accountCheck,
    check,
    foreignBucketChecks,
    leftoversCheck,
    refused,
    s3Check,
    type S3Probe,
} from "../check-helpers";
import { allowed, type Caller, type Check, type CheckContext, denied, type Probe, type S3Call } from "../checks";
import { grantsInWords } from "../grants";
import { type SnapshotterOutputs } from "./schema";

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
    const declared = (aspect: "publicAccess" | "ownership" | "cors", name: string, expected: string) =>
        check("C1", name, expected, { kind: "bucket", aspect, bucket });
    return [
        declared("publicAccess", "public access", "all four blocked"),
        declared("ownership", "object ownership", "BucketOwnerEnforced"),
        declared("cors", "no CORS", "none (NoSuchCORSConfiguration)"),
    ];
}

/** C2, with the agent's keys: they may write here, so only the bucket policy can refuse. */
function bucketPolicyChecks({ bucketName: bucket, prefix: under }: SnapshotterOutputs): Check[] {
    const put = (name: string, expected: string, encryption?: "AES256" | "aws:kms" | "customer key") =>
        s3Check("C2", name, expected, { call: "put", bucket, under, encryption });
    const plaintext = { bucket, under, plaintext: true } as const;
    return [
        s3Check("C2", "list without TLS", denied, { ...plaintext, call: "list" }),
        s3Check("C2", "write without TLS", denied, { ...plaintext, call: "put", encryption: "AES256" }),
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
    const assume = (caller: Caller, who: string): Check => ({
        ...refused("C3", `AssumeRole by ${who}`, { kind: "assumeRole", roleArn: taskRoleArn }, caller),
        ...(typeof caller === "object" ? {} : { note: withoutTheRight }),
    });
    const holder: Caller = { mayAssume: taskRoleArn };
    const ownTrust = { kind: "role", aspect: "trust", role: nameOf(taskRoleArn) } as const;
    return [
        check("C3", "task role's trust", trust, ownTrust),
        {
            ...check("C3", "a user's right to assume the task role is in force", trust, ownTrust, holder),
            note: "Read with the statement that also allows sts:AssumeRole: what is refused next, the trust refuses.",
        },
        assume(holder, "a user that may assume it"),
        assume("deployer", "the deployer"),
        assume("service", "the agent"),
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
    const declared = (name: string, expected: string, probe: Probe) => check("C4", name, expected, probe);
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
        ...foreignBucketChecks("C4", context),
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

function policyTestCase(
    name: string,
    expected: string,
    { bucketName: bucket, prefix: under }: Place,
    changed: Partial<S3Probe>,
): Check {
    return s3Check("C6", name, expected, { call: "put", bucket, under, ...changed });
}

/** Begins with the prefix's letters, so that a policy without the slash would let it through. */
function siblingOf(prefix: string): string {
    return `${prefix.replace(/\/$/, "")}-of-others/`;
}

function taskDefinitionChecks({ taskDefinitionArn, taskRoleArn, executionRoleArn }: SnapshotterOutputs): Check[] {
    return [
        check(
            "C7",
            "task definition",
            `FARGATE, awsvpc; task role ${nameOf(taskRoleArn)}; execution role ${nameOf(executionRoleArn)}`,
            { kind: "taskDefinition", arn: taskDefinitionArn },
        ),
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
    return s3Check("C4", name, expected, { call, bucket, under, ...encryption }, caller);
}

function nameOf(arn: string): string {
    return arn.slice(arn.lastIndexOf("/") + 1);
}
