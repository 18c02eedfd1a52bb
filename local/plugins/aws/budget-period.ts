// Times of budgets, as the provider writes them: `2026-01-31_00:00`, in UTC. Pure.

const FORM = /^(\d{4})-(\d{2})-(\d{2})_(\d{2}):(\d{2})$/;

export function parsePeriod(text: string): Date {
    if (!FORM.test(text)) {
        throw new RangeError(`A budget's time must look like 2026-01-31_00:00, not ${text}.`);
    }
    return new Date(text.replace("_", "T") + ":00Z");
}

export function showPeriod(time: Date | undefined): string | undefined {
    return time === undefined ? undefined : time.toISOString().slice(0, "2026-01-31T00:00".length).replace("T", "_");
}
