import { type Operation } from "./calls";
import { BedrockError, invalid } from "./errors";
import { type Json } from "./json";
import { modelOf, wantsStream } from "./openai";

/** What a request asks for. */
export interface Route {
    readonly operation: Operation;
    readonly model: string;
    readonly stream: boolean;
}

const operations: Readonly<Record<string, Operation>> = {
    converse: "Converse",
    "converse-stream": "ConverseStream",
    invoke: "InvokeModel",
    "invoke-with-response-stream": "InvokeModelWithResponseStream",
};

/** An ARN's slash is encoded by AWS's SDKs, and not by every client. */
const ofModel = /^\/model\/(.+)\/(converse|converse-stream|invoke|invoke-with-response-stream)$/;
/** Bedrock has both. */
const chatPaths: readonly string[] = ["/openai/v1/chat/completions", "/v1/chat/completions"];
const models = "/foundation-models";

/** @param path with or without a query */
export function routeOf(method: string, path: string, body: Json | undefined): Route {
    const [pathname] = path.split("?", 1);
    if (method === "POST") {
        const match = ofModel.exec(pathname);
        if (match) {
            const operation = operations[match[2]];
            return { operation, model: decoded(match[1]), stream: operation.endsWith("Stream") };
        }
        if (chatPaths.includes(pathname)) {
            return { operation: "ChatCompletions", model: modelOf(body), stream: wantsStream(body) };
        }
    }
    if (method === "GET" && pathname === models) return { operation: "ListFoundationModels", model: "", stream: false };
    if (method === "GET" && pathname.startsWith(`${models}/`)) {
        const model = decoded(pathname.slice(models.length + 1));
        return { operation: "GetFoundationModel", model, stream: false };
    }
    throw new BedrockError("UnknownOperationException", `The fake has no ${method} ${pathname}.`);
}

function decoded(segment: string): string {
    try {
        return decodeURIComponent(segment);
    } catch {
        throw invalid("The model identifier is not encoded as a URL asks for.");
    }
}
