import { Hono } from "hono";

import { serve } from "../../../functions/bedrock-gate/server";
import { path, prices } from "../load";
import { answerParent } from "./child";

export interface CountAfterSettings {
    readonly bedrock: string;
    readonly microUsd: bigint;
}

/** What most proxies do: a request is admitted while less than the limit is spent, and what it cost is added afterwards. */
answerParent(async ({ bedrock, microUsd: limit }: CountAfterSettings) => {
    let spent = 0n;
    const app = new Hono();
    app.post(path, async ({ req }) => {
        if (spent >= limit) return Response.json({ error: { message: "The budget is used up" } }, { status: 403 });
        const answer = await fetch(bedrock + path, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: await req.text(),
        });
        const [passed, read] = answer.body!.tee();
        void new Response(read).text().then((text) => (spent += costOf(text)));
        return new Response(passed, { status: answer.status, headers: answer.headers });
    });
    const { url } = await serve(app, 0);
    return { ready: [url], answer: () => Promise.resolve(spent) };
});

/** By the counts that stand in an answer, or in the last chunk of one. */
function costOf(text: string): bigint {
    const count = (name: string) => BigInt(new RegExp(`"${name}":(\\d+)`).exec(text)?.[1] ?? 0);
    const cost = count("prompt_tokens") * BigInt(prices.input) + count("completion_tokens") * BigInt(prices.output);
    return (cost + 999_999n) / 1_000_000n;
}
