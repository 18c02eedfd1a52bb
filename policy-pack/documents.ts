import { listOf, type Resource } from "./rule";

/** A statement of a policy document, with its lists as lists. */
export interface Statement {
    readonly sid: string;
    readonly allows: boolean;
    readonly actions: readonly string[];
    readonly resources: readonly string[];
    /** Principals by their kind, e.g. `Service`; `*` stands for everybody under each kind. */
    readonly principals: readonly { readonly kind: string; readonly name: string }[];
    /** Whether it names what it is not about: every other action, resource or principal. */
    readonly inverted: boolean;
    /** Values by operator and key, e.g. `StringEquals` and `aws:SourceAccount`. */
    readonly conditions: readonly { readonly operator: string; readonly key: string; readonly values: string[] }[];
}

/** A document as JSON has it. */
interface Raw {
    readonly Statement?: RawStatement | readonly RawStatement[];
}

interface RawStatement {
    readonly Sid?: string;
    readonly Effect?: string;
    readonly Action?: string | readonly string[];
    readonly NotAction?: unknown;
    readonly Resource?: string | readonly string[];
    readonly NotResource?: unknown;
    readonly Principal?: string | Readonly<Record<string, string | readonly string[]>>;
    readonly NotPrincipal?: unknown;
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const identityPolicies = [
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
];
const resourcePolicies = [
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:sns/topicPolicy:TopicPolicy",
    // Without a policy of its own, a key has AWS's: the account's policies say who may use it.
    "aws:kms/key:Key",
];

/** Types of resources that say what an identity may do. */
export const identityTypes = [...identityPolicies, "aws:iam/role:Role"];
/** Types of resources that say who may do something to a resource. */
export const resourceTypes = resourcePolicies;
/** Types of resources that say who may become an identity. */
export const trustTypes = ["aws:iam/role:Role"];

/** What an identity may do, by the resource that says so. A role's trust is not among it. */
export function identityStatements({ type, props }: Resource): Statement[] {
    if (type !== "aws:iam/role:Role") return statementsIn(props.policy);
    return listOf<{ policy: unknown }>(props.inlinePolicies).flatMap(({ policy }) => statementsIn(policy));
}

/** Who may do something to a resource, or become an identity. */
export function grantsToOthers({ type, props }: Resource): Statement[] {
    return statementsIn(type === "aws:iam/role:Role" ? props.assumeRolePolicy : props.policy);
}

/** @throws SyntaxError for a document that is no JSON */
function statementsIn(document: unknown): Statement[] {
    const raw = (typeof document === "string" ? JSON.parse(document) : document) as Raw | undefined;
    return listOf(raw?.Statement).map((statement) => ({
        sid: statement.Sid ?? "a statement without Sid",
        allows: statement.Effect !== "Deny",
        actions: listOf(statement.Action),
        resources: listOf(statement.Resource),
        principals: principalsOf(statement.Principal),
        inverted: [statement.NotAction, statement.NotResource, statement.NotPrincipal].some(Boolean),
        conditions: conditionsOf(statement.Condition),
    }));
}

function principalsOf(principal: RawStatement["Principal"]): Statement["principals"] {
    if (typeof principal === "string") return [{ kind: "*", name: principal }];
    return Object.entries(principal ?? {}).flatMap(([kind, names]) => listOf(names).map((name) => ({ kind, name })));
}

function conditionsOf(condition: RawStatement["Condition"]): Statement["conditions"] {
    return Object.entries(condition ?? {}).flatMap(([operator, keys]) =>
        Object.entries(keys).map(([key, values]) => ({ operator, key, values: listOf(values).map(String) })),
    );
}

/** Values to which a statement narrows a key, by an operator that a missing key does not fulfil; none where it does not. */
export function narrowedTo(statement: Statement, key: string, operators: readonly string[]): readonly string[] {
    return statement.conditions
        .filter((condition) => condition.key.toLowerCase() === key.toLowerCase())
        .filter(({ operator }) => operators.includes(operator))
        .flatMap(({ values }) => values);
}
