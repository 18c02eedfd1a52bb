import { expiration, expiredBefore, leasesPartition, totalsKey } from "./core/ledger";
import { type KeeperSettings } from "./core/settings";
import { counter, type Item, type Store, text, type Write } from "./core/store";
import { endOf, monthBefore, nameOf } from "./core/time";

/** What ends invocations in AWS itself, whoever asks for them and however. */
export interface Brake {
    /** Attaches the deny to everybody of the tier; where it is attached, nothing changes. */
    attach(): Promise<void>;
    /** Takes it away from everybody; where it is not attached, nothing changes. */
    detach(): Promise<void>;
    /** Who of the tier has it. */
    attachedTo(): Promise<"everybody" | "somebody" | "nobody">;
    /** Whether AWS denies an invocation at this moment. Asking costs nothing. Left out for whoever may not invoke. */
    readonly isDenied?: () => Promise<boolean>;
}

/** Who shut the budget off. */
export type ShutOffBy = "meter" | "bypass" | "trial";

/** An operator's wish to go on in spite of what is spent. */
export interface Restoration {
    readonly reason: string;
    readonly by: string;
    /** When the shut-off's level counts again; the month's limit counts always. @default the end of the month */
    readonly until?: Date;
}

export interface ShutOffGround {
    readonly store: Store;
    readonly brake: Brake;
    readonly now: () => Date;
    readonly log: (event: string, facts: Readonly<Record<string, unknown>>) => void;
    /** Tells people. */
    readonly alert: (subject: string, message: string) => Promise<void>;
}

/** For how long a deny is waited for: IAM tells every place of a change in seconds, and promises no time. */
const probeTime = 10_000;
const probePause = 250;

/** After how long nobody is on the way any more to tell people of a shut-off, in milliseconds: no function runs longer. */
const longestTelling = 120_000;

/** What a shut-off leaves in the ledger; `toldAt` once people know of it. */
const shutOffMarks = ["shutOffAt", "shutOffBy", "deniedAfterMs", "toldAt"] as const;

/** Ends invocations when the month's budget is nearly used up, and lets them begin again. */
export class ShutOff {
    constructor(
        private readonly settings: Pick<
            KeeperSettings,
            "environment" | "microUsdPerMonth" | "shutOffPercent" | "hasGate"
        >,
        private readonly ground: ShutOffGround,
    ) {}

    /** Looks whether what is spent has reached the level, and shuts off if it has. */
    async look(): Promise<void> {
        const now = this.ground.now();
        const totals = await this.ground.store.get(totalsKey(nameOf("month", now)));
        if (this.isDue(totals, now)) await this.engage(meterOf(totals));
    }

    /** Shuts off: a gate refuses at once, and AWS denies as soon as it knows. Done again it changes nothing. */
    async engage(by: ShutOffBy): Promise<void> {
        const { store, now, log } = this.ground;
        const began = now();
        const key = totalsKey(nameOf("month", began));
        // An operator has said to go on in spite of what was found.
        if (isRestored(await store.get(key), began)) return;
        const refused = await store.transact([
            {
                key,
                when: [{ attribute: "shutOffAt", is: "absent" }],
                set: { shutOffAt: began.toISOString(), shutOffBy: by },
                remove: ["restoredUntil"],
            },
        ]);
        if (refused) return;
        log("shut off", { by });
        await this.denyAndTell(by, began);
    }

    /** Lets invocations begin again, on an operator's word. */
    async restore({ reason, by, until }: Restoration): Promise<void> {
        const now = this.ground.now();
        await this.ground.store.transact([
            {
                key: totalsKey(nameOf("month", now)),
                set: {
                    restoredAt: now.toISOString(),
                    restoredBy: by,
                    restoredReason: reason,
                    restoredUntil: (until ?? endOf("month", now)).toISOString(),
                },
                remove: [...shutOffMarks],
            },
        ]);
        this.ground.log("restored", { by, reason });
        await this.ground.brake.detach();
    }

    /**
     * Puts the ledger so near the level that the next request crosses it, or where there is no gate so far that the
     * keeper does, until the trial is ended or its time is over.
     *
     * @throws Error while a shut-off is in force, or tried
     */
    async beginTrial(milliseconds: number): Promise<void> {
        const { store, now } = this.ground;
        const key = totalsKey(nameOf("month", now()));
        const spent = counter(await store.get(key), "spent");
        const { microUsdPerMonth, shutOffPercent, hasGate } = this.settings;
        const level = (microUsdPerMonth * BigInt(Math.round(shutOffPercent * 100)) + 9_999n) / 10_000n;
        const lift = level - spent - (hasGate ? 1n : 0n);
        const refused = await store.transact([
            {
                key,
                when: [
                    { attribute: "shutOffAt", is: "absent" },
                    { attribute: "trialMicroUsd", is: "absent" },
                    { attribute: "spent", is: "at most", value: level - 1n },
                ],
                add: { held: lift, spent: lift },
                set: { trialMicroUsd: lift, trialUntil: new Date(now().getTime() + milliseconds).toISOString() },
                remove: ["restoredUntil"],
            },
        ]);
        if (refused) throw new Error("A shut-off is in force, or is being tried");
    }

    /** Takes back what a trial put into the ledger, and the shut-off that came of it. */
    async endTrial(): Promise<void> {
        const { store, brake, now, log } = this.ground;
        const key = totalsKey(nameOf("month", now()));
        const totals = await store.get(key);
        if (text(totals, "trialUntil") === undefined) return;
        const lift = counter(totals, "trialMicroUsd");
        // One for another reason stays.
        const itsOwn = (text(totals, "shutOffBy") ?? "trial") === "trial";
        await store.transact([
            {
                key,
                when: [{ attribute: "trialMicroUsd", is: "equal", value: lift }],
                add: { held: -lift, spent: -lift },
                remove: ["trialMicroUsd", "trialUntil", ...(itsOwn ? shutOffMarks : [])],
            },
        ]);
        log("trial ended", {});
        if (itsOwn) await brake.detach();
    }

    /**
     * Brings the brake to what the ledger says, every few minutes and as a month begins: a new month has no shut-off, and
     * whatever failed or was missed is made good.
     */
    async keep(): Promise<void> {
        const { store, brake, now, log } = this.ground;
        await this.expireLeases();
        const totals = await store.get(totalsKey(nameOf("month", now())));
        if (isOver(totals, now())) return this.endTrial();
        if (this.isDue(totals, now())) return this.engage(meterOf(totals));
        const shutOffAt = text(totals, "shutOffAt");
        const wanted = shutOffAt !== undefined;
        if (wanted && text(totals, "toldAt") === undefined && isLeft(shutOffAt, now())) {
            return this.denyAndTell(text(totals, "shutOffBy") as ShutOffBy, new Date(shutOffAt));
        }
        if ((await brake.attachedTo()) === (wanted ? "everybody" : "nobody")) return;
        log(wanted ? "deny attached again" : "deny taken away", {});
        await (wanted ? brake.attach() : brake.detach());
    }

    private isDue(totals: Item | undefined, now: Date): boolean {
        const { microUsdPerMonth, shutOffPercent } = this.settings;
        if (text(totals, "shutOffAt") !== undefined) return false;
        if (isRestored(totals, now)) return false;
        return counter(totals, "spent") * 10_000n >= microUsdPerMonth * BigInt(Math.round(shutOffPercent * 100));
    }

    /** What follows once a shut-off is in the ledger: until people are told, the keeper does it again. */
    private async denyAndTell(by: ShutOffBy, at: Date): Promise<void> {
        const { store, brake, now, log } = this.ground;
        const fault = await brake.attach().then(
            () => undefined,
            (error: Error) => error,
        );
        const deniedAfterMs = fault ? undefined : await this.waitUntilDenied(at);
        log(fault ? "deny not attached" : "deny attached", {
            error: fault?.message,
            deniedAfterMs: deniedAfterMs && String(deniedAfterMs),
        });
        await this.tell(by, at, deniedAfterMs, fault);
        await store.transact([
            {
                key: totalsKey(nameOf("month", at)),
                // Somebody may have restored it meanwhile.
                when: [{ attribute: "shutOffAt", is: "equal", value: at.toISOString() }],
                set: { toldAt: now().toISOString(), ...(deniedAfterMs === undefined ? {} : { deniedAfterMs }) },
            },
        ]);
        if (fault) throw fault;
    }

    /** After how long an invocation is denied; undefined where it is not in time, or nobody can tell. */
    private async waitUntilDenied(began: Date): Promise<bigint | undefined> {
        const { brake, now } = this.ground;
        const passed = () => now().getTime() - began.getTime();
        while (brake.isDenied && passed() <= probeTime) {
            // One that fails tells nothing.
            if (await brake.isDenied().catch(() => false)) return BigInt(passed());
            await new Promise((resolve) => setTimeout(resolve, probePause));
        }
        return undefined;
    }

    /** Charges what ran out: in this month and in the last one, for as long as nobody has looked. */
    private async expireLeases(): Promise<void> {
        const { store, now } = this.ground;
        for (const month of [monthBefore(now()), nameOf("month", now())]) {
            for (const [sort, item] of await store.list(leasesPartition(month), expiredBefore(now()))) {
                const writes: Write[] = expiration(sort, item, now());
                // Refused where it was settled in the meantime.
                if (!(await store.transact(writes))) this.ground.log("lease expired", { sort });
            }
        }
    }

    private async tell(by: ShutOffBy, at: Date, deniedAfterMs: bigint | undefined, fault?: Error): Promise<void> {
        const { environment, shutOffPercent, hasGate } = this.settings;
        const why = {
            meter: `${shutOffPercent} % of the month's budget are spent${hasGate ? "" : ", by what CloudWatch has counted"}.`,
            bypass: "Bedrock counts tokens that did not pass the gate.",
            trial: "An operator tries the shut-off; it ends in a moment.",
        }[by];
        const denied = fault
            ? `The deny could not be attached (${fault.message}): it is tried again every five minutes.`
            : deniedAfterMs === undefined
              ? "The deny is attached; within a minute, AWS knows of it everywhere."
              : `AWS denied invocations ${deniedAfterMs} ms later.`;
        await this.ground.alert(
            `Bedrock is shut off in ${environment}${by === "trial" ? " (trial)" : ""}`,
            `${why} ${hasGate ? "The gate refuses" : "It is shut off"} since ${at.toISOString()}. ${denied} A deny ` +
                "stops new calls only: batch and customization jobs, provisioned throughput, marketplace endpoints and " +
                "sessions that are under way go on billing until they end or are stopped. Invocations are possible " +
                `again when the next month begins (UTC), or with: infra budget restore --stack ${environment} --reason …`,
        );
    }
}

function isRestored(totals: Item | undefined, now: Date): boolean {
    const until = text(totals, "restoredUntil");
    return until !== undefined && until > now.toISOString();
}

/** Whether a trial goes on although its time is over: whoever began it was killed. */
function isOver(totals: Item | undefined, now: Date): boolean {
    const until = text(totals, "trialUntil");
    return until !== undefined && until <= now.toISOString();
}

/** Whether whoever began a shut-off has had the time to tell of it. */
const isLeft = (shutOffAt: string, now: Date) => now.getTime() - Date.parse(shutOffAt) > longestTelling;

const meterOf = (totals: Item | undefined): ShutOffBy => (text(totals, "trialUntil") === undefined ? "meter" : "trial");
