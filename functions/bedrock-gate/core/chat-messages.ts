import { BadRequest, type Body } from "./ask";
import { isRecord } from "./usage";

/** The messages of a chat, as Converse takes them. */
export interface Conversation {
    readonly system: Body[];
    readonly messages: Body[];
}

/** @throws BadRequest where a message is none that Converse has */
export function chatMessages(messages: unknown): Conversation {
    if (!Array.isArray(messages) || messages.length === 0) {
        throw new BadRequest("messages is missing, expected at least one message");
    }
    const system: Body[] = [];
    const turns: { role: string; content: Body[] }[] = [];
    for (const [index, message] of messages.entries()) {
        if (!isRecord(message)) throw new BadRequest(`messages[${index}] is no object`);
        const { role } = message;
        if (role === "system" || role === "developer") {
            system.push(...texts(message.content, index));
            continue;
        }
        const turn = role === "tool" ? toolResult(message, index) : turnOf(message, index);
        const last = turns.at(-1);
        // Converse wants turns to alternate; several results of tools are one turn of the user.
        if (last?.role === turn.role) last.content.push(...turn.content);
        else turns.push(turn);
    }
    return { system, messages: turns };
}

function turnOf(message: Body, index: number) {
    const { role, content, tool_calls: calls } = message;
    if (role !== "user" && role !== "assistant") {
        throw new BadRequest(
            `messages[${index}].role is ${JSON.stringify(role)}, expected system, user, assistant or tool`,
        );
    }
    const uses = (Array.isArray(calls) ? calls : []).map((call: unknown) => toolUse(call, index));
    const said = content === null || content === undefined || content === "" ? [] : texts(content, index);
    if (said.length + uses.length === 0) throw new BadRequest(`messages[${index}].content is empty`);
    return { role, content: [...said, ...uses] };
}

function toolUse(call: unknown, index: number): Body {
    const called = isRecord(call) ? call.function : undefined;
    if (!isRecord(call) || !isRecord(called)) throw new BadRequest(`messages[${index}].tool_calls: expected functions`);
    let input: unknown;
    try {
        input = JSON.parse(String(called.arguments || "{}"));
    } catch {
        throw new BadRequest(`messages[${index}].tool_calls: the arguments of ${String(called.name)} are no JSON`);
    }
    return { toolUse: { toolUseId: call.id, name: called.name, input } };
}

function toolResult(message: Body, index: number) {
    const result = { toolUseId: message.tool_call_id, content: texts(message.content, index) };
    return { role: "user", content: [{ toolResult: result }] };
}

function texts(content: unknown, index: number): Body[] {
    if (typeof content === "string") return [{ text: content }];
    if (!Array.isArray(content)) throw new BadRequest(`messages[${index}].content: expected text`);
    return content.map((part: unknown) => {
        if (isRecord(part) && part.type === "text" && typeof part.text === "string") return { text: part.text };
        const type = isRecord(part) ? String(part.type) : typeof part;
        throw new BadRequest(
            `messages[${index}].content has ${type}, whose tokens have no ceiling here: send text only`,
        );
    });
}
