import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { root } from "../../local/paths";

/** Every document of the repository, by its path in it. */
export function documents(): string[] {
    const entries = readdirSync(root, { withFileTypes: true });
    const folders = entries.filter(
        (one) => one.isDirectory() && !one.name.startsWith(".") && one.name !== "node_modules",
    );
    const deeper = folders.flatMap(({ name }) =>
        readdirSync(join(root, name), { recursive: true, encoding: "utf8" }).map((file) => join(name, file)),
    );
    return [...entries.map(({ name }) => name), ...deeper].filter((file) => file.endsWith(".md")).sort();
}

export function textOf(file: string): string {
    return readFileSync(join(root, file), "utf8");
}

/** What a document says apart from its blocks of code. */
export function proseOf(file: string): string {
    return textOf(file).replaceAll(/^( *)```[^]*?^\1```$/gm, "");
}

/** A document's blocks of code, each as it stands there. */
export function codeIn(file: string): string[] {
    return [...textOf(file).matchAll(/^( *)```\w+\n([^]*?)^\1```$/gm)].map(([, indent, text]) =>
        text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    );
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(file: string): Set<string> {
    const seen = new Map<string, number>();
    const headings = [...proseOf(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
        const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
        const anchor = words
            .toLowerCase()
            .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
            .replaceAll(/\s/g, "-");
        const times = seen.get(anchor) ?? 0;
        seen.set(anchor, times + 1);
        return times === 0 ? anchor : `${anchor}-${times}`;
    });
    return new Set(headings);
}

/** The links of a document to files of the repository: the file, and the heading in it where one is named. */
export function linksOf(file: string): { readonly link: string; readonly target: string; readonly anchor?: string }[] {
    const inline = [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);
    const images = [...proseOf(file).matchAll(/(?:src|srcset|href)="([^"]+)"/g)].map(([, link]) => link);
    return [...inline, ...images]
        .filter((link) => !/^[a-z]+:/.test(link))
        .map((link) => {
            const [path, anchor] = link.split("#");
            const target = path === "" ? file : relative(root, join(root, dirname(file), path));
            return { link, target, anchor };
        });
}
