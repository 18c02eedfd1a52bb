import assert from "node:assert/strict";

import { SignatureV4 } from "@smithy/signature-v4";
import { Hash } from "@smithy/hash-node";
import { Hono } from "hono";

import { Bedrock } from "../../functions/bedrock-gate/adapters/bedrock";
import { MemoryStore } from "../../functions/bedrock-gate/adapters/memory-store";
import { gateApp } from "../../functions/bedrock-gate/app";
import { gateKeyItem } from "../../functions/bedrock-gate/core/callers";
import { totalsKey } from "../../functions/bedrock-gate/core/ledger";
import { gateSettings } from "../../functions/bedrock-gate/core/settings";
import { counter } from "../../functions/bedrock-gate/core/store";
import { nameOf } from "../../functions/bedrock-gate/core/time";
import { Gate } from "../../functions/bedrock-gate/gate";
import { bearer, signedCaller } from "../../functions/bedrock-gate/identify";
import { serve } from "../../functions/bedrock-gate/server";
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

/** Sets the variables that a team sets for its service while `run` runs; a client reads them when it is made. */
export async function withEnvironment<Result>(
    variables: Readonly<Record<string, string>>,
    run: () => Promise<Result>,
): Promise<Result> {
    const before = { ...process.env };
    Object.assign(process.env, variables);
    try {
        return await run();
    } finally {
        process.env = before;
    }
}

/** A gate in front of the fake Bedrock, as a server: for clients that are told nothing but where it is. */
export interface GateServer {
    /** Where gate keys are taken. */
    readonly url: string;
    /** Where signed requests are taken, as by a function URL with AWS_IAM; the caller is a role. */
    readonly signedUrl: string;
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
    const bedrock = await startFakeBedrock({ prices: { [model]: prices, [otherModel]: prices }, quiet: true });
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
    });
    const store = new MemoryStore();
    const models = new Bedrock({ region, endpoint: bedrock.url, credentials: roleCredentials, timeout: 20_000 });
    const ground = { settings, store, now: () => time, log: () => undefined };
    const gate = new Gate(settings, { ...ground, models, charged: () => Promise.resolve() });
    const scopes: string[] = [];
    const byKey = await serve(gateApp({ ...ground, gate, identify: (context) => bearer(context, store) }), 0);
    const app = gateApp({
        ...ground,
        gate,
        identify: async (context) => signedCaller(context) ?? (await bearer(context, store)),
    });
    const bySignature = await serve(behindFunctionUrl(app, scopes), 0);
    let keys = 0;
    return {
        url: byKey.url,
        signedUrl: bySignature.url,
        bedrock,
        scopes,
        key: async (requestsPerHour) => {
            keys += 1;
            const secret = `gate-test-${keys}`;
            const limit = requestsPerHour === undefined ? {} : { requestsPerHour: BigInt(requestsPerHour) };
            await store.transact([{ key: gateKeyItem(secret), set: { name: `client-${keys}`, ...limit } }]);
            return secret;
        },
        totals: async () => {
            await bedrock.settled();
            const month = await store.get(totalsKey(nameOf("month", time)));
            return { counted: counter(month, "held"), billed: bedrock.bill.totalMicroUsd };
        },
        close: async () => {
            await Promise.all([byKey.close(), bySignature.close()]);
            await bedrock.close();
        },
    };
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
    assert.ok(!names.includes(":authority"), "A function URL speaks HTTP/1.1: what is signed over HTTP/2 is no host");
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
