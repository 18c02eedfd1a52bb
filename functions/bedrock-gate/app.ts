import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { randomUUID } from "node:crypto";

import { type LocalModels } from "./adapters/local-models";
import { BadRequest, operations, readAsk, tierHeader } from "./core/ask";
import { chatCompletion, ChatChunks, type ChatHead, readChat } from "./core/chat";
import { FrameReader } from "./core/frames";
import { callerWindowKey } from "./core/ledger";
import { type GateError } from "./core/refusal";
import { type GateSettings } from "./core/settings";
import { counter, type Store } from "./core/store";
import { endOf, nameOf } from "./core/time";
import { isRecord } from "./core/usage";
import { type Answer, type Caller, Refused, requireModel } from "./call";
import { type Gate } from "./gate";
import { bedrockError, type ErrorWriter, gateError, openaiError } from "./surfaces";

/** What the surfaces stand on. */
export interface AppGround {
    readonly gate: Gate;
    readonly settings: GateSettings;
    readonly store: Store;
    readonly now: () => Date;
    /** Who asks. @throws Refused where nobody knows */
    readonly identify: (context: Context) => Promise<Caller>;
    readonly log: (event: string, facts: Readonly<Record<string, unknown>>) => void;
    /** Models that cost nothing. @default none */
    readonly local?: LocalModels;
}

/** Bytes of a request: Lambda takes no more. */
const largestRequest = 6 * 1024 * 1024;

/** Headers that Bedrock reads besides the body. */
const readHeaders = ["accept", "x-amzn-bedrock-accept", tierHeader, "x-amzn-bedrock-trace"];

/** The gate's surfaces: Bedrock's runtime API as AWS's SDKs speak it, and OpenAI's. */
export function gateApp(ground: AppGround): Hono {
    const app = new Hono();
    const surface = (writer: ErrorWriter, run: (context: Context, caller: Caller, id: string) => Promise<Response>) => {
        return async (context: Context): Promise<Response> => {
            const id = randomUUID();
            try {
                const response = await run(context, await ground.identify(context), id);
                response.headers.set("x-gate-request-id", id);
                return response;
            } catch (error) {
                const found = gateError(error);
                if (found.status === 500) ground.log("failed", { requestId: id, error: (error as Error).stack });
                return errorResponse(writer, found, id);
            }
        };
    };
    const tooLarge = (writer: ErrorWriter) =>
        bodyLimit({
            maxSize: largestRequest,
            onError: () => errorResponse(writer, tooLargeError, randomUUID()),
        });

    app.post(
        "/model/*",
        tooLarge(bedrockError),
        surface(bedrockError, (context, caller, id) => runtime(ground, context, caller, id)),
    );
    app.post(
        "/v1/chat/completions",
        tooLarge(openaiError),
        surface(openaiError, (context, caller, id) => chat(ground, context, caller, id)),
    );
    app.get(
        "/v1/models",
        surface(openaiError, (_, caller) => Promise.resolve(models(ground, caller))),
    );
    app.get(
        "/v1/usage",
        surface(openaiError, (_, caller) => usage(ground, caller)),
    );
    app.notFound((context) =>
        errorResponse(
            context.req.path.startsWith("/v1/") ? openaiError : bedrockError,
            { status: 404, code: "not_found", message: `There is no ${context.req.method} ${context.req.path} here` },
            randomUUID(),
        ),
    );
    return app;
}

const tooLargeError: GateError = {
    status: 413,
    code: "request_too_large",
    message: `A request may have ${largestRequest} bytes`,
};

async function runtime(ground: AppGround, context: Context, caller: Caller, requestId: string): Promise<Response> {
    // The model may be an ARN, with slashes, encoded or not.
    const [, model, last] = /^\/model\/(.+)\/([^/]+)$/.exec(new URL(context.req.url).pathname) ?? [];
    const operation = operations.find((one) => one === last);
    if (!operation) {
        throw new Refused({ status: 404, code: "not_found", message: `There is no operation ${last ?? ""} here` });
    }
    const ask = readAsk(operation, decoded(model), await context.req.text(), context.req.raw.headers);
    const { [tierHeader]: tier, ...headers } = kept(context);
    // Converse has its tier in the body.
    const sent = operation.startsWith("converse") || tier === undefined ? headers : { ...headers, [tierHeader]: tier };
    return asResponse(await ground.gate.answer({ requestId, caller, ask, headers: sent, ...wishes(context) }));
}

function decoded(model: string): string {
    try {
        return decodeURIComponent(model);
    } catch {
        throw new BadRequest(`The model ${model} is not encoded as a URL asks for`);
    }
}

async function chat(ground: AppGround, context: Context, caller: Caller, requestId: string): Promise<Response> {
    const text = await context.req.text();
    const local = await localChat(ground, caller, text);
    if (local) return local;
    const request = readChat(text);
    const operation = request.stream ? "converse-stream" : "converse";
    const ask = readAsk(operation, request.model, JSON.stringify(request.converse), new Headers());
    const answer = await ground.gate.answer({ requestId, caller, ask, headers: {}, ...wishes(context) });
    if (answer.status !== 200) {
        const message = messageIn(await textOf(answer));
        const code = answer.headers["x-amzn-errortype"] ?? "model_error";
        throw new Refused({ status: answer.status, code, message: message ?? code });
    }
    const head = {
        id: `chatcmpl-${requestId}`,
        model: request.model,
        created: Math.floor(ground.now().getTime() / 1000),
    };
    if (!request.stream) {
        const completion = chatCompletion(head, JSON.parse(await textOf(answer)) as Record<string, unknown>);
        return asResponse({
            ...answer,
            headers: { ...answer.headers, "content-type": "application/json" },
            body: Buffer.from(JSON.stringify(completion)),
        });
    }
    return asResponse({
        ...answer,
        headers: { ...answer.headers, "content-type": "text/event-stream" },
        body: asStream(answer).pipeThrough(chunks(head, request.includeUsage)),
    });
}

/** The answer of a model that costs nothing, where one is asked for. */
async function localChat({ gate, local }: AppGround, caller: Caller, text: string): Promise<Response | undefined> {
    const body = local && parsed(text);
    const model = local?.names.find((name) => name === body?.model);
    if (!local || !body || model === undefined) return undefined;
    requireModel(model, caller);
    await gate.countFree(caller);
    const answer = await local.chat(model, body);
    const headers = {
        "content-type": answer.headers.get("content-type") ?? "application/json",
        "x-gate-cache": "bypass",
        "x-gate-cost-microusd": "0",
    };
    return new Response(answer.body, { status: answer.status, headers });
}

/** What Bedrock says of a failure; what stands in front of it may say it in another format. */
function messageIn(text: string): string | undefined {
    const said = parsed(text);
    return typeof said?.message === "string" ? said.message : undefined;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
    try {
        const value: unknown = JSON.parse(text);
        return isRecord(value) ? value : undefined;
    } catch {
        return undefined;
    }
}

/** Server-sent events, each a chunk of the completion, and `[DONE]` at the end. */
function chunks(head: ChatHead, includeUsage: boolean): TransformStream<Uint8Array, Uint8Array> {
    const frames = new FrameReader();
    const writer = new ChatChunks(head, includeUsage);
    const line = (content: string) => Buffer.from(`data: ${content}\n\n`);
    return new TransformStream({
        transform: (bytes, controller) => {
            for (const event of frames.read(bytes)) {
                for (const chunk of writer.of(event)) controller.enqueue(line(JSON.stringify(chunk)));
            }
        },
        flush: (controller) => controller.enqueue(line("[DONE]")),
    });
}

/** Those that the caller may call. */
function models({ settings, local }: AppGround, caller: Caller): Response {
    const all = [
        ...settings.models.map((id) => ({ id, owned_by: "bedrock" })),
        ...(local?.names ?? []).map((id) => ({ id, owned_by: "local" })),
    ];
    const listed = all.filter(({ id }) => caller.models?.includes(id) ?? true);
    return Response.json({
        object: "list",
        data: listed.map((model) => ({ ...model, object: "model", created: 0 })),
    });
}

/** The caller's own counters of this hour, day and month. */
async function usage({ store, settings, now }: AppGround, caller: Caller): Promise<Response> {
    const time = now();
    const [hour, day, month] = await Promise.all(
        (["hour", "day", "month"] as const).map((unit) => store.get(callerWindowKey(caller.id, unit, time))),
    );
    const window = (unit: "hour" | "day", used: bigint, limit: bigint) => ({
        name: nameOf(unit, time),
        requests: Number(used),
        limit: Number(limit),
        resetsAt: endOf(unit, time).toISOString(),
    });
    return Response.json({
        caller: caller.id,
        hour: window("hour", counter(hour, "requests"), caller.limits?.requestsPerHour ?? settings.requestsPerHour),
        day: window("day", counter(day, "requests"), caller.limits?.requestsPerDay ?? settings.requestsPerDay),
        month: {
            name: nameOf("month", time),
            calls: Number(counter(month, "calls")),
            spentMicroUsd: String(counter(month, "spent")),
            inputTokens: Number(counter(month, "inputTokens")),
            outputTokens: Number(counter(month, "outputTokens")),
            cacheHits: Number(counter(month, "hits")),
            savedMicroUsd: String(counter(month, "saved")),
            resetsAt: endOf("month", time).toISOString(),
        },
    });
}

/** What a caller asks of the gate itself. */
function wishes({ req }: Context) {
    const idempotencyKey = req.header("idempotency-key");
    return {
        noStore: /(^|[\s,])no-store\b/i.test(req.header("cache-control") ?? ""),
        ...(idempotencyKey ? { idempotencyKey: idempotencyKey.slice(0, 255) } : {}),
    };
}

function kept({ req }: Context): Record<string, string> {
    return Object.fromEntries(
        readHeaders.flatMap((name) => {
            const value = req.header(name);
            return value === undefined ? [] : [[name, value]];
        }),
    );
}

function errorResponse(writer: ErrorWriter, error: GateError, id: string): Response {
    const { headers, body } = writer(error);
    return Response.json(body, {
        status: error.status,
        headers: {
            ...headers,
            ...error.headers,
            "x-gate-request-id": id,
            "x-gate-error": error.code,
        },
    });
}

type ResponseBody = ConstructorParameters<typeof Response>[0];

const asResponse = ({ status, headers, body }: Answer) => new Response(body as ResponseBody, { status, headers });
const textOf = async ({ body }: Answer) => new Response(body as ResponseBody).text();
const asStream = ({ body }: Answer) => new Response(body as ResponseBody).body!;
