/** A calendar unit in UTC, as AWS's bills and budgets count. */
export type Unit = "hour" | "day" | "month";

/** Characters of an ISO time that name each unit. */
const lengths: Readonly<Record<Unit, number>> = { hour: 13, day: 10, month: 7 };

/** The name of the hour (`2026-11-29T01`), day (`2026-11-29`) or month (`2026-11`) that a time is in. */
export function nameOf(unit: Unit, time: Date): string {
    return time.toISOString().slice(0, lengths[unit]);
}

/** When the hour, day or month that a time is in ends: the first moment of the next. */
export function endOf(unit: Unit, time: Date): Date {
    const end = new Date(time);
    end.setUTCMilliseconds(0);
    end.setUTCSeconds(0);
    end.setUTCMinutes(0);
    if (unit === "hour") end.setUTCHours(end.getUTCHours() + 1);
    if (unit === "day") end.setUTCHours(24);
    if (unit === "month") {
        end.setUTCHours(0);
        end.setUTCMonth(end.getUTCMonth() + 1, 1);
    }
    return end;
}

/** The name of the month before the one that a time is in. */
export function monthBefore(time: Date): string {
    return nameOf("month", new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), 0)));
}

/** Whole seconds from one time to another, at least 1: what `Retry-After` says. */
export function secondsUntil(from: Date, to: Date): number {
    return Math.max(1, Math.ceil((to.getTime() - from.getTime()) / 1000));
}
