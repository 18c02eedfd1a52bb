import { counter, type Item, type Key, type Refused, text, type Write } from "./store";
import { endOf, nameOf, secondsUntil } from "./time";

/** What may be spent and asked for. */
export interface Limits {
    /** Of everybody together, in micro-dollars a calendar month (UTC). */
    readonly microUsdPerMonth: bigint;
    /** Of one caller. */
    readonly requestsPerHour: bigint;
    readonly requestsPerDay: bigint;
}

/** One request that asks for admission. */
export interface Request {
    readonly id: string;
    readonly caller: string;
    /** The most that it can cost, in micro-dollars. */
    readonly ceiling: bigint;
    /** The most that it can cost if its answer is made as short as can be. */
    readonly floor: bigint;
    readonly model: string;
    /** The most tokens that it can use. */
    readonly tokens: bigint;
    /** The caller's own name for it: a second request of the same name is not sent. */
    readonly idempotencyKey?: string;
}

/** What was set aside for an admitted request. It is charged when it is settled, or at its ceiling when it runs out. */
export interface Lease extends Request {
    /** Every month in which AWS may bill the call: two near a month's end. */
    readonly months: readonly string[];
    readonly expiresAt: Date;
}

/** What an answered request cost. */
export interface Charge {
    readonly microUsd: bigint;
    readonly model: string;
    readonly inputTokens: bigint;
    readonly outputTokens: bigint;
}

/** Why a request is not admitted. */
export type Refusal =
    /** The month's budget is used up or shut off: no request is admitted until then, or until an operator restores it. */
    | { readonly code: "budget_exceeded"; readonly until: Date; readonly spent: bigint; readonly shutOffAt?: string }
    /** The month's budget is used up by reservations that are about to be freed. */
    | { readonly code: "budget_busy"; readonly left: bigint; readonly spent: bigint }
    | { readonly code: "hour_limit" | "day_limit"; readonly until: Date }
    | { readonly code: "replayed" };

/**
 * How far apart two clocks may be, in milliseconds. AWS refuses a signature that is off by more (Signature Version 4),
 * so a gate whose clock is cannot count and refuses.
 */
const clockSkew = 5 * 60_000;

/** How long a caller's own name for a request is remembered: 24 hours, in milliseconds. */
const idempotencyTime = 24 * 3_600_000;

/** How long counters are kept after their hour, day or month, in milliseconds: 35 days, and two years for money. */
const windowTime = 35 * 86_400_000;
const moneyTime = 730 * 86_400_000;

export const totalsKey = (month: string): Key => ({ partition: `month#${month}`, sort: "totals" });
export const modelsPartition = (month: string) => `models#${month}`;
export const leasesPartition = (month: string) => `leases#${month}`;
const chargedPartition = (month: string) => `charged#${month}`;
const callerKey = (caller: string, sort: string): Key => ({ partition: `caller#${caller}`, sort });
export const callerWindowKey = (caller: string, unit: "hour" | "day" | "month", now: Date) =>
    callerKey(caller, nameOf(unit, now));

const requestKey = (caller: string, idempotencyKey: string) => callerKey(caller, `request#${idempotencyKey}`);

/** The sort key of a lease: by expiry, so that those that ran out come first. */
const leaseSort = ({ expiresAt, id }: Pick<Lease, "expiresAt" | "id">) => `${expiresAt.toISOString()}#${id}`;

const seconds = (time: Date) => BigInt(Math.ceil(time.getTime() / 1000));
const expiry = (from: Date, after: number) => ({ expiresAt: seconds(new Date(from.getTime() + after)) });

/** The lease that a request gets if it is admitted. */
export function leaseFor(request: Request, now: Date, milliseconds: number): Lease {
    const expiresAt = new Date(now.getTime() + milliseconds);
    const first = nameOf("month", new Date(now.getTime() - clockSkew));
    const last = nameOf("month", new Date(expiresAt.getTime() + clockSkew));
    return { ...request, months: first === last ? [first] : [first, last], expiresAt };
}

/** What counts a request in its caller's hour and day, or refuses it there. */
export function windows(caller: string, limits: Limits, now: Date): [hour: Write, day: Write] {
    const window = (unit: "hour" | "day", limit: bigint): Write => ({
        key: callerWindowKey(caller, unit, now),
        when: [{ attribute: "requests", is: "at most", value: limit - 1n }],
        add: { requests: 1n },
        set: expiry(now, windowTime),
    });
    return [window("hour", limits.requestsPerHour), window("day", limits.requestsPerDay)];
}

/** The transaction that admits a request: its hour, its day, its months, its leases and its name, or nothing. */
export function admission(lease: Lease, limits: Limits, now: Date): Write[] {
    const { caller, ceiling, months, model, tokens } = lease;
    return [
        ...months.map((month): Write => ({
            key: totalsKey(month),
            when: [
                // A month that has ended shuts off nothing in the next.
                ...(month === nameOf("month", now) ? [{ attribute: "shutOffAt", is: "absent" } as const] : []),
                { attribute: "held", is: "at most", value: limits.microUsdPerMonth - ceiling },
            ],
            add: { held: ceiling },
            set: expiry(now, moneyTime),
        })),
        ...windows(caller, limits, now),
        ...months.map((month): Write => ({
            key: { partition: leasesPartition(month), sort: leaseSort(lease) },
            when: [{ attribute: "ceiling", is: "absent" }],
            set: { ceiling, caller, model, tokens, months: months.join() },
        })),
        ...(lease.idempotencyKey === undefined
            ? []
            : [
                  {
                      key: requestKey(caller, lease.idempotencyKey),
                      // Items that have expired are deleted late.
                      when: [{ attribute: "expiresAt", is: "at most", value: seconds(now) } as const],
                      set: { id: lease.id, ...expiry(now, idempotencyTime) },
                  },
              ]),
    ];
}

/** What a refused {@link admission} is refused for; the first reason that no waiting ends sooner wins. */
export function refusalOf(refused: Refused, lease: Lease, limits: Limits, now: Date): Refusal {
    const { months, floor } = lease;
    const totals = refused.slice(0, months.length);
    const [hour, day] = refused.slice(months.length);
    const budgets = totals.flatMap((reason, index) => (reason ? [budgetRefusal(reason.item, months[index])] : []));
    const exceeded = budgets.find(({ code }) => code === "budget_exceeded");
    if (exceeded) return exceeded;
    if (day) return { code: "day_limit", until: endOf("day", now) };
    if (hour) return { code: "hour_limit", until: endOf("hour", now) };
    if (budgets.length > 0) return budgets[0];
    return { code: "replayed" };

    function budgetRefusal(item: Item | undefined, month: string): Refusal {
        const spent = counter(item, "spent");
        const end = endOf("month", new Date(`${month}-01T00:00:00Z`));
        // Just after a month's end AWS may still bill a call in it.
        const until = end > now ? end : new Date(end.getTime() + clockSkew);
        const shutOffAt = month === nameOf("month", now) ? text(item, "shutOffAt") : undefined;
        if (shutOffAt !== undefined) return { code: "budget_exceeded", until, spent, shutOffAt };
        // It would not fit if every reservation were freed.
        if (spent + floor > limits.microUsdPerMonth) return { code: "budget_exceeded", until, spent };
        const left = limits.microUsdPerMonth - counter(item, "held");
        return { code: "budget_busy", left: left < 0n ? 0n : left, spent };
    }
}

/** The transaction that charges an answered request what it cost and frees what else was set aside for it. */
export function settlement(lease: Lease, charge: Charge, now: Date): Write[] {
    return [
        ...ended(lease, leasesPartition, { held: charge.microUsd - lease.ceiling, spent: charge.microUsd, calls: 1n }),
        ...statistics(lease, charge, now),
    ];
}

/** The same for a lease that ran out and was charged at its ceiling meanwhile: it is corrected. */
export function lateSettlement(lease: Lease, charge: Charge, now: Date): Write[] {
    const correction = charge.microUsd - lease.ceiling;
    return [
        ...ended(lease, chargedPartition, { held: correction, spent: correction, calls: 1n }),
        ...statistics(lease, charge, now, { spent: lease.ceiling, tokens: lease.tokens }),
    ];
}

/**
 * The transaction that gives back what was set aside for a request that was never sent, or that AWS does not bill, and its
 * name with it: it can be sent again.
 */
export function release(lease: Lease): Write[] {
    const { caller, ceiling, idempotencyKey } = lease;
    return [
        ...ended(lease, leasesPartition, { held: -ceiling }),
        ...(idempotencyKey === undefined ? [] : [{ key: requestKey(caller, idempotencyKey), delete: true } as const]),
    ];
}

/** Takes a lease away where it still is, so that it ends once, and changes the totals of its months. */
function ended(lease: Lease, partitionOf: (month: string) => string, add: Record<string, bigint>): Write[] {
    return lease.months.flatMap((month): Write[] => [
        {
            key: { partition: partitionOf(month), sort: leaseSort(lease) },
            when: [{ attribute: "ceiling", is: "present" }],
            delete: true,
        },
        { key: totalsKey(month), add },
    ]);
}

/**
 * What is shown and compared with CloudWatch; no admission depends on it. A model's counters are in every month in which
 * AWS may count the call.
 *
 * @param expired what was booked on the model when the lease ran out
 */
function statistics(
    { caller, months }: Lease,
    { microUsd, model, inputTokens, outputTokens }: Charge,
    now: Date,
    expired = { spent: 0n, tokens: 0n },
): Write[] {
    const set = expiry(now, moneyTime);
    const add = { spent: microUsd, calls: 1n, inputTokens, outputTokens };
    const ofModel = { ...add, spent: microUsd - expired.spent, inputTokens: inputTokens - expired.tokens };
    return [
        { key: callerWindowKey(caller, "month", now), add, set },
        ...months.map((month) => ({ key: { partition: modelsPartition(month), sort: model }, add: ofModel, set })),
    ];
}

/** The sort key before which leases of {@link leasesPartition} have run out. */
export const expiredBefore = (now: Date) => new Date(now.getTime() - clockSkew).toISOString();

/**
 * The transaction that charges a lease that ran out at its ceiling: the call may have been billed, and nobody is there to
 * say. What is held stays as it is; from now on it is spent.
 */
export function expiration(sort: string, item: Item, now: Date): Write[] {
    const ceiling = counter(item, "ceiling");
    const months = (text(item, "months") ?? "").split(",");
    const model = text(item, "model");
    return [
        ...months.flatMap((month): Write[] => [
            {
                key: { partition: leasesPartition(month), sort },
                when: [{ attribute: "ceiling", is: "present" }],
                delete: true,
            },
            { key: totalsKey(month), add: { spent: ceiling, expired: 1n } },
            { key: { partition: chargedPartition(month), sort }, set: { ceiling, ...expiry(now, windowTime) } },
        ]),
        ...(model === undefined
            ? []
            : [
                  ...months.map((month) => ({
                      key: { partition: modelsPartition(month), sort: model },
                      add: { spent: ceiling, inputTokens: counter(item, "tokens") },
                      set: expiry(now, moneyTime),
                  })),
              ]),
    ];
}

/**
 * The transaction that makes what a month has spent what its calls are estimated to have cost, where no gate counts. What a
 * trial has put on top is its own to take away; one that begins or ends meanwhile has the transaction refused.
 */
export function estimation(month: string, totals: Item | undefined, microUsd: bigint, now: Date): Write[] {
    const [spent, held] = [counter(totals, "spent"), counter(totals, "held")];
    const wanted = microUsd + counter(totals, "trialMicroUsd");
    return [
        {
            key: totalsKey(month),
            when: [
                { attribute: "spent", is: "at most", value: spent },
                ...(spent > 0n ? [{ attribute: "spent", is: "equal", value: spent } as const] : []),
            ],
            add: { spent: wanted - spent, held: wanted - held },
            set: expiry(now, moneyTime),
        },
    ];
}

/** Where a month's savings are: apart from its totals, which every admission writes. */
export const savingsKey = (month: string): Key => ({ partition: `month#${month}`, sort: "savings" });

/** The write that counts what an answer from the cache would have cost. */
export function savings(caller: string, microUsd: bigint, now: Date): Write[] {
    const add = { saved: microUsd, hits: 1n };
    return [
        { key: savingsKey(nameOf("month", now)), add, set: expiry(now, moneyTime) },
        { key: callerWindowKey(caller, "month", now), add, set: expiry(now, moneyTime) },
    ];
}

/** When a refused caller may try again, in seconds. */
export function retryAfter(refusal: Refusal, now: Date): number | undefined {
    switch (refusal.code) {
        case "budget_busy":
            // A call takes a few seconds: then its reservation is freed.
            return 2;
        case "budget_exceeded":
        case "hour_limit":
        case "day_limit":
            return secondsUntil(now, refusal.until);
        case "replayed":
            return undefined;
    }
}
