import { isRecord } from "./usage";

/** Bedrock's four ways to call a model, by the last part of their path. */
export const operations = ["invoke", "invoke-with-response-stream", "converse", "converse-stream"] as const;
export type Operation = (typeof operations)[number];

export type Body = Readonly<Record<string, unknown>>;

/** What of a request decides what it can cost. */
export interface Ask {
    readonly operation: Operation;
    /** As the caller names it: an id, an inference profile's id, or an ARN of one of them. */
    readonly model: string;
    readonly body: Body;
    /** No input of this request has more tokens. */
    readonly inputTokens: bigint;
    /** What the caller allows, where it says so. */
    readonly outputTokens: number | undefined;
    readonly serviceTier: ServiceTier;
    /** The same request with another limit of the answer's length. */
    withOutputTokens(tokens: number): Body;
}

export const serviceTiers = ["default", "priority", "flex", "reserved"] as const;
export type ServiceTier = (typeof serviceTiers)[number];

/** The header in which a request for a model's own format names its tier. */
export const tierHeader = "x-amzn-bedrock-service-tier";

/** A request that is refused before anything is counted. */
export class BadRequest extends Error {
    override readonly name = "BadRequest";
}

/**
 * Where a family's own request format keeps the limit of the answer's length. All are read, and the largest counts; the
 * one that the caller uses is written, or else the first.
 */
const limitFields: readonly { readonly family: RegExp; readonly paths: readonly (readonly string[])[] }[] = [
    { family: /^anthropic\./, paths: [["max_tokens"], ["max_tokens_to_sample"]] },
    { family: /^meta\./, paths: [["max_gen_len"]] },
    {
        family: /^amazon\.nova/,
        paths: [
            ["inferenceConfig", "maxTokens"],
            ["inferenceConfig", "max_new_tokens"],
        ],
    },
    { family: /^amazon\.titan-text/, paths: [["textGenerationConfig", "maxTokenCount"]] },
    { family: /^(mistral|cohere|deepseek|ai21|qwen)\./, paths: [["max_tokens"], ["maxTokens"]] },
    { family: /^openai\./, paths: [["max_completion_tokens"], ["max_tokens"]] },
];

const converseLimit = [["inferenceConfig", "maxTokens"]];

/** Names under which a request asks for several answers at once, each billed. */
const severalAnswers = ["n", "num_generations", "numResults", "num_results"];

/** Content whose tokens are not bounded by its bytes, by key and by `type`. */
const unbounded = [
    ...["image", "video", "audio", "document", "file"],
    ...["images", "videos", "image_url", "video_url", "audio_url", "input_image", "input_audio", "input_file"],
];

/** What a model's template adds, in tokens: to a request, to one with tools, to each message and each tool. */
const template = { request: 64n, withTools: 1024n, message: 64n, tool: 128n };

/**
 * Reads a request to Bedrock's runtime API.
 *
 * @param model the part of the path, decoded
 * @param text the body as it came
 * @throws BadRequest where it cannot be read, or where no ceiling of its price can be computed
 */
export function readAsk(operation: Operation, model: string, text: string, headers: Headers): Ask {
    const body = jsonObject(text);
    const converse = operation.startsWith("converse");
    refuseUnpriced(body, headers);
    const paths = converse ? converseLimit : nativeLimit(model);
    const asked = paths.filter((path) => at(body, path) !== undefined).map((path) => limitAt(body, path));
    const written = asked[0]?.path ?? paths[0];
    return {
        operation,
        model,
        body,
        inputTokens: boundOf(body),
        outputTokens: asked.length > 0 ? Math.max(...asked.map(({ tokens }) => tokens)) : undefined,
        serviceTier: converse ? tierOf(at(body, ["serviceTier", "type"])) : nativeTier(body, headers),
        withOutputTokens: (tokens) => {
            const others = paths.reduce((rest, path) => without(rest, path), body);
            return withValue(others, written, tokens);
        },
    };
}

/** @throws BadRequest where a body is no JSON object */
export function jsonObject(text: string): Body {
    let body: unknown;
    try {
        body = JSON.parse(text);
    } catch (error) {
        throw new BadRequest(`The body is no JSON: ${(error as Error).message}`);
    }
    if (!isRecord(body)) throw new BadRequest("The body is no JSON object");
    return body;
}

function limitAt(body: Body, path: readonly string[]) {
    const tokens = at(body, path);
    if (Number.isSafeInteger(tokens) && (tokens as number) > 0) return { path, tokens: tokens as number };
    throw new BadRequest(`${path.join(".")} is ${JSON.stringify(tokens)}, expected a whole number of tokens above 0`);
}

function nativeLimit(model: string): readonly (readonly string[])[] {
    const known = limitFields.find(({ family }) => family.test(familyOf(model)));
    if (known) return known.paths;
    throw new BadRequest(`The request format of ${model} is not known here, so its price has no ceiling: use Converse`);
}

/** The id without what stands before the provider: an ARN's beginning, a profile's area. */
const familyOf = (model: string) => model.replace(/^.*\//, "").replace(/^(us|us-gov|eu|apac|jp|au|ca|global)\./, "");

function refuseUnpriced(body: Body, headers: Headers): void {
    const guardrail =
        body.guardrailConfig ??
        body["amazon-bedrock-guardrailConfig"] ??
        headers.get("x-amzn-bedrock-guardrailidentifier");
    if (guardrail) throw new BadRequest("Guardrails are billed by what they read, which has no ceiling here");
    const latency =
        at(body, ["performanceConfig", "latency"]) ?? headers.get("x-amzn-bedrock-performanceconfig-latency");
    if (latency === "optimized") throw new BadRequest("The prices of latency-optimized answers are not known here");
    for (const name of severalAnswers) {
        const several = body[name];
        if (several !== undefined && several !== 1) {
            throw new BadRequest(`${name} is not supported: ask once an answer`);
        }
    }
    const extra = body.additionalModelRequestFields;
    if (keysOf(extra).some((name) => /max.*(tok|len)|^n$|^num/i.test(name))) {
        throw new BadRequest("additionalModelRequestFields sets a limit: use inferenceConfig.maxTokens");
    }
    if (toolsOf(body).some(runsAtBedrock)) {
        throw new BadRequest("The request has a tool that Bedrock runs, whose price has no ceiling here");
    }
    const found = findUnbounded(body);
    if (found) throw new BadRequest(`The request has ${found}, whose tokens have no ceiling here: send text only`);
}

const toolPlaces = [["toolConfig", "tools"], ["tools"], ["additionalModelRequestFields", "tools"]];

function toolsOf(body: Body): unknown[] {
    return toolPlaces
        .map((path) => at(body, path))
        .flatMap((tools) => (Array.isArray(tools) ? (tools as unknown[]) : []));
}

/** A tool that its caller runs is a name and a schema, in Converse's format or in a model's own. */
function runsAtBedrock(tool: unknown): boolean {
    if (!isRecord(tool)) return true;
    if (tool.type !== undefined) return tool.type !== "custom" && tool.type !== "function";
    const [kind] = Object.keys(tool);
    return !("name" in tool) && !["toolSpec", "cachePoint"].includes(kind);
}

/** The names of all that a value has, at any depth. */
function keysOf(value: unknown): string[] {
    if (Array.isArray(value)) return value.flatMap(keysOf);
    return isRecord(value) ? Object.entries(value).flatMap(([name, inner]) => [name, ...keysOf(inner)]) : [];
}

/** The first content that is no text. A tool's schema and arguments are text, whatever their names are. */
function findUnbounded(value: unknown): string | undefined {
    if (Array.isArray(value)) return value.map(findUnbounded).find((found) => found !== undefined);
    if (!isRecord(value)) return undefined;
    if (typeof value.type === "string" && unbounded.includes(value.type)) return value.type;
    for (const [name, inner] of Object.entries(value)) {
        if (["toolConfig", "tools", "input", "json", "schema"].includes(name)) continue;
        if (unbounded.includes(name) && (isRecord(inner) || Array.isArray(inner))) return name;
        const found = findUnbounded(inner);
        if (found) return found;
    }
    return undefined;
}

/**
 * A text has no more tokens than bytes, since every tokenizer's smallest piece is a byte; the bytes of the body that is
 * sent, which are not those that came, are more than its texts'. Some tokenizers write a text out first (Unicode's form
 * NFKC), which can make it longer. What the model's template adds comes on top.
 */
function boundOf(body: Body): bigint {
    const text = JSON.stringify(body, (name, value: unknown) => {
        // JSON's larger integers would be sent as others.
        if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
        if (Number.isFinite(value) && !Number.isInteger(value)) return value;
        throw new BadRequest(`${name} is a number beyond those that can be sent`);
    });
    const messages = Array.isArray(body.messages) ? body.messages.length : 1;
    const count = BigInt(toolsOf(body).length);
    return (
        BigInt(Math.max(Buffer.byteLength(text), Buffer.byteLength(text.normalize("NFKC")))) +
        template.request +
        template.message * BigInt(messages) +
        (count > 0n ? template.withTools + template.tool * count : 0n)
    );
}

/** Bedrock reads the header; a body that names another tier means something else than what is sent. */
function nativeTier(body: Body, headers: Headers): ServiceTier {
    const named = tierOf(headers.get(tierHeader));
    if (body.service_tier === undefined || tierOf(body.service_tier) === named) return named;
    throw new BadRequest(
        `service_tier is ${JSON.stringify(body.service_tier)}, and the header ${tierHeader} says ${named}`,
    );
}

function tierOf(value: unknown): ServiceTier {
    if (value === undefined || value === null || value === "auto") return "default";
    const tier = serviceTiers.find((one) => one === value);
    if (tier) return tier;
    throw new BadRequest(`The service tier is ${JSON.stringify(value)}, expected ${serviceTiers.join(", ")}`);
}

function at(body: unknown, path: readonly string[]): unknown {
    return path.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), body);
}

function withValue(body: Body, [name, ...rest]: readonly string[], value: unknown): Body {
    const inner = isRecord(body[name]) ? body[name] : {};
    return { ...body, [name]: rest.length === 0 ? value : withValue(inner, rest, value) };
}

function without(body: Body, [name, ...rest]: readonly string[]): Body {
    const { [name]: inner, ...others } = body;
    if (rest.length === 0 || inner === undefined) return others;
    return isRecord(inner) ? { ...others, [name]: without(inner, rest) } : body;
}
