import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { type Api, type Made } from "./api";
import { chargeFor, type RunningBill } from "./bill";
import { type RunningCall } from "./calls";
import { converse } from "./converse";
import { BedrockError } from "./errors";
import { type FaultOf, type FaultQueue, type FaultsOfCall } from "./faults";
import { generate } from "./generate";
import { invoke } from "./invoke";
import { type Json } from "./json";
import { type Model, type Models } from "./models";
import { nativeFormat } from "./native";
import { chatCompletions } from "./openai";
import { type Settings } from "./options";
import { type Reply } from "./reply";
import { toldOf } from "./told";
import { type Usage } from "./tokens";

/** Bills what a call used. */
type Charge = (usage: Usage) => void;

/** Answers the calls of models, with the faults that are to meet them, and bills them. */
export class ModelCalls {
    private readonly closing = new AbortController();
    private count = 0;
    /** Goes up when the bill begins anew: what still runs from before is not on it. */
    private era = 0;

    constructor(
        private readonly settings: Settings,
        private readonly models: Models,
        private readonly faults: FaultQueue,
        private readonly bill: RunningBill,
    ) {
        setMaxListeners(0, this.closing.signal);
    }

    beginAnew(): void {
        this.era += 1;
        this.bill.clear();
    }

    /** Nothing waits any more: what runs is billed and done. */
    hurry(): void {
        this.closing.abort();
    }

    /** @throws BedrockError for what is refused */
    async run(call: RunningCall, reply: Reply, body: Json): Promise<void> {
        const faults = this.faults.take(call);
        const began = performance.now();
        await this.wait(faults.slow?.ms ?? 0);
        if (faults.reset) return reply.reset();
        if (faults.refuse && !faults.refuse.billed) throw refusalBy(faults.refuse);

        const model = this.models.find(call.model);
        const api = apiOf(call, model);
        const prompt = api.prompt(body, call.headers);
        const generation = generate(prompt, this.settings);
        const { usage } = generation;
        const tier = faults.tier?.served ?? prompt.tier;
        // What cannot be billed is refused before anything is sent.
        chargeFor(usage, model.prices, tier);
        const { era } = this;
        const charge: Charge = (used) => {
            call.usage = used;
            call.microUsd = chargeFor(used, model.prices, tier);
            if (era === this.era) this.bill.charge(model, used, tier);
        };

        await this.wait(this.latencyOf(call));
        if (faults.refuse ?? faults.timeOut) charge(usage);
        if (faults.refuse) throw refusalBy(faults.refuse);
        if (faults.timeOut) {
            await this.wait(faults.timeOut.afterMs ?? 0);
            return reply.hangUp();
        }

        this.count += 1;
        const made: Made = {
            ...generation,
            ...toldOf(usage, faults),
            model: call.model,
            id: String(this.count).padStart(12, "0"),
            tier,
            latencyMs: Math.round(performance.now() - began),
            chunks: this.settings.chunks,
        };
        call.status = 200;
        if (call.stream) return this.stream(api, made, body, reply, faults, charge);
        charge(usage);
        const answer = api.answer(made);
        reply.json(200, answer.headers, answer.body);
    }

    private async stream(
        api: Api,
        made: Made,
        body: Json,
        reply: Reply,
        { cut }: FaultsOfCall,
        charge: Charge,
    ): Promise<void> {
        const frames = api.frames(made, body);
        const pieces = frames.filter(({ tokens }) => tokens !== undefined).length;
        const last = cut ? Math.min(cut.afterChunks, pieces) : Infinity;
        const generated = { ...made.usage, outputTokens: 0 };
        let sent = 0;
        reply.head(200, api.streamHeaders(made));
        for (const { bytes, tokens } of frames) {
            // What comes before the first piece is sent in any case.
            if (cut && sent === last && (tokens !== undefined || sent > 0)) {
                charge(cut.billing === "whole" ? made.usage : generated);
                return endEarly(api, reply, cut);
            }
            if (tokens !== undefined) {
                if (sent > 0) await this.wait(this.settings.chunkDelay);
                if (reply.gone && this.settings.clientGone === "generated") return charge(generated);
                generated.outputTokens += tokens;
                sent += 1;
            }
            reply.write(bytes);
        }
        charge(made.usage);
        reply.end();
    }

    private latencyOf(call: RunningCall): number {
        const { latency } = this.settings;
        return typeof latency === "number" ? latency : latency(call);
    }

    private async wait(milliseconds: number): Promise<void> {
        const { signal } = this.closing;
        if (milliseconds <= 0 || signal.aborted) return;
        await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    }
}

function apiOf({ operation }: RunningCall, model: Model): Api {
    if (operation === "ChatCompletions") return chatCompletions;
    return operation.startsWith("Converse") ? converse : invoke(nativeFormat(model.id));
}

function refusalBy({ error, message }: FaultOf<"refuse">): BedrockError {
    return new BedrockError(error, message ?? `The fake was told to answer with ${error}.`);
}

function endEarly(api: Api, reply: Reply, { ending = "connection" }: FaultOf<"cut">): void {
    if (ending === "connection") return reply.hangUp();
    if (ending === "exception") reply.write(api.exception("The model failed while it streamed.").bytes);
    reply.end();
}
