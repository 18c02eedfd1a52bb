// Pulumi's ResourceProvider service: each call read from the wire, planned or done, and answered.

import * as grpc from "@grpc/grpc-js";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { ResourceType } from "./declare";
import { FailedAfterCreation } from "./failed-after-creation";
import { explain, failure, failureAfterCreation, Refusal } from "./errors";
import type { NamingWish } from "./names";
import type { Asked, Configured, Host, Package, ResourceCalls } from "./package";
import * as plan from "./plan";
import { Resources } from "./resources";
import { receive, send } from "./wire";

type Handler<Request, Answer> = (request: Request) => Promise<Answer> | Answer;

interface Named {
    getUrn(): string;
    getType(): string;
}

/** The type token; older engines say it only in the URN. */
function tokenOf(request: Named): string {
    const qualified = request.getType() || (request.getUrn().split("::")[2] ?? "");
    return qualified.split("$").at(-1) ?? "";
}

const NAMING_MODES: Record<number, NamingWish["mode"]> = { 0: "propose", 1: "enforce", 2: "disable" };

export function providerService<Context>(
    served: Package<Context>,
    stop: () => void,
    host: Host,
): grpc.UntypedServiceImplementation {
    let configured: Configured<Context> | undefined;

    const settings = (): Configured<Context> => {
        if (configured === undefined) {
            throw new Refusal(`The ${served.name} provider was used before it was configured.`);
        }
        return configured;
    };
    const resources = (request: Named): ResourceCalls => {
        const token = tokenOf(request);
        return served.calls?.(token, settings()) ?? new Resources(typeOrRefuse(served, token), settings());
    };
    const handle = <Request, Answer>(handler: Handler<Request, Answer>) =>
        unary(handler, () => configured?.secrets ?? []);

    const methods: Partial<Record<keyof IResourceProviderServer, grpc.UntypedHandleCall>> = {
        handshake: handle(() => {
            const answer = new proto.ProviderHandshakeResponse();
            return answer.setAcceptSecrets(true).setSupportsAutonamingConfiguration(true);
        }),
        checkConfig: handle((request: proto.CheckRequest) => {
            const news = receive(request.getNews());
            const answer = new proto.CheckResponse();
            answer.setInputs(send(news.values, [...news.secrets, ...served.secretSettings]));
            return answer.setFailuresList(served.checkConfig(news.values).map(asFailure));
        }),
        diffConfig: handle((request: proto.DiffRequest) =>
            diffAnswer(
                plan.diff(
                    OPEN,
                    receive(request.getOldInputs() ?? request.getOlds()).values,
                    receive(request.getNews()).values,
                ),
            ),
        ),
        configure: handle(async (request: proto.ConfigureRequest) => {
            configured = await served.configure(receive(request.getArgs()).values, host);
            const answer = new proto.ConfigureResponse();
            return answer.setAcceptsecrets(true).setSupportspreview(true).setSupportsAutonamingConfiguration(true);
        }),
        getPluginInfo: handle(() => new PluginInfo().setVersion(served.version)),
        getSchema: handle(() =>
            new proto.GetSchemaResponse().setSchema(JSON.stringify({ name: served.name, version: served.version })),
        ),
        getMapping: handle(() => new proto.GetMappingResponse()),
        getMappings: handle(() => new proto.GetMappingsResponse()),
        attach: handle(() => new Empty()),
        cancel: handle(() => {
            setImmediate(stop);
            return new Empty();
        }),
        invoke: handle(async (request: proto.InvokeRequest) => {
            const args = receive(request.getArgs());
            const answer = await invocationOrRefuse(served, request.getTok())(settings().context(), args.values);
            return new proto.InvokeResponse().setReturn(send(answer));
        }),
        check: handle(async (request: proto.CheckRequest) => {
            const news = receive(request.getNews());
            const olds = request.hasOlds() ? receive(request.getOlds()).values : undefined;
            const { inputs, faults, secrets } = await resources(request).check(news, olds, {
                resourceName: request.getName() || (request.getUrn().split("::").at(-1) ?? ""),
                urn: request.getUrn(),
                seed: request.getRandomseed_asU8(),
                ...namingWish(request),
            });
            return new proto.CheckResponse()
                .setInputs(send(inputs, [...news.secrets, ...(secrets ?? [])]))
                .setFailuresList(faults.map(asFailure));
        }),
        diff: handle((request: proto.DiffRequest) => {
            const outputs = receive(request.getOlds()).values;
            const oldInputs = request.hasOldInputs() ? receive(request.getOldInputs()).values : outputs;
            return diffAnswer(resources(request).diff(oldInputs, receive(request.getNews()).values, outputs));
        }),
        create: handle(async (request: proto.CreateRequest) => {
            const inputs = receive(request.getProperties());
            const { id, outputs } = await resources(request).create(inputs, {
                ...asked(request),
                preview: request.getPreview(),
            });
            return new proto.CreateResponse().setId(id).setProperties(outputs);
        }),
        read: handle(async (request: proto.ReadRequest) => {
            const state = receive(request.getProperties());
            const inputs = request.hasInputs() ? receive(request.getInputs()) : undefined;
            const found = await resources(request).read(request.getId(), state, inputs);
            const answer = new proto.ReadResponse();
            return found === undefined
                ? answer
                : answer.setId(found.id).setProperties(found.outputs).setInputs(found.inputs);
        }),
        update: handle(async (request: proto.UpdateRequest) => {
            const outputs = await resources(request).update(
                request.getId(),
                receive(request.getOldInputs()),
                receive(request.getNews()),
                receive(request.getOlds()),
                { ...asked(request), preview: request.getPreview() },
            );
            return new proto.UpdateResponse().setProperties(outputs);
        }),
        delete: handle(async (request: proto.DeleteRequest) => {
            await resources(request).delete(
                request.getId(),
                receive(request.getProperties()),
                receive(request.getOldInputs()),
                { ...asked(request), preview: false },
            );
            return new Empty();
        }),
        parameterize: handle(() => refuse("parameterize")),
        call: handle(() => refuse("call")),
        construct: handle(() => refuse("construct")),
    };
    return methods as grpc.UntypedServiceImplementation;
}

const OPEN = { token: "provider", inputs: {}, outputs: [], open: true };

function unary<Request, Answer>(handler: Handler<Request, Answer>, secrets: () => readonly string[]) {
    return (call: grpc.ServerUnaryCall<Request, Answer>, answer: grpc.sendUnaryData<Answer>): void => {
        Promise.resolve()
            .then(() => handler(call.request))
            .then(
                (value) => answer(null, value),
                (error: unknown) => answer(asServiceError(error, secrets())),
            );
    };
}

function asServiceError(error: unknown, secrets: readonly string[]): grpc.ServiceError {
    if (error instanceof FailedAfterCreation) {
        return failureAfterCreation(explain(error.reason, secrets), error.id, error.outputs, error.inputs);
    }
    return failure(explain(error, secrets));
}

function refuse(call: string): never {
    throw new Refusal(`The stand-in plugin does not serve "${call}"; the official plugin does.`);
}

function typeOrRefuse<Context>(served: Package<Context>, token: string): ResourceType<Context> {
    const type = served.type(token);
    if (type === undefined) {
        throw new Refusal(
            `The stand-in plugin for ${served.name} does not know the type ${token}; the official plugin ${served.name} ${served.version} does.`,
        );
    }
    return type;
}

function invocationOrRefuse<Context>(served: Package<Context>, token: string) {
    const invocation = served.functions[token];
    if (invocation === undefined) {
        throw new Refusal(
            `The stand-in plugin for ${served.name} does not know the function ${token}; the official plugin ${served.name} ${served.version} does.`,
        );
    }
    return invocation;
}

/** Without a property: the engine prints the whole value of one that is named, and it may be a secret. */
function asFailure(reason: string): proto.CheckFailure {
    return new proto.CheckFailure().setReason(reason);
}

function asked(request: { getUrn(): string; getTimeout(): number }): Omit<Asked, "preview"> {
    const timeoutSeconds = request.getTimeout();
    return { urn: request.getUrn(), ...(timeoutSeconds > 0 ? { timeoutSeconds } : {}) };
}

function namingWish(request: proto.CheckRequest): { wish?: NamingWish } {
    const autonaming = request.getAutonaming();
    const mode = autonaming === undefined ? undefined : NAMING_MODES[autonaming.getMode()];
    return autonaming === undefined || mode === undefined
        ? {}
        : { wish: { mode, proposed: autonaming.getProposedName() } };
}

const KINDS = proto.PropertyDiff.Kind;
const WIRE_KINDS = {
    add: [KINDS.ADD, KINDS.ADD_REPLACE],
    delete: [KINDS.DELETE, KINDS.DELETE_REPLACE],
    update: [KINDS.UPDATE, KINDS.UPDATE_REPLACE],
} as const;

function diffAnswer({ changes, deleteBeforeReplace }: plan.Difference): proto.DiffResponse {
    const answer = new proto.DiffResponse();
    const roots = (some: plan.Change[]) => [...new Set(some.map(({ path }) => plan.rootOf(path)))];
    answer.setChanges(
        changes.length === 0 ? proto.DiffResponse.DiffChanges.DIFF_NONE : proto.DiffResponse.DiffChanges.DIFF_SOME,
    );
    answer.setDiffsList(roots(changes));
    answer.setReplacesList(roots(changes.filter(({ replace }) => replace)));
    answer.setDeletebeforereplace(deleteBeforeReplace);
    answer.setHasdetaileddiff(true);
    for (const { path, kind, replace } of changes) {
        const change = new proto.PropertyDiff();
        change.setKind(WIRE_KINDS[kind][replace ? 1 : 0]).setInputdiff(true);
        answer.getDetaileddiffMap().set(path, change);
    }
    return answer;
}
