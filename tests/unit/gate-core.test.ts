import assert from "node:assert/strict";

import { answerKey, askFor, giveUp, isPending, keep, keptAnswer } from "../../functions/bedrock-gate/core/answers";
import { cacheKey, type Question } from "../../functions/bedrock-gate/core/cache-key";
import { gateKeyItem, iamCaller, keyCaller } from "../../functions/bedrock-gate/core/callers";
import {
    admission,
    expiredBefore,
    leaseFor,
    type Limits,
    type Refusal,
    refusalOf,
    release,
    retryAfter,
    settlement,
    totalsKey,
} from "../../functions/bedrock-gate/core/ledger";
import { limitHeaders, tighter } from "../../functions/bedrock-gate/core/limit-headers";
import { refusalError } from "../../functions/bedrock-gate/core/refusal";
import { counter, text } from "../../functions/bedrock-gate/core/store";
import { endOf, monthBefore, nameOf, secondsUntil } from "../../functions/bedrock-gate/core/time";
import { MemoryStore } from "../../functions/bedrock-gate/adapters/memory-store";

const at = (time: string) => new Date(time);

describe("hours, days and months", () => {
    const ends: readonly (readonly [time: string, hour: string, day: string, month: string])[] = [
        ["2026-11-29T01:02:03.004Z", "2026-11-29T02", "2026-11-30T00", "2026-12-01T00"],
        // The first moment of one is not the end of the one before.
        ["2026-12-01T00:00:00.000Z", "2026-12-01T01", "2026-12-02T00", "2027-01-01T00"],
        ["2026-12-31T23:59:59.999Z", "2027-01-01T00", "2027-01-01T00", "2027-01-01T00"],
        ["2026-01-31T23:30:00.000Z", "2026-02-01T00", "2026-02-01T00", "2026-02-01T00"],
        ["2026-02-28T23:00:00.000Z", "2026-03-01T00", "2026-03-01T00", "2026-03-01T00"],
        ["2028-02-28T23:59:00.000Z", "2028-02-29T00", "2028-02-29T00", "2028-03-01T00"],
        ["2028-02-29T12:00:00.000Z", "2028-02-29T13", "2028-03-01T00", "2028-03-01T00"],
        ["2100-02-28T12:00:00.000Z", "2100-02-28T13", "2100-03-01T00", "2100-03-01T00"],
        // Hours that a clock on a wall has twice, or not.
        ["2026-03-29T01:30:00.000Z", "2026-03-29T02", "2026-03-30T00", "2026-04-01T00"],
    ];
    for (const [time, hour, day, month] of ends) {
        it(`around ${time}`, () => {
            assert.deepEqual(
                (["hour", "day", "month"] as const).map((unit) => endOf(unit, at(time)).toISOString()),
                [hour, day, month].map((end) => `${end}:00:00.000Z`),
            );
            assert.deepEqual(
                (["hour", "day", "month"] as const).map((unit) => nameOf(unit, at(time))),
                [time.slice(0, 13), time.slice(0, 10), time.slice(0, 7)],
            );
        });
    }

    it("have one before", () => {
        const before = ["2026-01-01T00:00Z", "2026-03-31T12:00Z", "2028-03-01T00:00Z", "2026-12-31T23:59Z"];
        assert.deepEqual(
            before.map((time) => monthBefore(at(time))),
            ["2025-12", "2026-02", "2028-02", "2026-11"],
        );
    });

    it("are waited for in whole seconds, at least one", () => {
        const from = at("2026-11-29T00:00:00.000Z");
        assert.equal(secondsUntil(from, at("2026-11-29T00:00:01.001Z")), 2);
        assert.equal(secondsUntil(from, from), 1);
        assert.equal(secondsUntil(from, at("2026-11-28T00:00:00.000Z")), 1);
    });
});

describe("a caller", () => {
    const known: readonly (readonly [arn: string, id: string | undefined])[] = [
        ["arn:aws:iam::123456789012:user/ada", "123456789012:user/ada"],
        ["arn:aws:iam::123456789012:user/team/a/ada", "123456789012:user/ada"],
        ["arn:aws:sts::123456789012:assumed-role/reader/session-1", "123456789012:role/reader"],
        ["arn:aws:sts::123456789012:assumed-role/reader/another@example.com", "123456789012:role/reader"],
        ["arn:aws-us-gov:sts::123456789012:assumed-role/reader/s", "123456789012:role/reader"],
        ["arn:aws-cn:iam::123456789012:user/ada", "123456789012:user/ada"],
        ["arn:aws:iam::123456789012:root", undefined],
        ["arn:aws:sts::123456789012:federated-user/ada", undefined],
        ["arn:aws:iam::12345:user/ada", undefined],
        ["arn:aws:s3:::123456789012:user/ada", undefined],
        ["", undefined],
    ];
    for (const [arn, id] of known) {
        it(`${arn || "of no ARN"} is ${id ?? "nobody"}`, () => assert.equal(iamCaller(arn)?.id, id));
    }

    const hash = "0123456789abcdef";

    it("with a gate key is known by the key's name, with what the key has of its own, while it is in force", () => {
        const now = new Date("2026-11-29T12:00:00.000Z");
        const known = (item: Parameters<typeof keyCaller>[1]) => keyCaller(hash, item, now);
        assert.deepEqual(known({ name: "ci", requestsPerHour: 5n }), {
            id: "key/ci/01234567",
            limits: { requestsPerHour: 5n },
        });
        assert.deepEqual(known({ name: "ci" }), { id: "key/ci/01234567", limits: {} });
        assert.deepEqual(known({ name: "ci", models: "meta.one us.meta.two" })?.models, ["meta.one", "us.meta.two"]);
        assert.equal(known({ name: "ci", revokedAt: "2026-11-29T00:00:00Z" }), undefined);
        assert.equal(known({ name: "ci", validUntil: "2026-11-29T12:00:00.000Z" }), undefined);
        assert.equal(known({ name: "ci", validUntil: "2026-11-29T12:00:00.001Z" })?.id, "key/ci/01234567");
        assert.equal(known(undefined), undefined);
        assert.equal(known({}), undefined);
    });

    it("leaves no secret in the table", () => {
        const { sort } = gateKeyItem("gate-secret");
        assert.match(sort, /^[0-9a-f]{64}$/);
        assert.notEqual(sort, gateKeyItem("gate-secret2").sort);
    });
});

describe("the name of a question", () => {
    const question: Question = {
        caller: "a",
        operation: "converse",
        model: "m",
        body: { messages: [{ role: "user", content: [{ text: "x" }] }], inferenceConfig: { topP: 1, maxTokens: 5 } },
        headers: { accept: "application/json" },
    };

    it("does not go by the order of keys, at any depth, or by how a number is written", () => {
        const body = JSON.parse(
            '{"inferenceConfig": {"maxTokens": 5.0, "topP": 1e0}, "messages": [{"content": [{"text": "x"}], "role": "user"}]}',
        ) as unknown;
        const { headers, model, operation, caller } = question;
        assert.equal(cacheKey({ headers, body, model, operation, caller }), cacheKey(question));
    });

    const message = (text: string) => ({ role: "user", content: [{ text }] });
    const others: Readonly<Record<string, Partial<Question>>> = {
        caller: { caller: "b" },
        operation: { operation: "converse-stream" },
        model: { model: "n" },
        header: { headers: {} },
        "service tier": { headers: { accept: "application/json", "x-amzn-bedrock-service-tier": "flex" } },
        text: { body: { ...(question.body as object), messages: [message("y")] } },
        "text's case": { body: { ...(question.body as object), messages: [message("X")] } },
        "another message": { body: { ...(question.body as object), messages: [message("x"), message("x")] } },
        limit: { body: { ...(question.body as object), inferenceConfig: { topP: 1, maxTokens: 6 } } },
        "no limit": { body: { messages: [message("x")] } },
        system: { body: { ...(question.body as object), system: [{ text: "z" }] } },
        tools: { body: { ...(question.body as object), toolConfig: {} } },
        "kind of value": { body: { ...(question.body as object), inferenceConfig: { topP: "1", maxTokens: 5 } } },
    };
    for (const [what, other] of Object.entries(others)) {
        it(`goes by its ${what}`, () => assert.notEqual(cacheKey({ ...question, ...other }), cacheKey(question)));
    }

    it("goes by the order of what has one", () => {
        const [one, other] = [message("a"), message("b")];
        const body = (...messages: object[]) => ({ ...question, body: { messages } });
        assert.notEqual(cacheKey(body(one, other)), cacheKey(body(other, one)));
    });
});

describe("a kept answer", () => {
    const now = at("2026-11-29T00:00:00Z");
    const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
    const answer = { contentType: "application/json", body: Uint8Array.of(1, 2), microUsd: 7n };

    it("is one until its time is over", async () => {
        const store = new MemoryStore();
        await store.transact([keep("k", answer, later(60))]);
        const item = await store.get(answerKey("k"));
        assert.deepEqual(keptAnswer(item, later(59)), answer);
        assert.equal(keptAnswer(item, later(60)), undefined);
        assert.equal(counter(item, "expiresAt"), BigInt(later(60).getTime() / 1000));
        assert.equal(keptAnswer(undefined, now), undefined);
    });

    it("is asked for by one request at a time, until it gives up or has run out", async () => {
        const store = new MemoryStore();
        const ask = (time: Date) => store.transact([askFor("k", time, new Date(time.getTime() + 10_000))]);
        assert.equal(await ask(now), undefined);
        assert.ok(isPending(await store.get(answerKey("k")), later(9)));
        assert.notEqual(await ask(later(9)), undefined);
        assert.equal(await ask(later(10)), undefined);
        await store.transact([giveUp("k")]);
        assert.equal(isPending(await store.get(answerKey("k")), later(11)), false);
        assert.equal(await ask(later(11)), undefined);
        await store.transact([keep("k", answer, later(60))]);
        assert.equal(isPending(await store.get(answerKey("k")), later(12)), false);
    });
});

const limits: Limits = { microUsdPerMonth: 25_000_000n, requestsPerHour: 2n, requestsPerDay: 3n };

describe("a refusal", () => {
    const now = at("2026-11-29T10:20:00Z");
    const until = at("2026-12-01T00:00:00Z");

    it("of a budget that is used up says how much, until when and who can help", () => {
        const error = refusalError({ code: "budget_exceeded", until, spent: 24_900_000n }, limits, now);
        assert.equal(error.status, 403);
        assert.equal(error.retryAfter, 135_600);
        assert.equal(
            error.message,
            "24.90 USD of this month's 25.00 USD are spent. Invocations are possible again at " +
                "2026-12-01T00:00:00.000Z, or when an operator of the platform restores the budget",
        );
        const shutOffAt = "2026-11-29T10:00:00.000Z";
        const shut = refusalError({ code: "budget_exceeded", until, spent: 0n, shutOffAt }, limits, now);
        assert.match(shut.message, /^0\.00 USD of .* spent, and it was shut off at 2026-11-29T10:00:00\.000Z\./);
    });

    it("of a budget that is reserved says to try again shortly", () => {
        const error = refusalError({ code: "budget_busy", left: 12n, spent: 0n }, limits, now);
        assert.deepEqual([error.status, error.code, error.retryAfter], [429, "budget_busy", 2]);
        assert.match(error.message, /^0\.000012 USD of this month's budget are neither spent nor reserved/);
    });

    it("by a limit says which, and when it is lifted", () => {
        const hour = refusalError({ code: "hour_limit", until: at("2026-11-29T11:00:00Z") }, limits, now);
        assert.deepEqual([hour.status, hour.code, hour.retryAfter], [429, "hour_limit", 2400]);
        assert.equal(
            hour.message,
            "The limit of 2 requests an hour is reached. It is lifted at 2026-11-29T11:00:00.000Z",
        );
        assert.deepEqual(hour.headers, {
            "x-ratelimit-limit-requests": "2",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "2400s",
        });
        const day = refusalError({ code: "day_limit", until: at("2026-11-30T00:00:00Z") }, limits, now);
        assert.match(day.message, /^The limit of 3 requests a day/);
    });

    it("of a request that was sent before says so, and that no waiting helps", () => {
        const replayed: Refusal = { code: "replayed" };
        assert.equal(retryAfter(replayed, now), undefined);
        const error = refusalError(replayed, limits, now);
        assert.deepEqual([error.status, "retryAfter" in error], [409, false]);
    });
});

describe("limits in headers", () => {
    it("are those of the window that has least left", () => {
        const endsAt = at("2026-11-29T11:00:00Z");
        const hour = { limit: 10n, used: 4n, endsAt };
        const day = { limit: 100n, used: 95n, endsAt: at("2026-11-30T00:00:00Z") };
        assert.equal(tighter(hour, day), day);
        assert.equal(tighter(hour, { ...day, used: 90n }), hour);
        assert.deepEqual(limitHeaders({ limit: 5n, used: 9n, endsAt }, at("2026-11-29T10:59:59.500Z")), {
            "x-ratelimit-limit-requests": "5",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "1s",
        });
    });
});

describe("the ledger", () => {
    const now = at("2026-11-15T10:20:00Z");
    const hour = 3_600_000;
    let store: MemoryStore;
    beforeEach(() => (store = new MemoryStore()));

    let requests = 0;
    const leaseOf = (
        more: { ceiling?: bigint; floor?: bigint; idempotencyKey?: string; caller?: string } = {},
        time = now,
    ) =>
        leaseFor(
            { id: `r${requests++}`, caller: "a", model: "a.model", tokens: 100n, ceiling: 10n, floor: 1n, ...more },
            time,
            60_000,
        );
    async function admit(lease = leaseOf(), time = now, of = limits) {
        const refused = await store.transact(admission(lease, of, time));
        return refused && refusalOf(refused, lease, of, time);
    }

    it("sets aside in both months near a month's end, and in one otherwise", () => {
        const months = (time: string) => leaseOf({}, at(time)).months;
        assert.deepEqual(months("2026-11-15T10:00:00Z"), ["2026-11"]);
        // A lease of a minute, and clocks five minutes off.
        assert.deepEqual(months("2026-11-30T23:53:59.999Z"), ["2026-11"]);
        assert.deepEqual(months("2026-11-30T23:54:00Z"), ["2026-11", "2026-12"]);
        assert.deepEqual(months("2026-12-01T00:04:59.999Z"), ["2026-11", "2026-12"]);
        assert.deepEqual(months("2026-12-01T00:05:00Z"), ["2026-12"]);
        assert.deepEqual(months("2026-12-31T23:59:00Z"), ["2026-12", "2027-01"]);
    });

    it("takes a lease for run out when every clock that AWS believes says so", () => {
        assert.equal(expiredBefore(at("2026-11-15T10:20:00Z")), "2026-11-15T10:15:00.000Z");
    });

    it("lets exactly as many requests of a caller through as an hour and a day allow", async () => {
        assert.equal(await admit(), undefined);
        assert.equal(await admit(), undefined);
        assert.deepEqual(await admit(), { code: "hour_limit", until: at("2026-11-15T11:00:00Z") });
        assert.equal(await admit(leaseOf({ caller: "b" })), undefined);
        const nextHour = new Date(now.getTime() + hour);
        assert.equal(await admit(leaseOf({}, nextHour), nextHour), undefined);
        assert.deepEqual(await admit(leaseOf({}, nextHour), nextHour), {
            code: "day_limit",
            until: at("2026-11-16T00:00:00Z"),
        });
        const nextDay = new Date(now.getTime() + 24 * hour);
        assert.equal(await admit(leaseOf({}, nextDay), nextDay), undefined);
        assert.equal(counter(await store.get(totalsKey("2026-11")), "held"), 50n);
    });

    it("holds to the last micro-dollar, and tells what is spent from what is reserved", async () => {
        const of: Limits = { microUsdPerMonth: 100n, requestsPerHour: 100n, requestsPerDay: 100n };
        const first = leaseOf({ ceiling: 60n });
        assert.equal(await admit(first, now, of), undefined);
        assert.equal(await admit(leaseOf({ ceiling: 40n, caller: "b" }), now, of), undefined);
        assert.deepEqual(await admit(leaseOf({ ceiling: 1n }), now, of), { code: "budget_busy", left: 0n, spent: 0n });
        const charge = { microUsd: 60n, model: "m", inputTokens: 1n, outputTokens: 1n };
        assert.equal(await store.transact(settlement(first, charge, now)), undefined);
        const until = at("2026-12-01T00:00:00Z");
        assert.deepEqual(await admit(leaseOf({ ceiling: 41n, floor: 41n }), now, of), {
            code: "budget_exceeded",
            until,
            spent: 60n,
        });
        assert.deepEqual(await admit(leaseOf({ ceiling: 41n, floor: 40n }), now, of), {
            code: "budget_busy",
            left: 0n,
            spent: 60n,
        });
    });

    it("refuses the first request of a month too that is more than its budget", async () => {
        const of: Limits = { microUsdPerMonth: 100n, requestsPerHour: 100n, requestsPerDay: 100n };
        assert.equal((await admit(leaseOf({ ceiling: 101n, floor: 101n }), now, of))?.code, "budget_exceeded");
        assert.equal(await admit(leaseOf({ ceiling: 100n, floor: 100n }), now, of), undefined);
    });

    it("sends a request of one name once, for 24 hours, whether or not the table has cleaned up by then", async () => {
        const of: Limits = { ...limits, requestsPerHour: 100n, requestsPerDay: 100n };
        const named = (caller = "a", time = now) => leaseOf({ idempotencyKey: "k", caller }, time);
        assert.equal(await admit(named(), now, of), undefined);
        assert.deepEqual(await admit(named(), now, of), { code: "replayed" });
        assert.equal(await admit(named("b"), now, of), undefined);
        const justBefore = new Date(now.getTime() + 24 * hour - 1000);
        assert.deepEqual(await admit(named("a", justBefore), justBefore, of), { code: "replayed" });
        const after = new Date(now.getTime() + 24 * hour);
        assert.equal(await admit(named("a", after), after, of), undefined);
    });

    it("lets a request be sent again under its name where it was not sent", async () => {
        const lease = leaseOf({ idempotencyKey: "k" });
        await admit(lease);
        assert.equal(await store.transact(release(lease)), undefined);
        assert.equal(await admit(leaseOf({ idempotencyKey: "k" })), undefined);
    });

    it("refuses while it is shut off, whatever is left", async () => {
        await store.transact([{ key: totalsKey("2026-11"), set: { shutOffAt: "now" } }]);
        const refusal = await admit(leaseOf({ ceiling: 0n, floor: 0n }));
        assert.equal(refusal?.code, "budget_exceeded");
        assert.equal(text(await store.get(totalsKey("2026-11")), "shutOffAt"), "now");
    });
});
