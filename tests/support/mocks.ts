import * as pulumi from "@pulumi/pulumi";
import type * as aliasproto from "@pulumi/pulumi/proto/alias_pb";
import * as resproto from "@pulumi/pulumi/proto/resource_pb";
import * as debuggable from "@pulumi/pulumi/runtime/debuggable";
import * as structproto from "google-protobuf/google/protobuf/struct_pb";

/** One resource as the program registered it under mocks. */
export interface Registered {
    readonly type: string;
    readonly name: string;
    readonly custom: boolean;
    readonly importId?: string;
    // Tests read into inputs of any type.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    readonly inputs: Record<string, any>;
    /** What the mocks answered. */
    readonly outputs: Readonly<Record<string, unknown>>;
    readonly options: RegisteredOptions;
}

/** The options of a resource that the engine acts on; other resources are named by their names. */
export interface RegisteredOptions {
    readonly parent?: string;
    readonly dependsOn: string[];
    readonly deletedWith?: string;
    readonly protect: boolean;
    readonly retainOnDelete: boolean;
    readonly additionalSecretOutputs: string[];
    /** URNs that the resource had before. */
    readonly aliases: string[];
    /** Names of the hooks that run before a creation. */
    readonly beforeCreate: string[];
    /** Names of the hooks that run before an update. */
    readonly beforeUpdate: string[];
}

/** A resource hook as the program registered it. */
export interface RegisteredHook {
    readonly name: string;
    readonly onDryRun: boolean;
    /** Runs the hook as the engine would and returns the sentence with which it failed, if it did. */
    run(inputs: { readonly oldInputs?: object; readonly newInputs?: object }): Promise<string | undefined>;
}

/** What an invoke answers. */
type Answer = Record<string, unknown> | Error;

/** What a test run under mocks recorded, and the answers it gave. */
export class RecordingMocks implements pulumi.runtime.Mocks {
    readonly resources: Registered[] = [];
    readonly hooks: RegisteredHook[] = [];

    /** Options by type and name: they arrive with the request, which the mocks of Pulumi do not pass on. */
    private readonly options = new Map<string, RegisteredOptions>();

    /** @param answers outputs beyond the inputs, by type token; and the answers of invokes, by function token. */
    constructor(
        private readonly answers: {
            readonly outputs?: Record<string, (args: pulumi.runtime.MockResourceArgs) => Record<string, unknown>>;
            readonly invokes?: Record<string, Answer | ((args: pulumi.runtime.MockCallArgs["inputs"]) => Answer)>;
        } = {},
    ) {}

    newResource(args: pulumi.runtime.MockResourceArgs): pulumi.runtime.MockResourceResult {
        if (this.resources.some((other) => other.type === args.type && other.name === args.name)) {
            throw new Error(`registered twice: ${args.type} ${args.name}`);
        }
        const given = this.answers.outputs?.[args.type]?.(args) ?? {};
        const outputs = { ...defaultOutputs(args), ...args.inputs, ...waitedFor(args), ...given };
        this.resources.push({
            type: args.type,
            name: args.name,
            custom: args.custom ?? true,
            importId: args.id || undefined,
            inputs: args.inputs,
            outputs,
            options: this.options.get(`${args.type} ${args.name}`) ?? noOptions,
        });
        return { id: args.custom === false ? undefined : `${args.name}-id`, state: outputs };
    }

    call(args: pulumi.runtime.MockCallArgs): pulumi.runtime.MockCallResult {
        const unknown = new Error(`unknown invoke: ${args.token}`);
        const given = this.answers.invokes?.[args.token] ?? defaultInvokes[args.token] ?? unknown;
        const answer = typeof given === "function" ? given(args.inputs) : given;
        // The runtime reads the details of a gRPC error, not its message.
        if (answer instanceof Error) throw Object.assign(new Error(), { details: answer.message });
        return answer;
    }

    /**
     * Puts itself in front of the mock monitor of Pulumi, which keeps the options of a resource to itself and knows no
     * resource hooks: a program that registers one would wait for ever.
     */
    listen(monitor: Monitor): void {
        const registerResource = monitor.registerResource.bind(monitor);
        monitor.registerResource = (request, answer) => {
            this.options.set(`${request.getType()} ${request.getName()}`, optionsOf(request));
            return registerResource(request, answer);
        };
        monitor.registerResourceHook = (request, answer) => {
            if (this.hooks.some((other) => other.name === request.getName())) {
                throw new Error(`registered twice: hook ${request.getName()}`);
            }
            this.hooks.push(hookOf(request));
            answer(null, {});
        };
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

/** The part of the runtime's monitor that the mocks stand in front of. */
interface Monitor {
    registerResource(request: resproto.RegisterResourceRequest, answer: unknown): unknown;
    registerResourceHook(
        request: resproto.RegisterResourceHookRequest,
        answer: (error: null, response: object) => void,
    ): void;
}

/** What the runtime keeps the registered hooks in, by token. */
interface Callbacks {
    readonly _callbacks: Map<string, (request: Uint8Array) => Promise<resproto.ResourceHookResponse>>;
}

const noOptions: RegisteredOptions = {
    dependsOn: [],
    protect: false,
    retainOnDelete: false,
    additionalSecretOutputs: [],
    aliases: [],
    beforeCreate: [],
    beforeUpdate: [],
};

function optionsOf(request: resproto.RegisterResourceRequest): RegisteredOptions {
    return {
        parent: nameOf(request.getParent()),
        dependsOn: request.getDependenciesList().map((urn) => nameOf(urn)!),
        deletedWith: nameOf(request.getDeletedwith()),
        protect: request.getProtect() ?? false,
        retainOnDelete: request.getRetainondelete() ?? false,
        additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
        aliases: [...new Set(request.getAliasesList().map((alias) => aliasUrn(alias, request)))],
        beforeCreate: request.getHooks()?.getBeforeCreateList() ?? [],
        beforeUpdate: request.getHooks()?.getBeforeUpdateList() ?? [],
    };
}

/** The URN that an alias stands for: what it does not name is the resource's own, as the engine has it. */
function aliasUrn(alias: aliasproto.Alias, request: resproto.RegisterResourceRequest): string {
    const spec = alias.getSpec();
    if (!spec) return alias.getUrn();
    const [, , parentType] = spec.getParenturn().split("::");
    const type = spec.getType() || request.getType();
    // The stack, which is the parent of whatever has none, is in no type.
    const within = `${parentType ?? ""}$`.replace(/^pulumi:pulumi:Stack\$/, "").replace(/^\$$/, "");
    const stack = [spec.getStack() || pulumi.getStack(), spec.getProject() || pulumi.getProject()].join("::");
    return `urn:pulumi:${stack}::${within}${type}::${spec.getName() || request.getName()}`;
}

/** The name at the end of a URN. */
function nameOf(urn: string): string | undefined {
    return urn.split("::").at(-1) || undefined;
}

function hookOf(request: resproto.RegisterResourceHookRequest): RegisteredHook {
    const callbacks = pulumi.runtime.getCallbacks() as unknown as Callbacks;
    const callback = callbacks._callbacks.get(request.getCallback()!.getToken())!;
    const struct = (inputs: object | undefined) =>
        inputs && structproto.Struct.fromJavaScript(inputs as Record<string, structproto.JavaScriptValue>);
    return {
        name: request.getName(),
        onDryRun: request.getOnDryRun(),
        async run({ oldInputs, newInputs }) {
            const call = new resproto.ResourceHookRequest();
            call.setOldInputs(struct(oldInputs));
            call.setNewInputs(struct(newInputs));
            const response = await callback(call.serializeBinary());
            return response.getError() || undefined;
        },
    };
}

const account = "123456789012";

/** Answers of the invokes that every stack makes. */
const defaultInvokes: Record<string, Record<string, unknown> | Error> = {
    "vault:kv/getSecret:getSecret": new Error('no secret found at "secret/data/mock"'),
    "aws:index/getCallerIdentity:getCallerIdentity": {
        accountId: account,
        arn: `arn:aws:iam::${account}:user/deployer`,
        userId: "AIDAMOCK",
        id: account,
    },
    // Nobody has it.
    "aws:iam/getPolicy:getPolicy": { attachmentCount: 0 },
    "aws:index/getPartition:getPartition": { partition: "aws", dnsSuffix: "amazonaws.com", id: "aws" },
    "aws:index/getRegion:getRegion": { region: "us-east-1", name: "us-east-1", id: "us-east-1" },
};

/** What a patch of a Secret was made to wait for is there afterwards. */
function waitedFor({ type, inputs }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
    if (type !== "kubernetes:core/v1:SecretPatch") return {};
    const paths = String(inputs.metadata.annotations["pulumi.com/waitFor"]);
    const found = [...paths.matchAll(/annotations\['([^']+)'\]\}=([^"]*)/g)].map(([, name, value]) => [name, value]);
    return { metadata: { ...inputs.metadata, annotations: Object.fromEntries(found) } };
}

/** Computed outputs that components read, unique per type and name. */
function defaultOutputs(args: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
    switch (args.type) {
        case "aws:s3/bucket:Bucket":
            return { arn: `arn:aws:s3:::${args.inputs.bucket}` };
        case "vault:kv/secretV2:SecretV2":
            return { metadata: { version: "1", created_time: "2026-01-01T00:00:00Z" } };
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
        case "aws:lambda/function:Function":
            return { arn: `arn:aws:lambda:us-east-1:${account}:function:${args.inputs.name}`, version: "1" };
        case "aws:lambda/functionUrl:FunctionUrl":
            return { functionUrl: `https://${args.name}.lambda-url.us-east-1.on.aws/` };
        default:
            return {};
    }
}

/** Resolves an Output to its value, secret or not. */
export function valueOf<T>(output: pulumi.Output<T> | pulumi.Input<T>): Promise<pulumi.Unwrap<T>> {
    return new Promise((resolve) => pulumi.output(output).apply((value) => resolve(value as pulumi.Unwrap<T>)));
}

/**
 * Runs `program` under mocks and waits until every resource that it registered has been created. Fails with the first
 * error, that of an apply too: by itself, Pulumi only leaves out the resources that depend on a failed Output.
 */
export async function runWithMocks<T>(
    mocks: RecordingMocks,
    program: () => T | Promise<T>,
    options: { readonly stack?: string; readonly preview?: boolean } = {},
): Promise<T> {
    await pulumi.runtime.setMocks(mocks, "platform", options.stack ?? "test", options.preview ?? false);
    mocks.listen(pulumi.runtime.getMonitor() as unknown as Monitor);
    let result!: T;
    const errors = await errorsOf(async () => {
        await pulumi.runtime.runInPulumiStack(async () => {
            result = await program();
            return {};
        });
        await pulumi.runtime.disconnect();
    });
    if (errors.length > 0) {
        // What waits for the failed resource waits for ever: not a leak to report when the process ends.
        (debuggable as unknown as { leakedPromises(): void }).leakedPromises();
        throw errors[0];
    }
    return result;
}

/** Runs a whole program on a configuration under mocks, as `runWithMocks` does, and returns the stack's outputs. */
export async function runConfigured<Outputs>(
    mocks: RecordingMocks,
    config: Readonly<Record<string, unknown>>,
    load: () => Promise<unknown>,
    options: { readonly stack: string; readonly preview?: boolean },
): Promise<Outputs> {
    const texts = Object.entries(config).map(([key, value]) => [
        key,
        typeof value === "string" ? value : JSON.stringify(value),
    ]);
    pulumi.runtime.setAllConfig(Object.fromEntries(texts) as Record<string, string>);
    try {
        return await runWithMocks(
            mocks,
            async () => {
                const { default: program } = (await load()) as { default: () => Promise<Outputs> };
                return program();
            },
            options,
        );
    } finally {
        pulumi.runtime.setAllConfig({});
    }
}

/**
 * Runs `run` to its end or to the first error: its own, or that of a promise that nobody awaits. It does not end after
 * the latter when other resources depend on the failed one, since they wait for ever.
 */
async function errorsOf(run: () => Promise<void>): Promise<unknown[]> {
    const errors: unknown[] = [];
    const listeners = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    const rejected = new Promise<void>((resolve) =>
        process.on("unhandledRejection", (error) => {
            errors.push(error);
            resolve();
        }),
    );
    try {
        await Promise.race([run().catch((error) => errors.push(error)), rejected]);
        await new Promise((resolve) => setImmediate(resolve));
    } finally {
        process.removeAllListeners("unhandledRejection");
        for (const listener of listeners) process.on("unhandledRejection", listener);
    }
    return errors;
}
