import { globalArn, type ArnScope } from "../../components/arn";

/** The account whose resources are recovered. */
export type IamAccount = Omit<ArnScope, "region">;

/** The part of the engine's exported state (`pulumi stack export`, version 3) that recovery reads. */
export interface ExportedState {
    readonly version: number;
    readonly deployment: {
        readonly resources?: readonly StateResource[];
        readonly pending_operations?: readonly PendingOperation[];
    };
}

export interface StateResource {
    readonly urn: string;
    readonly type: string;
    readonly custom?: boolean;
    readonly id?: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
    readonly outputs?: Readonly<Record<string, unknown>>;
}

/** An operation that the engine began and whose end it never saw. */
export interface PendingOperation {
    readonly resource: StateResource;
    readonly type: "creating" | "updating" | "deleting" | "reading" | "importing";
}

export const accessKeyType = "aws:iam/accessKey:AccessKey";

/**
 * The id that a half-created resource has if it exists. Only types whose creation fails when the name is taken are
 * here; every other creation either replaces what is there (policies, attachments, the parts of a bucket) or leaves
 * something that has no owner to collide with (a revision of a task definition).
 */
const idsByType: Readonly<Record<string, (inputs: Record<string, string>, account: IamAccount) => string>> = {
    "aws:s3/bucket:Bucket": ({ bucket }) => bucket,
    "aws:iam/user:User": ({ name }) => name,
    "aws:iam/role:Role": ({ name }) => name,
    "aws:iam/group:Group": ({ name }) => name,
    "aws:iam/policy:Policy": ({ name, path = "/" }, account) => globalArn(account, "iam", `policy${path}${name}`),
    "aws:cloudwatch/logGroup:LogGroup": ({ name }) => name,
    "aws:budgets/budget:Budget": ({ name }, { accountId }) => `${accountId}:${name}`,
    "aws:dynamodb/table:Table": ({ name }) => name,
    "aws:lambda/function:Function": ({ name }) => name,
    "aws:lambda/alias:Alias": ({ functionName, name }) => `${functionName}/${name}`,
    "aws:lambda/functionUrl:FunctionUrl": ({ functionName, qualifier }) => `${functionName}/${qualifier}`,
    "aws:scheduler/schedule:Schedule": ({ groupName = "default", name }) => `${groupName}/${name}`,
};

/**
 * What a creation adds by calls after its first, and a refresh does not miss: the provider goes on with what the state
 * says where AWS has no notifications. Left out of the state, it is added by the next update unless it is there.
 */
const addedLater: Readonly<Record<string, readonly string[]>> = { "aws:budgets/budget:Budget": ["notifications"] };

/**
 * The state without pending operations: what was being created, and would be in its own way, stands as a resource, so
 * that the following refresh finds it or drops it. What was being updated, read or deleted is a resource already.
 */
export function takeBackPending(state: ExportedState, account: IamAccount): ExportedState {
    const { pending_operations: pending = [], resources = [], ...deployment } = state.deployment;
    const known = new Set(resources.map((resource) => resource.urn));
    const takenBack = pending.flatMap(({ type, resource }) => {
        const id = type === "creating" && idsByType[resource.type]?.(plainInputs(resource), account);
        if (!id || known.has(resource.urn)) return [];
        const later = addedLater[resource.type] ?? [];
        const inputs = Object.fromEntries(
            Object.entries(resource.inputs ?? {}).filter(([name]) => !later.includes(name)),
        );
        return [{ ...resource, custom: true, id, inputs, outputs: inputs }];
    });
    return { ...state, deployment: { ...deployment, resources: [...resources, ...takenBack] } };
}

function plainInputs(resource: StateResource): Record<string, string> {
    return Object.fromEntries(
        Object.entries(resource.inputs ?? {}).filter(
            (entry): entry is [string, string] => typeof entry[1] === "string",
        ),
    );
}

/** Ids of every access key that the state has. */
export function accessKeysIn({ deployment }: ExportedState): string[] {
    return (deployment.resources ?? []).flatMap(({ type, id }) => (type === accessKeyType && id ? [id] : []));
}

/** The users for whom an access key was being created, with the ids of their keys that the state knows. */
export function interruptedKeyCreations(state: ExportedState): { user: string; knownIds: string[] }[] {
    const { pending_operations: pending = [], resources = [] } = state.deployment;
    const users = pending
        .filter(({ type, resource }) => type === "creating" && resource.type === accessKeyType)
        .map(({ resource }) => String(resource.inputs?.user));
    return [...new Set(users)].map((user) => ({
        user,
        knownIds: resources
            .filter((resource) => resource.type === accessKeyType && resource.inputs?.user === user && resource.id)
            .map((resource) => resource.id!),
    }));
}
