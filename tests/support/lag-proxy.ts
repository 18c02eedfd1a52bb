import { readFileSync } from "node:fs";
import { type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, createServer, request, type Server } from "node:https";
import { type AddressInfo } from "node:net";

/** What stands behind the proxy, and how it behaves. */
interface LagProxyOptions {
    readonly port: number;
    /** Paths of the certificate and the key of what stands behind: the proxy shows the same. */
    readonly certificate: string;
    readonly key: string;
    /** How long AWS needs to know a key that the proxy has not seen before, in milliseconds. */
    readonly lag: (accessKeyId: string) => number;
    /** From 0 to 1: decides on each request while that lasts. */
    readonly random: () => number;
}

/** What the proxy has done to a key. */
export interface KeyLag {
    /** When the first request with it came. */
    readonly firstSeen: number;
    readonly milliseconds: number;
    refused: number;
    /** When a request with it was refused last. */
    lastRefused?: number;
}

/**
 * AWS as it is in the first minute of a key: each request lands on a server that knows the key already, or on one that
 * does not. The time runs from the first request with the key, later than from its creation, so that nobody comes too
 * late to meet it. Everything else is passed on as it came; the signature covers the host, which is the proxy's.
 */
export class LagProxy {
    readonly keys = new Map<string, KeyLag>();
    private readonly agent: Agent;
    private readonly server: Server;

    private constructor(private readonly options: LagProxyOptions) {
        const [cert, key] = [options.certificate, options.key].map((path) => readFileSync(path));
        // The emulator closes what was idle for 75 s, maybe just as the next request is sent: the proxy does it before.
        this.agent = new Agent({ keepAlive: true, timeout: 30_000, ca: cert });
        // And closes nothing that a client keeps open.
        this.server = createServer({ cert, key, keepAliveTimeout: 0 }, (asked, answer) => this.pass(asked, answer));
    }

    static async start(options: LagProxyOptions): Promise<LagProxy> {
        const proxy = new LagProxy(options);
        await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
        return proxy;
    }

    get endpoint(): string {
        return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    async stop(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
        this.agent.destroy();
    }

    private pass(asked: IncomingMessage, answer: ServerResponse): void {
        const signed = signatureOf(asked);
        if (signed && this.isRefused(signed.accessKeyId)) return refuse(signed, asked, answer);
        const { method, url: path, rawHeaders: headers } = asked;
        const { port } = this.options;
        const onward = request({ host: "127.0.0.1", port, method, path, headers, agent: this.agent }, (got) => {
            answer.writeHead(got.statusCode ?? 502, got.statusMessage, got.rawHeaders);
            got.pipe(answer);
            got.on("error", () => answer.destroy());
        });
        // Whoever asked sees what the proxy saw: a connection that ended.
        onward.on("error", () => answer.destroy());
        answer.on("close", () => {
            if (!answer.writableFinished) onward.destroy();
        });
        asked.pipe(onward);
    }

    private isRefused(accessKeyId: string): boolean {
        const now = Date.now();
        let lag = this.keys.get(accessKeyId);
        if (!lag) {
            lag = { firstSeen: now, milliseconds: this.options.lag(accessKeyId), refused: 0 };
            this.keys.set(accessKeyId, lag);
        }
        if (now - lag.firstSeen >= lag.milliseconds || this.options.random() < 0.5) return false;
        lag.refused++;
        lag.lastRefused = now;
        return true;
    }
}

interface Signature {
    readonly accessKeyId: string;
    readonly service: string;
}

/** Who signed a request, and for which service; undefined for one that is not signed in its header. */
function signatureOf({ headers }: IncomingMessage): Signature | undefined {
    const match = /Credential=([^/]+)\/\d{8}\/[^/]*\/([^/]+)\/aws4_request/.exec(headers.authorization ?? "");
    return match ? { accessKeyId: match[1], service: match[2] } : undefined;
}

/** Says what AWS says of a key that it does not know. */
function refuse({ accessKeyId, service }: Signature, asked: IncomingMessage, answer: ServerResponse): void {
    const body =
        service === "s3"
            ? `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidAccessKeyId</Code>` +
              `<Message>The AWS Access Key Id you provided does not exist in our records.</Message>` +
              `<AWSAccessKeyId>${accessKeyId}</AWSAccessKeyId><RequestId>LAG</RequestId></Error>`
            : `<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>` +
              `<Message>The security token included in the request is invalid.</Message></Error>` +
              `<RequestId>LAG</RequestId></ErrorResponse>`;
    asked.resume().once("end", () => {
        answer.writeHead(403, { "content-type": service === "s3" ? "application/xml" : "text/xml" });
        answer.end(asked.method === "HEAD" ? undefined : body);
    });
}
