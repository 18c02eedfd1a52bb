import { type Comparison } from "./compare";

/** A line for each variable that is not current, and one for a mode that lets others read. */
export function differencesInWords(comparison: Comparison): string {
    return lines(comparison, (state) => state, "lets other users read it");
}

/** The same once they are written. */
export function changesInWords(comparison: Comparison): string {
    return lines(comparison, (state) => (state === "missing" ? "added" : "changed"), "becomes 600");
}

function lines({ variables, mode, isPrivate }: Comparison, state: (found: string) => string, wide: string): string {
    return [
        ...variables
            .filter((variable) => variable.state !== "current")
            .map((found) => `  ${found.name} ${state(found.state)}`),
        ...(isPrivate ? [] : [`  mode ${mode} ${wide}`]),
    ].join("\n");
}
