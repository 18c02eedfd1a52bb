import { bucketArn, globalArn, regionalArn, type ArnScope } from "../../components/arn";
import { NotModelled } from "./not-modelled";
import { type Identity, type NamedPolicy, type PolicyDocument, type ResourcePolicy, type World } from "./world";

/** A resource of a stack, as the program registers it or as `pulumi stack export` lists it. */
export interface StackResource {
    /** Such as `aws:iam/user:User`. */
    readonly type: string;
    /** Absent of a component. */
    readonly inputs?: Readonly<Record<string, unknown>>;
}

/**
 * The policies that the resources of a stack make, with every identity's own, those attached to it and those of its
 * groups.
 *
 * @param resources of any types; what makes no policy of AWS is passed over
 * @param scope of the stack: its ARNs are made of it
 * @throws NotModelled for an attached policy that is not among them, as one of AWS's own, for a type that holds policies
 * and is not read here, and for a policy that cannot be read
 */
export function worldOf(resources: readonly StackResource[], scope: ArnScope): World {
    const all = resources
        .filter(({ type }) => type.startsWith("aws:"))
        .map(({ type, inputs = {} }) => ({ type, inputs }));
    for (const { type } of all) {
        if (holdsPolicies.test(type) && !readTypes.has(type)) {
            throw new NotModelled(`the policies of ${type} are not read`);
        }
    }
    const of = (type: string) => all.filter((one) => one.type === type).map(({ inputs }) => inputs as Inputs);
    return { identities: identitiesOf(of, scope), resources: resourcePoliciesOf(of, scope) };
}

// What they hold depends on their types; what is used here is a text or a list of texts.
type Inputs = Readonly<Record<string, string & readonly string[] & PolicyDocument>>;
type Of = (type: string) => readonly Inputs[];

const types = {
    user: "aws:iam/user:User",
    role: "aws:iam/role:Role",
    policy: "aws:iam/policy:Policy",
    userPolicy: "aws:iam/userPolicy:UserPolicy",
    rolePolicy: "aws:iam/rolePolicy:RolePolicy",
    groupPolicy: "aws:iam/groupPolicy:GroupPolicy",
    userAttachment: "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    roleAttachment: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    groupAttachment: "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    userGroups: "aws:iam/userGroupMembership:UserGroupMembership",
    bucketPolicy: "aws:s3/bucketPolicy:BucketPolicy",
    topicPolicy: "aws:sns/topicPolicy:TopicPolicy",
    permission: "aws:lambda/permission:Permission",
} as const;

const readTypes: ReadonlySet<string> = new Set(Object.values(types));

/** Types of the provider that hold policies or attach them. Policies of other kinds, as of scaling, are not of access. */
const holdsPolicies =
    /^aws:(iam\/.*(Policy|Membership|Attachment)|s3\/.*Policy|sns\/.*Policy|sqs\/.*Policy|kms\/key|kms\/.*(Policy|Grant)|lambda\/.*[pP]ermission|dynamodb\/resourcePolicy|secretsmanager\/.*Policy|ecr\/.*Policy|cloudwatch\/.*(ResourcePolicy|DestinationPolicy))/;

function identitiesOf(of: Of, scope: ArnScope): Identity[] {
    const managed = new Map(
        of(types.policy).map(({ name, path, policy }) => [
            globalArn(scope, "iam", `policy${path ?? "/"}${name}`),
            named(name, policy),
        ]),
    );
    const attached = (type: string, key: string, name: string) =>
        of(type).flatMap((inputs) => (inputs[key] === name ? [managedPolicy(managed, inputs.policyArn)] : []));
    const inline = (type: string, key: string, name: string) =>
        of(type).flatMap((inputs) => (inputs[key] === name ? [named(inputs.name, inputs.policy)] : []));
    const ofGroup = (group: string) => [
        ...inline(types.groupPolicy, "group", group),
        ...attached(types.groupAttachment, "group", group),
    ];
    const boundary = (arn: string | undefined) => (arn ? { boundary: managedPolicy(managed, arn) } : {});
    const users = of(types.user).map(({ name, path, permissionsBoundary }): Identity => {
        const groups = of(types.userGroups).flatMap(({ user, groups }) => (user === name ? groups : []));
        return {
            arn: globalArn(scope, "iam", `user${path ?? "/"}${name}`),
            kind: "user",
            policies: [
                ...inline(types.userPolicy, "user", name),
                ...attached(types.userAttachment, "user", name),
                ...groups.flatMap(ofGroup),
            ],
            ...boundary(permissionsBoundary),
        };
    });
    for (const { name, inlinePolicies, managedPolicyArns } of of(types.role)) {
        if (inlinePolicies ?? managedPolicyArns) {
            throw new NotModelled(`the policies within the role ${name} are not read`);
        }
    }
    const roles = of(types.role).map(({ name, path, permissionsBoundary, assumeRolePolicy }): Identity => ({
        arn: globalArn(scope, "iam", `role${path ?? "/"}${name}`),
        kind: "role",
        policies: [...inline(types.rolePolicy, "role", name), ...attached(types.roleAttachment, "role", name)],
        ...boundary(permissionsBoundary),
        trust: named(`trust of ${name}`, assumeRolePolicy),
    }));
    return [...users, ...roles];
}

function managedPolicy(managed: ReadonlyMap<string, NamedPolicy>, arn: string): NamedPolicy {
    const found = managed.get(arn);
    if (!found) throw new NotModelled(`the policy ${arn} is attached and not among the stack's resources`);
    return found;
}

function resourcePoliciesOf(of: Of, scope: ArnScope): ResourcePolicy[] {
    const account = scope.accountId;
    return [
        ...of(types.bucketPolicy).map(({ bucket, policy }) => ({
            arn: bucketArn(scope.partition, bucket),
            account,
            policy: named(`policy of ${bucket}`, policy),
        })),
        ...of(types.topicPolicy).map(({ arn, policy }) => ({ arn, policy: named(`policy of ${nameIn(arn)}`, policy) })),
        ...of(types.permission).map((permission) => permissionPolicy(permission, scope)),
    ];
}

/** A permission is a statement of the policy of a function, or of one alias or version of it. */
function permissionPolicy(inputs: Inputs, scope: ArnScope): ResourcePolicy {
    const { action, principal, qualifier, statementId, functionUrlAuthType, sourceAccount, sourceArn } = inputs;
    const { invokedViaFunctionUrl, eventSourceToken, principalOrgId } = inputs;
    if (eventSourceToken || principalOrgId) throw new NotModelled("this permission has conditions that are not read");
    const name = nameIn(inputs.function);
    const arn = regionalArn(scope, "lambda", `function:${name}${qualifier ? `:${qualifier}` : ""}`);
    const equal = {
        ...(functionUrlAuthType ? { "lambda:FunctionUrlAuthType": functionUrlAuthType } : {}),
        ...(sourceAccount ? { "aws:SourceAccount": sourceAccount } : {}),
    };
    const condition = {
        ...(Object.keys(equal).length > 0 ? { StringEquals: equal } : {}),
        ...(sourceArn ? { ArnLike: { "aws:SourceArn": sourceArn } } : {}),
        ...(invokedViaFunctionUrl ? { Bool: { "lambda:InvokedViaFunctionUrl": "true" } } : {}),
    };
    return {
        arn,
        policy: named(`permission of ${name} for ${action}`, {
            Version: "2012-10-17",
            Statement: {
                ...(statementId ? { Sid: statementId } : {}),
                Effect: "Allow",
                Principal: lambdaPrincipal(principal),
                Action: action,
                Resource: arn,
                ...(Object.keys(condition).length > 0 ? { Condition: condition } : {}),
            },
        }),
    };
}

function lambdaPrincipal(principal: string): "*" | Record<string, string> {
    if (principal === "*") return principal;
    return /\.amazonaws\.com(\.cn)?$/.test(principal) ? { Service: principal } : { AWS: principal };
}

/** A policy as resources have it: a text of JSON, or the document itself. */
function named(name: string, policy: string | PolicyDocument): NamedPolicy {
    const document = typeof policy === "string" ? parsed(policy) : policy;
    // Such as a text that the engine has encrypted.
    if (!document?.Statement) throw new NotModelled(`${name} is no policy that can be read`);
    return { name, document };
}

function parsed(text: string): PolicyDocument | undefined {
    try {
        return JSON.parse(text) as PolicyDocument;
    } catch {
        return undefined;
    }
}

/** The name at the end of an ARN, or the name itself. */
function nameIn(arn: string): string {
    return arn.slice(arn.lastIndexOf(":") + 1);
}
