import { Hash } from "@smithy/hash-node";
import { SignatureV4 } from "@smithy/signature-v4";

import { type Operation } from "../core/ask";

/** A request for a model, as it goes to Bedrock. */
export interface ModelCall {
    readonly operation: Operation;
    readonly model: string;
    readonly body: Uint8Array;
    /** Headers of the caller that Bedrock reads. */
    readonly headers: Readonly<Record<string, string>>;
}

/** What sends requests to models. */
export interface Models {
    /**
     * The answer, whatever its status, as soon as its head is there.
     *
     * @throws NotSent where no byte of the request has left; any other Error where it may have been answered and billed
     */
    send(call: ModelCall): Promise<Response>;
}

/** The request did not leave: it cannot have been billed. */
export class NotSent extends Error {
    override readonly name = "NotSent";
}

export interface BedrockOptions {
    readonly region: string;
    /** `https://bedrock-runtime.<region>.amazonaws.com` or what stands for it. */
    readonly endpoint: string;
    readonly credentials: ConstructorParameters<typeof SignatureV4>[0]["credentials"];
    /** Milliseconds for the whole answer. */
    readonly timeout: number;
}

/** Failures of a connection that was never made. */
const neverConnected = [
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "UND_ERR_CONNECT_TIMEOUT",
];

/**
 * Bedrock's runtime API with requests and answers as they are: what a client and Bedrock agree on passes through.
 * A request is sent once: one that timed out may have been billed, and a second would be billed again.
 */
export class Bedrock implements Models {
    private readonly signer: SignatureV4;
    private readonly endpoint: URL;

    constructor(private readonly options: BedrockOptions) {
        const { region, credentials } = options;
        this.endpoint = new URL(options.endpoint);
        this.signer = new SignatureV4({ service: "bedrock", region, credentials, sha256: Hash.bind(null, "sha256") });
    }

    async send({ operation, model, body, headers }: ModelCall): Promise<Response> {
        const path = `/model/${encodeURIComponent(model)}/${operation}`;
        const { protocol, hostname, port, host } = this.endpoint;
        const signed = await this.signer
            .sign({
                method: "POST",
                protocol,
                hostname,
                port: port === "" ? undefined : Number(port),
                path,
                query: {},
                headers: { ...headers, host, "content-type": "application/json" },
                body,
            })
            .catch((error: Error) => {
                throw new NotSent(`The request could not be signed: ${error.message}`);
            });
        try {
            return await fetch(new URL(path, this.endpoint), {
                method: "POST",
                headers: signed.headers,
                // What is signed is for this address.
                redirect: "manual",
                body,
                signal: AbortSignal.timeout(this.options.timeout),
            });
        } catch (error) {
            const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
            if (code && neverConnected.includes(code)) throw new NotSent(`Bedrock cannot be reached: ${message}`);
            throw error;
        }
    }
}
