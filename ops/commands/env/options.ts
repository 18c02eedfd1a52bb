import { resolve } from "node:path";

import { exitCodes, InfraError } from "../../cli/errors";

export interface EnvOptions {
    readonly out?: string;
    readonly check?: boolean;
    readonly print?: boolean;
    readonly reveal?: boolean;
}

/** What is to be done. */
export type Wanted =
    | { readonly kind: "print" }
    /** The path is absolute. */
    | { readonly kind: "check" | "write"; readonly path: string };

/**
 * What the options ask for.
 *
 * @throws InfraError when they name nothing to do, or show a secret in words
 */
export function wanted({ out, check, print, reveal }: EnvOptions, json: boolean): Wanted {
    if (reveal && !print && !json) throw wrong("--reveal goes with --print or --json: words never show a secret.");
    if (print) return { kind: "print" };
    if (out === undefined) throw wrong(check ? "--check needs the file to check." : "No file is named.");
    return { kind: check ? "check" : "write", path: resolve(out) };
}

function wrong(reason: string): InfraError {
    return new InfraError(
        exitCodes.usage,
        reason,
        "Choose one: --out FILE writes the file, --out FILE --check compares it, --print shows the variables.",
    );
}
