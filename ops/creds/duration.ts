import { InvalidArgumentError } from "commander";

const seconds = { s: 1, m: 60, h: 3600 } as const;

/** What STS allows an IAM user: 15 minutes to 36 hours. */
const bounds = { shortest: 15 * 60, longest: 36 * 3600 } as const;

/**
 * Seconds of a session's length such as `1h`.
 *
 * @throws InvalidArgumentError that says what is expected
 */
export function sessionSeconds(text: string): number {
    const [, number, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
    if (number === undefined) throw new InvalidArgumentError("Expected a duration such as 90m or 1h.");
    const length = Number(number) * seconds[unit as keyof typeof seconds];
    if (length >= bounds.shortest && length <= bounds.longest) return length;
    throw new InvalidArgumentError("Expected 15m to 36h: so long may a session of an IAM user last.");
}
