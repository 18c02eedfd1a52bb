import { type Compared, type Comparison } from "./compare";

/** A line for each variable that is not current, and one for a mode that lets others read. */
export function differencesInWords(comparison: Comparison): string {
    return lines(comparison, ({ state }) => state, "lets other users read it");
}

/** The same once they are written. */
export function changesInWords(comparison: Comparison): string {
    return lines(comparison, change, "becomes 600");
}

function change({ value, state }: Compared): string {
    if (value === null) return "removed";
    return state === "missing" ? "added" : "changed";
}

function lines({ variables, mode, isPrivate }: Comparison, word: (found: Compared) => string, wide: string): string {
    return [
        ...variables
            .filter((variable) => variable.state !== "current")
            .map((found) => `  ${found.name} ${word(found)}`),
        ...(isPrivate ? [] : [`  mode ${mode} ${wide}`]),
    ].join("\n");
}
