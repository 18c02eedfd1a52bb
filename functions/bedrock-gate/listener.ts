import { createServer as createHttp1, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
    createServer as createHttp2,
    type Http2Server,
    type Http2ServerRequest,
    type Http2ServerResponse,
    type ServerHttp2Session,
} from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** What a client sends and gets, over either version of HTTP. */
export type EitherRequest = IncomingMessage | Http2ServerRequest;
export type EitherResponse = ServerResponse | Http2ServerResponse;

/** How a client of HTTP/2 begins that asks nobody first. */
const preface = "PRI * HTTP/2.0";

/**
 * One port for both versions of HTTP, without TLS: the SDK's own client of Bedrock speaks HTTP/2 unless it is told
 * otherwise, most others HTTP/1.1.
 */
export class Listener {
    private readonly http1: Server;
    private readonly http2: Http2Server;
    private readonly server = createServer({ noDelay: true }, (socket) => this.tellApart(socket));
    private readonly sockets = new Set<Socket>();
    private readonly sessions = new Set<ServerHttp2Session>();

    constructor(onRequest: (request: EitherRequest, response: EitherResponse) => void) {
        // A connection that waits is kept: closing it just as a request comes in would look like a fault.
        this.http1 = createHttp1({ keepAliveTimeout: 0, requestTimeout: 0 }, onRequest);
        this.http2 = createHttp2(onRequest);
        this.http2.on("session", (session) => {
            this.sessions.add(session);
            session.once("close", () => this.sessions.delete(session));
            session.on("error", () => undefined);
        });
    }

    /** @param port 0 for any free one. @returns the port */
    async listen(port: number, host = "127.0.0.1"): Promise<number> {
        await new Promise<void>((resolve, reject) => {
            this.server.once("error", reject);
            this.server.listen(port, host, resolve);
        });
        return (this.server.address() as AddressInfo).port;
    }

    async close(): Promise<void> {
        for (const session of this.sessions) session.destroy();
        for (const socket of this.sockets) socket.destroy();
        await new Promise<void>((resolve) => this.server.close(() => resolve()));
    }

    private tellApart(socket: Socket): void {
        this.sockets.add(socket);
        socket.once("close", () => this.sockets.delete(socket));
        socket.on("error", () => undefined);
        socket.once("data", (first) => {
            socket.pause();
            socket.unshift(first);
            const start = first.subarray(0, preface.length).toString("latin1");
            (preface.startsWith(start) ? this.http2 : this.http1).emit("connection", socket);
            process.nextTick(() => socket.resume());
        });
    }
}
