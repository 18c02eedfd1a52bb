import { format, resolveConfig } from "prettier";

export type Column<Row> = readonly [heading: string, cell: (row: Row) => string];

/** A table in Markdown, with a column only where some row has something in it. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
    const used = columns.filter(([, cell]) => rows.some((row) => cell(row) !== ""));
    const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    return [
        line(used.map(([heading]) => heading)),
        line(used.map(() => "-")),
        ...rows.map((row) => line(used.map(([, cell]) => cell(row)))),
    ].join("\n");
}

export const code = (words: string) => `\`${words}\``;

/**
 * A document with its generated parts as they have to be: what is between `<!-- generated: NAME -->` and
 * `<!-- end -->`.
 *
 * @throws Error for a part that nobody generates
 */
export async function withParts(text: string, path: string, parts: Readonly<Record<string, string>>): Promise<string> {
    const filled = text.replaceAll(
        /(<!-- generated: ([\w./-]+) -->\n)[^]*?(<!-- end -->)/g,
        (_, begin: string, name: string, end: string) => {
            if (!(name in parts)) throw new Error(`${path}: nothing generates ${name}`);
            return `${begin}\n${parts[name]}\n\n${end}`;
        },
    );
    return format(filled, { ...(await resolveConfig(path)), parser: "markdown" });
}

/** The names of the generated parts of a document. */
export function partsOf(text: string): string[] {
    return [...text.matchAll(/<!-- generated: ([\w./-]+) -->/g)].map(([, name]) => name);
}
