import { randomUUID } from "node:crypto";

import { RunningBill } from "./bill";
import { type RunningCall } from "./calls";
import { describeModel, listModels } from "./control-plane";
import { BedrockError } from "./errors";
import { type Fault, FaultQueue } from "./faults";
import { type Json, parseObject } from "./json";
import { type EitherRequest, type EitherResponse, Listener } from "../../../functions/bedrock-gate/listener";
import { ModelCalls } from "./model-calls";
import { Models } from "./models";
import { type Settings } from "./options";
import { Reply } from "./reply";
import { routeOf } from "./routes";

/** What answers the requests. */
export class Server {
    readonly bill = new RunningBill();
    readonly calls: RunningCall[] = [];
    private readonly faults = new FaultQueue();
    private readonly models: Models;
    private readonly modelCalls: ModelCalls;
    private readonly listener = new Listener((request, response) => this.receive(request, response));
    private running = 0;
    private waiting: (() => void)[] = [];

    constructor(private readonly settings: Settings) {
        this.models = new Models(settings.prices, settings.profiles);
        this.modelCalls = new ModelCalls(settings, this.models, this.faults, this.bill);
    }

    async listen(): Promise<string> {
        return `http://127.0.0.1:${await this.listener.listen(this.settings.port)}`;
    }

    fail(fault: Fault): void {
        this.faults.add(fault);
    }

    reset(): void {
        this.calls.length = 0;
        this.faults.clear();
        this.modelCalls.beginAnew();
    }

    async settled(): Promise<void> {
        if (this.running > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    }

    async close(): Promise<void> {
        this.modelCalls.hurry();
        await this.listener.close();
        await this.settled();
    }

    private receive(request: EitherRequest, response: EitherResponse): void {
        const reply = new Reply(request, response, randomUUID());
        const parts: Buffer[] = [];
        request.on("data", (part: Buffer) => parts.push(part));
        // A client that goes while it still sends has asked for nothing.
        request.on("error", () => undefined);
        request.on("end", () => void this.serve(request, reply, Buffer.concat(parts).toString("utf8")));
    }

    private async serve(request: EitherRequest, reply: Reply, text: string): Promise<void> {
        this.running += 1;
        let call: RunningCall | undefined;
        try {
            const parsed = request.method === "POST" ? parsedOrFault(text) : {};
            const body = parsed instanceof BedrockError ? undefined : parsed;
            call = this.record(request, body);
            const recorded = call;
            reply.onGone = () => (recorded.clientGone = true);
            if (parsed instanceof BedrockError) throw parsed;
            await this.answer(call, reply, parsed);
        } catch (error) {
            this.refuse(reply, call, error);
        } finally {
            this.running -= 1;
            if (this.running === 0) for (const done of this.waiting.splice(0)) done();
        }
    }

    private async answer(call: RunningCall, reply: Reply, body: Json): Promise<void> {
        const { operation } = call;
        if (operation !== "ListFoundationModels" && operation !== "GetFoundationModel") {
            return this.modelCalls.run(call, reply, body);
        }
        const list = operation === "ListFoundationModels";
        const answer = list ? listModels(this.models) : describeModel(this.models, call.model);
        call.status = 200;
        reply.json(200, {}, answer);
    }

    private record(request: EitherRequest, body: Json | undefined): RunningCall {
        const call: RunningCall = {
            time: Date.now(),
            ...routeOf(request.method ?? "", request.url ?? "", body),
            headers: request.headers,
            body,
            status: undefined,
            usage: undefined,
            microUsd: undefined,
            clientGone: false,
        };
        if (this.calls.length < this.settings.keepCalls) this.calls.push(call);
        return call;
    }

    private refuse(reply: Reply, call: RunningCall | undefined, error: unknown): void {
        // A mistake of the fake's own must not look like a fault that was asked for.
        const known =
            error instanceof BedrockError
                ? error
                : new BedrockError("InternalServerException", `The fake: ${String(error)}`);
        const { status, name, message } = known;
        if (call) call.status = status;
        const body =
            call?.operation === "ChatCompletions"
                ? { error: { message, type: name, param: null, code: status } }
                : { message };
        reply.json(status, { "x-amzn-errortype": name }, body);
    }
}

function parsedOrFault(text: string): Json | BedrockError {
    try {
        return parseObject(text);
    } catch (error) {
        return error as BedrockError;
    }
}
