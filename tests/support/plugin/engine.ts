// Speaks to a plugin as Pulumi's engine does: the same calls in the same order with the same arguments.

import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { receive, send, type Properties } from "../../../local/plugins/wire";

export interface State {
    id: string;
    inputs: Properties;
    outputs: Properties;
    /** Outputs that arrived as secrets. */
    secrets: Set<string>;
}

export interface Difference {
    paths: string[];
    replaces: string[];
    deleteBeforeReplace: boolean;
}

type Done<Answer> = (error: grpc.ServiceError | null, answer: Answer) => void;

/** What a failed call said; kept here because the creation of a resource may fail after it exists. */
export class CallFailed extends Error {
    constructor(
        message: string,
        readonly initFailed: proto.ErrorResourceInitFailed | undefined,
    ) {
        super(message);
    }
}

export class Engine {
    private readonly client: ResourceProviderClient;

    constructor(port: number) {
        this.client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    }

    close(): void {
        this.client.close();
    }

    async configure(settings: Properties): Promise<void> {
        const request = new proto.ConfigureRequest().setAcceptsecrets(true).setArgs(send(settings, ["secretKey"]));
        await ask((done: Done<proto.ConfigureResponse>) => this.client.configure(request, done));
    }

    /** The inputs as the plugin wants them recorded; throws what the plugin finds wrong. */
    async check(token: string, news: Properties, olds?: Properties, secrets: string[] = []): Promise<Properties> {
        const request = new proto.CheckRequest().setUrn(urnOf(token)).setType(token).setName("sample");
        request.setNews(send(news, secrets)).setRandomseed(Buffer.from("seed"));
        if (olds !== undefined) {
            request.setOlds(send(olds));
        }
        const answer = await ask((done: Done<proto.CheckResponse>) => this.client.check(request, done));
        const faults = answer.getFailuresList().map((one) => one.getReason());
        if (faults.length > 0) {
            throw new CallFailed(faults.join("\n"), undefined);
        }
        return receive(answer.getInputs()).values;
    }

    async diff(token: string, state: State, news: Properties): Promise<Difference> {
        const request = new proto.DiffRequest().setUrn(urnOf(token)).setType(token).setId(state.id);
        request.setOldInputs(send(state.inputs)).setOlds(send(state.outputs)).setNews(send(news));
        const answer = await ask((done: Done<proto.DiffResponse>) => this.client.diff(request, done));
        return {
            paths: [...answer.getDetaileddiffMap().keys()],
            replaces: answer.getReplacesList(),
            deleteBeforeReplace: answer.getDeletebeforereplace(),
        };
    }

    async create(token: string, inputs: Properties, preview = false, secrets: string[] = []): Promise<State> {
        const request = new proto.CreateRequest().setUrn(urnOf(token)).setType(token).setPreview(preview);
        request.setProperties(send(inputs, secrets));
        const answer = await ask((done: Done<proto.CreateResponse>) => this.client.create(request, done));
        const outputs = receive(answer.getProperties());
        return { id: answer.getId(), inputs, outputs: outputs.values, secrets: outputs.secrets };
    }

    /** A refresh; an import when no state is given. Undefined when the resource is gone. */
    async read(token: string, id: string, state?: State): Promise<State | undefined> {
        const request = new proto.ReadRequest().setUrn(urnOf(token)).setType(token).setId(id);
        if (state !== undefined) {
            request.setProperties(send(state.outputs, state.secrets)).setInputs(send(state.inputs));
        }
        const answer = await ask((done: Done<proto.ReadResponse>) => this.client.read(request, done));
        if (answer.getId() === "") {
            return undefined;
        }
        const outputs = receive(answer.getProperties());
        const inputs = receive(answer.getInputs()).values;
        return { id: answer.getId(), inputs, outputs: outputs.values, secrets: outputs.secrets };
    }

    async update(token: string, state: State, inputs: Properties, preview = false): Promise<State> {
        const request = new proto.UpdateRequest().setUrn(urnOf(token)).setType(token).setId(state.id);
        request.setOldInputs(send(state.inputs)).setOlds(send(state.outputs, state.secrets));
        request.setNews(send(inputs)).setPreview(preview);
        const answer = await ask((done: Done<proto.UpdateResponse>) => this.client.update(request, done));
        const outputs = receive(answer.getProperties());
        return { id: state.id, inputs, outputs: outputs.values, secrets: outputs.secrets };
    }

    async delete(token: string, state: State): Promise<void> {
        const request = new proto.DeleteRequest().setUrn(urnOf(token)).setType(token).setId(state.id);
        request.setProperties(send(state.outputs, state.secrets)).setOldInputs(send(state.inputs));
        await ask((done: Done<unknown>) => this.client.delete(request, done));
    }

    async invoke(token: string, args: Properties = {}): Promise<Properties> {
        const request = new proto.InvokeRequest().setTok(token).setArgs(send(args));
        return receive((await ask((done: Done<proto.InvokeResponse>) => this.client.invoke(request, done))).getReturn())
            .values;
    }
}

function urnOf(token: string): string {
    return `urn:pulumi:contract::platform::${token}::sample`;
}

function ask<Answer>(call: (done: Done<Answer>) => unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
        call((error, answer) => (error === null ? resolve(answer) : reject(asFailure(error))));
    });
}

function asFailure(error: grpc.ServiceError): CallFailed {
    const [packed] = error.metadata?.get("grpc-status-details-bin") ?? [];
    return new CallFailed(error.details, Buffer.isBuffer(packed) ? initFailure(packed) : undefined);
}

function initFailure(packed: Buffer): proto.ErrorResourceInitFailed | undefined {
    const [detail] = Status.deserializeBinary(packed).getDetailsList();
    return detail?.getTypeName() === "pulumirpc.ErrorResourceInitFailed"
        ? proto.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8())
        : undefined;
}
