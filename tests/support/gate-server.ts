import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";

import { SignatureV4 } from "@smithy/signature-v4";
import { Hash } from "@smithy/hash-node";
import { Hono } from "hono";

import { Bedrock } from "../../functions/bedrock-gate/adapters/bedrock";
import { MemoryStore } from "../../functions/bedrock-gate/adapters/memory-store";
import { gateApp } from "../../functions/bedrock-gate/app";
import { gateKeyItem } from "../../functions/bedrock-gate/core/callers";
import { totalsKey } from "../../functions/bedrock-gate/core/ledger";
import { gateSettings } from "../../functions/bedrock-gate/core/settings";
import { counter, type Item } from "../../functions/bedrock-gate/core/store";
import { nameOf } from "../../functions/bedrock-gate/core/time";
import { Gate } from "../../functions/bedrock-gate/gate";
import { bearer, signedCaller } from "../../functions/bedrock-gate/identify";
import { serve } from "../../functions/bedrock-gate/server";
import { type Certificate, localCertificate } from "../../local/aws/certificate";
import { type FakeBedrock, startFakeBedrock } from "./bedrock";

export const region = "us-west-2";
/** The one that callers may use. */
export const model = "us.amazon.nova-lite-v1:0";
/** One that Bedrock has and callers may not use. */
export const otherModel = "us.amazon.nova-pro-v1:0";

/** Of a role's session, as most callers have them. */
export const roleCredentials = {
    accessKeyId: "ASIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    sessionToken: "a-session-token",
};

/** A gate in front of the fake Bedrock, as a server: for clients that are told nothing but where it is. */
export interface GateServer {
    /** Where gate keys are taken, without TLS, over HTTP/1.1 and HTTP/2. */
    readonly url: string;
    /** Where gate keys are taken, as by a function URL: over TLS and HTTP/1.1. */
    readonly secureUrl: string;
    /** Where signed requests are taken, as by a function URL with AWS_IAM; the caller is a role. */
    readonly signedUrl: string;
    /** The same over TLS. */
    readonly secureSignedUrl: string;
    /** The file of the certificate of both URLs with TLS, which is its own authority. */
    readonly certificate: string;
    readonly bedrock: FakeBedrock;
    /** What the signed requests were signed for: `us-west-2/lambda/aws4_request`. */
    readonly scopes: readonly string[];
    /** A new gate key. @param requestsPerHour default: as many as it likes */
    key(requestsPerHour?: number): Promise<string>;
    /** Waits until all requests are answered, and returns what the gate has counted and Bedrock has billed. */
    totals(): Promise<{ readonly counted: bigint; readonly billed: bigint }>;
    close(): Promise<void>;
}

export async function startGateServer(): Promise<GateServer> {
    const prices = { input: 60_000, output: 240_000 };
    const bedrock = await startFakeBedrock({
        prices: { [model]: prices, [otherModel]: prices },
        // A request that names no limit is sent with that of the committed prices.
        maxOutputTokens: 65_536,
        quiet: true,
    });
    // It stands still, so that no test sees an hour end.
    const time = new Date();
    const settings = gateSettings.parse({
        environment: "test",
        region,
        endpoint: bedrock.url,
        table: "none",
        microUsdPerMonth: "1000000000",
        shutOffPercent: 100,
        models: [model],
        requestsPerHour: "100000",
        requestsPerDay: "100000",
        cacheSeconds: 0,
        callSeconds: 20,
        leaseSeconds: 60,
        tiers: ["small", "large"],
        prices: {},
        brake: { policyArn: "none", users: [], roles: [] },
        topicArn: "none",
        budgetServices: ["Amazon Bedrock"],
        hasGate: true,
        bypassShutsOff: false,
    });
    const store = new MemoryStore();
    const models = new Bedrock({ region, endpoint: bedrock.url, credentials: roleCredentials, timeout: 20_000 });
    const ground = { settings, store, now: () => time, log: () => undefined };
    const gate = new Gate(settings, { ...ground, models, charged: () => Promise.resolve() });
    const scopes: string[] = [];
    const byKey = await serve(gateApp({ ...ground, gate, identify: (context) => bearer(context, ground) }), 0);
    const app = gateApp({
        ...ground,
        gate,
        identify: async (context) => signedCaller(context) ?? (await bearer(context, ground)),
    });
    const bySignature = await serve(behindFunctionUrl(app, scopes), 0);
    const folder = mkdtempSync(join(tmpdir(), "gate-"));
    const files = await localCertificate(folder);
    const secure = await Promise.all([byKey, bySignature].map(({ url }) => withTls(files, url)));
    let keys = 0;
    return {
        url: byKey.url,
        secureUrl: secure[0].url,
        signedUrl: bySignature.url,
        secureSignedUrl: secure[1].url,
        certificate: files.certificate,
        bedrock,
        scopes,
        key: async (requestsPerHour) => {
            keys += 1;
            const secret = `gate-test-${keys}`;
            const own: Item = requestsPerHour === undefined ? {} : { requestsPerHour: BigInt(requestsPerHour) };
            await store.transact([{ key: gateKeyItem(secret), set: { name: `client-${keys}`, ...own } }]);
            return secret;
        },
        totals: async () => {
            await bedrock.settled();
            const month = await store.get(totalsKey(nameOf("month", time)));
            return { counted: counter(month, "held"), billed: bedrock.bill.totalMicroUsd };
        },
        close: async () => {
            for (const { close } of secure) close();
            await Promise.all([byKey.close(), bySignature.close()]);
            await bedrock.close();
            rmSync(folder, { recursive: true });
        },
    };
}

/** TLS and HTTP/1.1 in front of a server, as a function URL has it. */
async function withTls({ certificate, key }: Certificate, url: string) {
    const { port } = new URL(url);
    const sockets = new Set<Socket>();
    const options = { key: readFileSync(key), cert: readFileSync(certificate), ALPNProtocols: ["http/1.1"] };
    const server = createServer(options, (socket) => {
        const inner = connect(Number(port), "127.0.0.1");
        for (const one of [socket, inner]) {
            sockets.add(one);
            one.on("error", () => undefined);
            one.once("close", () => {
                socket.destroy();
                inner.destroy();
                sockets.delete(one);
            });
        }
        socket.pipe(inner).pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const close = () => {
        for (const socket of sockets) socket.destroy();
        server.close();
    };
    return { url: `https://localhost:${(server.address() as AddressInfo).port}`, close };
}

/** What Lambda does in front of a function with AWS_IAM: it checks the signature, and tells whose it is. */
function behindFunctionUrl(app: Hono, scopes: string[]): Hono {
    const front = new Hono();
    front.all("*", async ({ req }) => {
        const body = Buffer.from(await req.arrayBuffer());
        const scope = await verifiedScope(req.raw, body).catch((error: Error) => error);
        if (scope instanceof Error) return Response.json({ message: scope.message }, { status: 403 });
        scopes.push(scope);
        const { method, url, headers } = req.raw;
        const request = new Request(url, { method, headers, ...(body.length > 0 ? { body } : {}) });
        const userArn = "arn:aws:sts::111122223333:assumed-role/reports/session";
        return app.fetch(request, { event: { requestContext: { authorizer: { iam: { userArn } } } } });
    });
    return front;
}

/** @throws where a request is not signed with the role's credentials for Lambda in the region */
async function verifiedScope({ method, url, headers }: Request, body: Buffer): Promise<string> {
    const given = headers.get("authorization") ?? "";
    const [, date, scope, names] =
        /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\d{8})\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=\w+$/.exec(given) ??
        [];
    assert.ok(date, `The request is not signed: ${given.slice(0, 20)}`);
    assert.equal(
        scope,
        `${region}/lambda/aws4_request`,
        "The credential should be scoped to correct service: 'lambda'",
    );
    assert.ok(!names.includes(":authority"), "Signed over HTTP/2, which has no host: this endpoint speaks HTTP/1.1");
    const { pathname, protocol, hostname, host, searchParams } = new URL(url);
    const signed = await new SignatureV4({
        service: "lambda",
        region,
        credentials: roleCredentials,
        sha256: Hash.bind(null, "sha256"),
        applyChecksum: false,
    }).sign(
        {
            method,
            protocol,
            hostname,
            path: pathname,
            query: Object.fromEntries(searchParams),
            headers: Object.fromEntries(
                names.split(";").map((name) => [name, name === "host" ? host : (headers.get(name) ?? "")]),
            ),
            body,
        },
        { signingDate: dateOf(headers.get("x-amz-date") ?? "") },
    );
    assert.equal(signatureIn(given), signatureIn(signed.headers.authorization), "The signatures do not match");
    return scope;
}

const signatureIn = (header: string) => /Signature=(\w+)/.exec(header)?.[1];

function dateOf(text: string): Date {
    return new Date(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}
