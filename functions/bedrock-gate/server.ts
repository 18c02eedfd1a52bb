import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { getRequestListener } from "@hono/node-server";
import { Command, InvalidArgumentError } from "commander";
import { readFileSync } from "node:fs";
import { type IncomingMessage, type ServerResponse } from "node:http";

import { LocalModels, type LocalNames } from "./adapters/local-models";
import { gateApp } from "./app";
import { Gate } from "./gate";
import { gateGround } from "./ground";
import { bearer } from "./identify";
import { Listener } from "./listener";

/** A running gate. */
export interface GateServer {
    readonly url: string;
    close(): Promise<void>;
}

/** Serves an app over HTTP/1.1 and HTTP/2 on one port, without TLS: for that there is what stands in front of it. */
export async function serve(app: ReturnType<typeof gateApp>, port: number, host?: string): Promise<GateServer> {
    const answer = getRequestListener(app.fetch);
    const listener = new Listener((request, response) => {
        void answer(request as IncomingMessage, response as ServerResponse);
    });
    const bound = await listener.listen(port, host);
    return { url: `http://${host ?? "127.0.0.1"}:${bound}`, close: () => listener.close() };
}

interface ServerOptions {
    readonly settings?: string;
    readonly port: string;
    readonly host: string;
    readonly localUrl?: string;
    readonly localModel: LocalNames;
}

async function run({ settings: file, port, host, localUrl, localModel }: ServerOptions): Promise<void> {
    const text = file === undefined ? process.env.GATE_SETTINGS : readFileSync(file, "utf8");
    if (text === undefined) {
        throw new Error(
            "The gate has no settings: give --settings FILE, or the variable GATE_SETTINGS of a deployed gate",
        );
    }
    const { shutOff, ...ground } = gateGround(text, defaultProvider());
    const gate = new Gate(ground.settings, { ...ground, charged: () => shutOff.look() });
    const local = localUrl === undefined ? undefined : new LocalModels(localUrl, localModel);
    const app = gateApp({ ...ground, gate, local, identify: (context) => bearer(context, ground) });
    const server = await serve(app, Number(port), host);
    process.stderr.write(`The gate listens at ${server.url}. It knows callers by their gate keys.\n`);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
}

/** The models of the tier that costs nothing (E7), as Ollama calls them. */
const ollamaModels: LocalNames = { "llama-3.1-8b": "llama3.1:8b", "mistral-7b": "mistral:7b" };

function localModel(text: string, others: LocalNames): LocalNames {
    const [, name, own] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined) throw new InvalidArgumentError("Expected NAME=ITS NAME, such as llama-3.1-8b=llama3.1:8b.");
    return { ...(others === ollamaModels ? {} : others), [name]: own };
}

function url(text: string): string {
    if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
    throw new InvalidArgumentError("Expected an address such as http://localhost:11434.");
}

if (require.main === module) {
    new Command("npm run gate --")
        .description("The gate as a server of its own, with the table, models and limits of a deployed one.")
        .option("--settings <file>", "its settings as JSON (default: the variable GATE_SETTINGS)")
        .option("--port <port>", "where it listens", "8787")
        .option("--host <address>", "on which address", "127.0.0.1")
        .option(
            "--local-url <url>",
            "a server of models that cost nothing, such as http://localhost:11434 (Ollama)",
            url,
        )
        .option(
            "--local-model <name=its name>",
            "one of its models, by the name that callers use; repeatable",
            localModel,
            ollamaModels,
        )
        .action(run)
        .parseAsync()
        .catch((error: Error) => {
            process.stderr.write(`${error.message}\n`);
            process.exitCode = 1;
        });
}
