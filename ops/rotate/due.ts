import { isBegun } from "./plan";
import { type Situation } from "./situation";

/** Why a service's keys are to be rotated now; undefined where they are not. */
export function dueOf(situation: Situation, maximumAgeDays: number): string | undefined {
    const { now, settings, keys } = situation;
    if (settings.generations.length === 2 || isBegun(situation)) return "a rotation is under way";
    const published = keys.find(({ generation }) => generation === settings.published);
    if (!published) return undefined;
    const days = (now.getTime() - published.created.getTime()) / 86_400_000;
    return days >= maximumAgeDays
        ? `key ${settings.published} is ${Math.floor(days)} days old, at most ${maximumAgeDays} are allowed`
        : undefined;
}
