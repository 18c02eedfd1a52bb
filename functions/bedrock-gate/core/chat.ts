import { BadRequest, type Body, jsonObject } from "./ask";
import { chatMessages } from "./chat-messages";
import { type StreamEvent } from "./frames";
import { isRecord } from "./usage";

/** A request for a chat completion in OpenAI's format, as Converse takes it. */
export interface ChatRequest {
    readonly model: string;
    readonly stream: boolean;
    /** Whether the stream's last chunk tells what was used. */
    readonly includeUsage: boolean;
    /** The body for Converse or ConverseStream. */
    readonly converse: Body;
}

/** Fields that are read. A field that would be ignored is refused: its sender counts on it. */
const known = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "stop",
    "tools",
    "tool_choice",
    "n",
    "user",
    "metadata",
    "store",
    "service_tier",
    "parallel_tool_calls",
];

/** Reads a request for a chat completion. @throws BadRequest where it asks for what Converse has not */
export function readChat(text: string): ChatRequest {
    const body = jsonObject(text);
    const unknown = Object.keys(body).filter((name) => body[name] !== null && !known.includes(name));
    if (unknown.length > 0) throw new BadRequest(`${unknown.join(", ")}: not supported by this gate`);
    if (typeof body.model !== "string") throw new BadRequest("model is missing, expected the id of a model");
    if (body.n != null && body.n !== 1) throw new BadRequest("n is not supported: ask once an answer");
    const { system, messages } = chatMessages(body.messages);
    return {
        model: body.model,
        stream: body.stream === true,
        includeUsage: isRecord(body.stream_options) && body.stream_options.include_usage === true,
        converse: {
            messages,
            ...(system.length > 0 ? { system } : {}),
            ...inferenceConfig(body),
            ...toolConfig(body),
            ...serviceTier(body.service_tier),
        },
    };
}

function inferenceConfig(body: Body): Body {
    const maxTokens = body.max_completion_tokens ?? body.max_tokens;
    const stop = typeof body.stop === "string" ? [body.stop] : body.stop;
    const config = {
        ...(maxTokens == null ? {} : { maxTokens }),
        ...(body.temperature == null ? {} : { temperature: body.temperature }),
        ...(body.top_p == null ? {} : { topP: body.top_p }),
        ...(stop == null ? {} : { stopSequences: stop }),
    };
    return Object.keys(config).length > 0 ? { inferenceConfig: config } : {};
}

function toolConfig({ tools, tool_choice: choice }: Body): Body {
    if (!Array.isArray(tools) || tools.length === 0 || choice === "none") return {};
    const toolSpecs = tools.map((tool: unknown) => {
        const called = isRecord(tool) && tool.type === "function" ? tool.function : undefined;
        if (!isRecord(called) || typeof called.name !== "string") throw new BadRequest("tools: expected functions");
        const { name, description, parameters = { type: "object" } } = called;
        return { toolSpec: { name, ...(description ? { description } : {}), inputSchema: { json: parameters } } };
    });
    return { toolConfig: { tools: toolSpecs, ...toolChoice(choice) } };
}

function toolChoice(choice: unknown): Body {
    if (choice === undefined || choice === null || choice === "auto") return {};
    if (choice === "required") return { toolChoice: { any: {} } };
    const called = isRecord(choice) ? choice.function : undefined;
    if (isRecord(called)) return { toolChoice: { tool: { name: called.name } } };
    throw new BadRequest("tool_choice: expected auto, none, required or a function");
}

function serviceTier(tier: unknown): Body {
    return tier === undefined || tier === null || tier === "auto" || tier === "default"
        ? {}
        : { serviceTier: { type: tier } };
}

/** What every chunk and completion begins with. */
export interface ChatHead {
    readonly id: string;
    readonly model: string;
    /** Seconds since 1970. */
    readonly created: number;
}

const finishReasons: Readonly<Record<string, string>> = {
    end_turn: "stop",
    stop_sequence: "stop",
    tool_use: "tool_calls",
    max_tokens: "length",
    model_context_window_exceeded: "length",
    content_filtered: "content_filter",
    guardrail_intervened: "content_filter",
};

const finishReason = (reason: unknown) => finishReasons[String(reason)] ?? "stop";

/** Converse's answer as a chat completion. */
export function chatCompletion({ id, model, created }: ChatHead, answer: Body): Body {
    const message = isRecord(answer.output) && isRecord(answer.output.message) ? answer.output.message : {};
    const blocks = (Array.isArray(message.content) ? message.content : []).filter(isRecord);
    const text = blocks.flatMap((block) => (typeof block.text === "string" ? [block.text] : [])).join("");
    const calls = blocks.flatMap(({ toolUse }) =>
        isRecord(toolUse)
            ? [
                  {
                      id: toolUse.toolUseId,
                      type: "function",
                      function: { name: toolUse.name, arguments: JSON.stringify(toolUse.input ?? {}) },
                  },
              ]
            : [],
    );
    return {
        id,
        object: "chat.completion",
        created,
        model,
        choices: [
            {
                index: 0,
                message: {
                    role: "assistant",
                    content: text === "" && calls.length > 0 ? null : text,
                    refusal: null,
                    ...(calls.length > 0 ? { tool_calls: calls } : {}),
                },
                logprobs: null,
                finish_reason: finishReason(answer.stopReason),
            },
        ],
        usage: chatUsage(answer.usage),
    };
}

/** Input holds what came from a cache, as OpenAI counts. */
function chatUsage(usage: unknown): Body {
    const of = (name: string) => (isRecord(usage) && typeof usage[name] === "number" ? usage[name] : 0);
    const cached = of("cacheReadInputTokens");
    const input = of("inputTokens") + cached + of("cacheWriteInputTokens");
    const output = of("outputTokens");
    return {
        prompt_tokens: input,
        completion_tokens: output,
        total_tokens: input + output,
        prompt_tokens_details: { cached_tokens: cached },
    };
}

/** Turns the events of ConverseStream into the chunks of a chat completion. */
export class ChatChunks {
    /** Converse numbers all blocks of an answer, OpenAI its tool calls. */
    private readonly toolCalls = new Map<unknown, number>();

    constructor(
        private readonly head: ChatHead,
        private readonly includeUsage: boolean,
    ) {}

    /** The chunks of one event: mostly one. */
    of({ type, content, isException }: StreamEvent): Body[] {
        const event = isRecord(content) ? content : {};
        if (isException) return [{ error: { message: event.message ?? type, type: "server_error", code: type } }];
        switch (type) {
            case "messageStart":
                return [this.delta({ role: "assistant", content: "" })];
            case "contentBlockStart":
                return this.toolStart(event);
            case "contentBlockDelta":
                return this.blockDelta(event);
            case "messageStop":
                return [this.chunk([{ index: 0, delta: {}, finish_reason: finishReason(event.stopReason) }])];
            case "metadata":
                return this.includeUsage ? [{ ...this.chunk([]), usage: chatUsage(event.usage) }] : [];
            default:
                return [];
        }
    }

    private toolStart({ contentBlockIndex, start }: Body): Body[] {
        const toolUse = isRecord(start) ? start.toolUse : undefined;
        if (!isRecord(toolUse)) return [];
        const index = this.toolCalls.size;
        this.toolCalls.set(contentBlockIndex, index);
        const called = { name: toolUse.name, arguments: "" };
        return [this.delta({ tool_calls: [{ index, id: toolUse.toolUseId, type: "function", function: called }] })];
    }

    private blockDelta({ contentBlockIndex, delta }: Body): Body[] {
        if (!isRecord(delta)) return [];
        if (typeof delta.text === "string") return [this.delta({ content: delta.text })];
        if (!isRecord(delta.toolUse)) return [];
        const index = this.toolCalls.get(contentBlockIndex) ?? 0;
        return [this.delta({ tool_calls: [{ index, function: { arguments: delta.toolUse.input ?? "" } }] })];
    }

    private delta(delta: Body): Body {
        return this.chunk([{ index: 0, delta, finish_reason: null }]);
    }

    private chunk(choices: readonly Body[]): Body {
        const { id, model, created } = this.head;
        return { id, object: "chat.completion.chunk", created, model, choices };
    }
}
