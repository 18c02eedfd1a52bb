import { type Answer, type Api, type Frame, type Made } from "./api";
import { invalid } from "./errors";
import { eventFrame, eventStreamHeaders, padding, streamErrorFrame } from "./event-stream";
import { divide } from "./generate";
import {
    isObject,
    type Json,
    optionalLimit,
    optionalObject,
    optionalObjects,
    optionalText,
    requiredObjects,
    requiredText,
} from "./json";
import { tierOf, type Tool, toolText } from "./prompt";
import { cacheWrites, type Usage } from "./tokens";

/** Converse and ConverseStream. */
export const converse: Api = {
    prompt: (body) => {
        const messages = conversationOf(body);
        const tools = toolsOf(body);
        return {
            text: [textOf(optionalObjects(body, "system")), ...messages, ...tools.map(toolText)].join(""),
            lastText: messages.at(-1)!,
            messages: messages.length,
            tools,
            maxTokens: optionalLimit(optionalObject(body, "inferenceConfig") ?? {}, "maxTokens"),
            tier: tierOf(optionalObject(body, "serviceTier")?.type),
        };
    },
    answer,
    streamHeaders: () => eventStreamHeaders,
    frames,
    exception: streamErrorFrame,
};

/** The text of each message, in the blocks that Converse and Nova's own format have. */
export function conversationOf(body: Json): readonly string[] {
    const messages = requiredObjects(body, "messages");
    if (messages[0].role !== "user") {
        throw invalid("A conversation must start with a user message. Try again with a conversation that does.");
    }
    return messages.map((message) => {
        if (message.role !== "user" && message.role !== "assistant") throw invalid("role: expected user or assistant");
        return textOf(requiredObjects(message, "content"));
    });
}

/** @throws BedrockError for what a model of text alone does not read */
export function textOf(blocks: readonly Json[]): string {
    return blocks.map(textOfBlock).join("");
}

/** What the model reads of a block, and no more: a ceiling counts the same bytes. */
function textOfBlock(block: Json): string {
    const { text, cachePoint, toolUse, toolResult, json, guardContent, reasoningContent } = block;
    if (typeof text === "string") return text;
    if (cachePoint !== undefined) return "";
    if (json !== undefined) return JSON.stringify(json);
    if (isObject(toolUse)) return requiredText(toolUse, "name") + JSON.stringify(toolUse.input ?? {});
    if (isObject(toolResult)) return textOf(optionalObjects(toolResult, "content"));
    const inside = isObject(guardContent)
        ? guardContent.text
        : isObject(reasoningContent) && reasoningContent.reasoningText;
    if (isObject(inside)) return optionalText(inside, "text") ?? "";
    throw invalid(`This model doesn't support the content block ${Object.keys(block).join(", ")}.`);
}

function toolsOf(body: Json): readonly Tool[] {
    const config = optionalObject(body, "toolConfig");
    if (!config) return [];
    const specifications = requiredObjects(config, "tools").flatMap(({ toolSpec }) =>
        isObject(toolSpec) ? [toolSpec] : [],
    );
    const tools = specifications.map((specification) => ({
        name: requiredText(specification, "name"),
        description: optionalText(specification, "description") ?? "",
        schema: optionalObject(optionalObject(specification, "inputSchema") ?? {}, "json") ?? {},
    }));
    const choice = optionalObject(optionalObject(config, "toolChoice") ?? {}, "tool")?.name;
    // The one that must be used comes first.
    return tools.sort((a, b) => Number(b.name === choice) - Number(a.name === choice));
}

function answer(made: Made): Answer {
    const { text, toolUse, stopReason, counts, latencyMs, tier } = made;
    const content = toolUse ? { toolUse: { toolUseId: toolUseId(made), ...toolUse } } : { text };
    const body = {
        metrics: { latencyMs },
        output: { message: { content: [content], role: "assistant" } },
        serviceTier: { type: tier },
        stopReason,
        ...(counts ? { usage: tokenUsage(counts) } : {}),
    };
    return { headers: {}, body };
}

/** As Bedrock does, a block of text begins with its first piece: only a tool's block has an event of its own for it. */
function frames(made: Made): readonly Frame[] {
    const { text, toolUse, stopReason, usage, counts, latencyMs, tier, chunks } = made;
    const event = (type: string, payload: Json, tokens?: number) =>
        eventFrame(type, { ...payload, p: padding(tokens ?? type.length) }, tokens);
    const block = { contentBlockIndex: 0 };
    const pieces = divide(toolUse ? JSON.stringify(toolUse.input) : text, usage.outputTokens, chunks);
    const start = toolUse
        ? [
              event("contentBlockStart", {
                  ...block,
                  start: { toolUse: { name: toolUse.name, toolUseId: toolUseId(made) } },
              }),
          ]
        : [];
    const delta = (piece: string) => (toolUse ? { toolUse: { input: piece } } : { text: piece });
    const metadata = (known: Usage) =>
        event("metadata", { metrics: { latencyMs }, serviceTier: { type: tier }, usage: tokenUsage(known) });
    return [
        event("messageStart", { role: "assistant" }),
        ...start,
        ...pieces.map((piece) => event("contentBlockDelta", { ...block, delta: delta(piece.text) }, piece.tokens)),
        event("contentBlockStop", block),
        event("messageStop", { stopReason }),
        ...(counts ? [metadata(counts)] : []),
    ];
}

function toolUseId({ id }: Made): string {
    return `tooluse_${id}`;
}

/** `usage` of Converse. The total holds what is said of the cache besides, even where that counts twice. */
export function tokenUsage(usage: Usage): Json {
    const { inputTokens, outputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = usage;
    const details = [
        { ttl: "1h", inputTokens: cacheWrite1hTokens },
        { ttl: "5m", inputTokens: cacheWrite5mTokens },
    ];
    return {
        inputTokens,
        outputTokens,
        totalTokens: inputTokens + outputTokens + cacheReadTokens + cacheWrites(usage),
        cacheReadInputTokens: cacheReadTokens,
        cacheWriteInputTokens: cacheWrites(usage),
        cacheDetails: details.filter(({ inputTokens: written }) => written > 0),
    };
}
