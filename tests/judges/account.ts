import { type PolicyDocument } from "../../components/policy-document";

/** A resource as Pulumi's state or the mocks have it. */
export interface Resource {
    readonly type: string;
    // Of any type.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    readonly inputs: Record<string, any>;
}

/** A policy of a resource, and what it is the policy of. */
export interface ResourcePolicy {
    readonly name: string;
    readonly document: object;
}

/** What the owner of an account gave by hand: users of whom no stack knows, with managed policies. */
export type People = Readonly<Record<string, Readonly<Record<string, PolicyDocument>>>>;

/** What `aws iam get-account-authorization-details` prints, as far as a judge reads it. */
export type AuthorizationDetails = Readonly<
    Record<"UserDetailList" | "GroupDetailList" | "RoleDetailList" | "Policies", readonly object[]>
>;

/** The details of the account in which exactly these resources are, and these people. */
export function authorizationDetails(
    resources: readonly Resource[],
    accountId: string,
    people: People,
): AuthorizationDetails {
    const all = (type: string) => resources.filter((one) => one.type === `aws:iam/${type}`).map(({ inputs }) => inputs);
    const arn = (kind: string, name: string) => `arn:aws:iam::${accountId}:${kind}/${name}`;
    /** A user, a group or a role: with the inline policies that name it, and the managed ones attached to it. */
    const holder = (kind: "User" | "Group" | "Role", name: string) => {
        const key = kind.toLowerCase();
        const of = (type: string) => all(`${key}${type}:${kind}${type}`).filter((inputs) => inputs[key] === name);
        return {
            ...common(kind, name, arn(key, name)),
            [`${kind}PolicyList`]: of("Policy").map((inputs) => ({
                PolicyName: inputs.name as string,
                PolicyDocument: documentOf(inputs.policy),
            })),
            AttachedManagedPolicies: of("PolicyAttachment").map(({ policyArn }) => attachment(policyArn)),
        };
    };
    const groupsOf = (name: string) =>
        all("userGroupMembership:UserGroupMembership")
            .filter(({ user }) => user === name)
            .flatMap(({ groups }) => groups as string[]);
    const managed = (name: string, document: PolicyDocument) => ({
        ...common("Policy", name, arn("policy", name)),
        DefaultVersionId: "v1",
        PolicyVersionList: [{ VersionId: "v1", IsDefaultVersion: true, CreateDate: created, Document: document }],
    });
    return {
        UserDetailList: [
            ...all("user:User").map(({ name }) => ({ ...holder("User", name), GroupList: groupsOf(name) })),
            ...Object.entries(people).map(([name, policies]) => ({
                ...holder("User", name),
                GroupList: [],
                AttachedManagedPolicies: Object.keys(policies).map((policy) => attachment(arn("policy", policy))),
            })),
        ],
        GroupDetailList: all("group:Group").map(({ name }) => holder("Group", name)),
        RoleDetailList: all("role:Role").map(({ name, assumeRolePolicy }) => ({
            ...holder("Role", name),
            AssumeRolePolicyDocument: documentOf(assumeRolePolicy),
            InstanceProfileList: [],
        })),
        Policies: [
            ...all("policy:Policy").map(({ name, policy }) => managed(name, documentOf(policy))),
            ...Object.values(people).flatMap((policies) =>
                Object.entries(policies).map(([name, document]) => managed(name, document)),
            ),
        ],
    };
}

/** The policies of buckets, topics and functions; a function's is made of its permissions. */
export function resourcePolicies(resources: readonly Resource[], accountId: string): ResourcePolicy[] {
    return resources.flatMap(({ type, inputs }) => {
        switch (type) {
            case "aws:s3/bucketPolicy:BucketPolicy":
                return [{ name: `bucket/${inputs.bucket}`, document: documentOf(inputs.policy) }];
            case "aws:sns/topicPolicy:TopicPolicy":
                return [{ name: `topic/${nameOf(inputs.arn)}`, document: documentOf(inputs.policy) }];
            case "aws:lambda/permission:Permission":
                return [{ name: `function/${nameOf(inputs.function)}`, document: permission(inputs, accountId) }];
            default:
                return [];
        }
    });
}

/** The statement that AWS makes of an AddPermission call. */
function permission(inputs: Resource["inputs"], accountId: string): object {
    const { action, principal, qualifier, sourceArn, functionUrlAuthType, invokedViaFunctionUrl } = inputs;
    const condition = {
        ...(sourceArn ? { ArnLike: { "aws:SourceArn": sourceArn } } : {}),
        ...(functionUrlAuthType ? { StringEquals: { "lambda:FunctionUrlAuthType": functionUrlAuthType } } : {}),
        ...(invokedViaFunctionUrl ? { Bool: { "lambda:InvokedViaFunctionUrl": "true" } } : {}),
    };
    const kind = /\.amazonaws\.com$/.test(principal) ? "Service" : "AWS";
    const statement = {
        Sid: "Permission",
        Effect: "Allow",
        Principal: principal === "*" ? "*" : { [kind]: principal },
        Action: action,
        Resource: `arn:aws:lambda:us-east-1:${accountId}:function:${nameOf(inputs.function)}${qualifier ? `:${qualifier}` : ""}`,
        ...(Object.keys(condition).length > 0 ? { Condition: condition } : {}),
    };
    return { Version: "2012-10-17", Statement: [statement] };
}

const created = "2026-01-01T00:00:00Z";

const common = (kind: string, name: string, arn: string) => ({
    Path: "/",
    Arn: arn,
    CreateDate: created,
    [`${kind}Name`]: name,
    [`${kind}Id`]: name,
});

const attachment = (arn: string) => ({ PolicyName: nameOf(arn), PolicyArn: arn });

/** What comes last in an ARN, or a name as it is. */
const nameOf = (arn: string) => arn.slice(Math.max(arn.lastIndexOf("/"), arn.lastIndexOf(":")) + 1);

const documentOf = (text: string | object) => (typeof text === "string" ? JSON.parse(text) : text) as PolicyDocument;
