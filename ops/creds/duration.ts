import { InvalidArgumentError } from "commander";

import { keyLife } from "../../functions/bedrock-gate/core/key-life";

const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** What is allowed of a duration. */
interface Bounds {
    /** In seconds. */
    readonly shortest: number;
    readonly longest: number;
    /** What is said of a duration beyond them. */
    readonly expected: string;
}

/** What STS allows an IAM user. */
const ofSessions: Bounds = {
    shortest: 15 * 60,
    longest: 36 * 3600,
    expected: "Expected 15m to 36h: so long may a session of an IAM user last.",
};

/** How long a gate key may be valid, as people type it. */
export const keyLifeInWords = `${keyLife.shortest / seconds.m}m to ${keyLife.longest / seconds.d}d`;

const ofKeys: Bounds = { ...keyLife, expected: `Expected ${keyLifeInWords}.` };

/**
 * Seconds of a session's length such as `1h`.
 *
 * @throws InvalidArgumentError that says what is expected
 */
export const sessionSeconds = (text: string) => durationSeconds(text, ofSessions);

/** The same for how long a gate key is valid. */
export const keySeconds = (text: string) => durationSeconds(text, ofKeys);

function durationSeconds(text: string, { shortest, longest, expected }: Bounds): number {
    const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
    if (number === undefined) throw new InvalidArgumentError("Expected a duration such as 90m or 1h.");
    const length = Number(number) * seconds[unit as keyof typeof seconds];
    if (length >= shortest && length <= longest) return length;
    throw new InvalidArgumentError(expected);
}
