import { InvalidArgumentError } from "commander";

/**
 * The value of an option that names a file or a folder. An option's name in its place is a slip: `--out --dry-run` would
 * write secrets into a file named `--dry-run`.
 *
 * @throws InvalidArgumentError that says what is expected
 */
export function pathOption(text: string): string {
    if (text === "") throw new InvalidArgumentError("Expected a path.");
    if (!text.startsWith("-")) return text;
    throw new InvalidArgumentError(`Expected a path; one that begins with - is written ./${text}.`);
}
