import type { ServerResponse } from "node:http";
import { constants } from "node:http2";

import { type EitherRequest, type EitherResponse } from "../../../functions/bedrock-gate/listener";
import { type Json } from "./json";

/** The way back to a client, over either version of HTTP. */
export class Reply {
    private ended = false;
    private closed = false;
    /** Called once, when the client goes before it had everything. */
    onGone?: () => void;

    constructor(
        private readonly request: EitherRequest,
        private readonly response: EitherResponse,
        /** Of the request, as Bedrock gives each one. */
        private readonly id: string,
    ) {
        response.on("close", () => {
            this.closed = true;
            if (!this.ended) this.onGone?.();
        });
        // A client that resets its connection is gone, and no error of the fake's.
        response.on("error", () => undefined);
    }

    /** Whether nothing that is written arrives any more. */
    get gone(): boolean {
        return this.closed;
    }

    head(status: number, headers: Readonly<Record<string, string>>): void {
        if (this.closed) return;
        this.response.writeHead(status, { "x-fake-bedrock": "1", "x-amzn-requestid": this.id, ...headers });
    }

    write(bytes: Uint8Array): void {
        if (!this.closed) (this.response as ServerResponse).write(bytes);
    }

    end(bytes?: Uint8Array): void {
        this.ended = true;
        if (this.closed) return;
        if (bytes) (this.response as ServerResponse).end(bytes);
        else this.response.end();
    }

    json(status: number, headers: Readonly<Record<string, string>>, body: Json): void {
        const bytes = Buffer.from(JSON.stringify(body));
        const length = String(bytes.length);
        this.head(status, { "content-type": "application/json", "content-length": length, ...headers });
        this.end(bytes);
    }

    /** Resets the connection, of HTTP/2 only this call's stream: others share the connection. */
    reset(): void {
        this.ended = true;
        if ("stream" in this.request) this.request.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
        else this.request.socket.resetAndDestroy();
    }

    /** Ends the connection without another word, when what was written is on its way. */
    hangUp(): void {
        this.ended = true;
        if (!("stream" in this.request)) return this.request.socket.destroySoon();
        const { stream } = this.request;
        const close = () => stream.close(constants.NGHTTP2_INTERNAL_ERROR);
        if (stream.headersSent) stream.write("", close);
        else close();
    }
}
