import { type Place } from "./checks";

/**
 * Says the values at places by their parts, each under its last key, in one way whatever the order of its parts:
 * `limits.cpu 1, requests.cpu 250m`. Nothing is left out but what is empty.
 */
export function placesInWords(places: readonly (readonly [place: Place, value: unknown])[]): string {
    return places
        .map(
            ([place, value]) =>
                partsOf(place.at(-1) ?? "", value)
                    .sort()
                    .join(", ") || `no ${place.at(-1)}`,
        )
        .join(", ");
}

function partsOf(name: string, value: unknown): string[] {
    if (value === undefined || value === null || value === "") return [];
    if (typeof value !== "object") return [[name, String(value)].filter((word) => word !== "").join(" ")];
    if (Array.isArray(value)) {
        if (value.length === 0) return [];
        if (value.every((part) => typeof part !== "object")) return partsOf(name, value.join("+"));
        return value.flatMap((part, index) => partsOf(name === "" ? String(index) : `${name}.${index}`, part));
    }
    return Object.entries(value).flatMap(([key, part]) => partsOf(name === "" ? key : `${name}.${key}`, part));
}

/** The value at a place; undefined where there is none. */
export function at(place: Place, value: unknown): unknown {
    return place.reduce<unknown>((part, key) => (part as Record<string, unknown> | null | undefined)?.[key], value);
}
