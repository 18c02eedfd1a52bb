import * as pulumi from "@pulumi/pulumi";

/** One resource as the program registered it under mocks. */
export interface Registered {
    readonly type: string;
    readonly name: string;
    readonly custom: boolean;
    readonly importId?: string;
    readonly inputs: Record<string, any>;
}

/** What a test run under mocks recorded, and the answers it gave. */
export class RecordingMocks implements pulumi.runtime.Mocks {
    readonly resources: Registered[] = [];

    /** @param answers outputs beyond the inputs, by type token; and the answers of invokes, by function token. */
    constructor(
        private readonly answers: {
            readonly outputs?: Record<string, (args: pulumi.runtime.MockResourceArgs) => Record<string, unknown>>;
            readonly invokes?: Record<string, Record<string, unknown>>;
        } = {},
    ) {}

    newResource(args: pulumi.runtime.MockResourceArgs): pulumi.runtime.MockResourceResult {
        if (this.resources.some((other) => other.type === args.type && other.name === args.name)) {
            throw new Error(`registered twice: ${args.type} ${args.name}`);
        }
        this.resources.push({
            type: args.type,
            name: args.name,
            custom: args.custom ?? true,
            importId: args.id || undefined,
            inputs: args.inputs,
        });
        const outputs = this.answers.outputs?.[args.type]?.(args) ?? {};
        return {
            id: args.custom === false ? undefined : `${args.name}-id`,
            state: { ...defaultOutputs(args), ...args.inputs, ...outputs },
        };
    }

    call(args: pulumi.runtime.MockCallArgs): pulumi.runtime.MockCallResult {
        const answer = this.answers.invokes?.[args.token] ?? defaultInvokes[args.token];
        if (!answer) throw new Error(`unknown invoke: ${args.token}`);
        return answer;
    }

    /** The only resource of a type whose name is `name`; fails when there is none. */
    get(type: string, name: string): Registered {
        const found = this.resources.find((resource) => resource.type === type && resource.name === name);
        if (!found) throw new Error(`no ${type} ${name}; registered: ${this.list().join(", ")}`);
        return found;
    }

    /** Every resource of a type, in order of registration. */
    all(type: string): Registered[] {
        return this.resources.filter((resource) => resource.type === type);
    }

    /** `type name` of every resource, sorted: what a test compares to assert absences too. */
    list(): string[] {
        return this.resources.map((resource) => `${resource.type} ${resource.name}`).sort();
    }
}

const account = "123456789012";

/** Answers of the invokes that every stack makes. */
const defaultInvokes: Record<string, Record<string, unknown>> = {
    "aws:index/getCallerIdentity:getCallerIdentity": {
        accountId: account,
        arn: `arn:aws:iam::${account}:user/deployer`,
        userId: "AIDAMOCK",
        id: account,
    },
    "aws:index/getPartition:getPartition": { partition: "aws", dnsSuffix: "amazonaws.com", id: "aws" },
    "aws:index/getRegion:getRegion": { region: "us-east-1", name: "us-east-1", id: "us-east-1" },
};

/** Computed outputs that components read, unique per type and name. */
function defaultOutputs(args: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
    switch (args.type) {
        case "aws:s3/bucket:Bucket":
            return { arn: `arn:aws:s3:::${args.inputs.bucket}` };
        case "aws:iam/user:User":
            return { arn: `arn:aws:iam::${account}:user/${args.inputs.name}` };
        case "aws:iam/role:Role":
            return { arn: `arn:aws:iam::${account}:role/${args.inputs.name}` };
        case "aws:iam/group:Group":
            return { arn: `arn:aws:iam::${account}:group/${args.inputs.name}` };
        case "aws:iam/policy:Policy":
            return { arn: `arn:aws:iam::${account}:policy/${args.inputs.name}` };
        case "aws:iam/accessKey:AccessKey":
            return { secret: `secret-of-${args.name}` };
        case "aws:sns/topic:Topic":
            return { arn: `arn:aws:sns:us-east-1:${account}:${args.inputs.name}` };
        default:
            return {};
    }
}

/** Resolves an Output to its value, secret or not. */
export function valueOf<T>(output: pulumi.Output<T> | pulumi.Input<T>): Promise<pulumi.Unwrap<T>> {
    return new Promise((resolve) => pulumi.output(output).apply((value) => resolve(value as pulumi.Unwrap<T>)));
}

/** Runs `program` under mocks and waits until every resource that it registered has been created. */
export async function runWithMocks<T>(
    mocks: RecordingMocks,
    program: () => T,
    options: { readonly stack?: string; readonly preview?: boolean } = {},
): Promise<T> {
    await pulumi.runtime.setMocks(mocks, "platform", options.stack ?? "test", options.preview ?? false);
    let result!: T;
    await pulumi.runtime.runInPulumiStack(async () => {
        result = program();
        return {};
    });
    await pulumi.runtime.disconnect();
    return result;
}
