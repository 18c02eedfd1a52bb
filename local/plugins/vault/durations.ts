// Durations as Vault reads them: `90m`, `1h30m`, `3600`. Pure.

const UNITS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** In seconds; text that is no duration stays as it is. */
export function parseDuration(text: string): number | string {
    const trimmed = text.trim();
    if (/^\d+$/.test(trimmed)) {
        return Number(trimmed);
    }
    if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(trimmed)) {
        return text;
    }
    return [...trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
        (sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ""] ?? 0),
        0,
    );
}
