import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "../../local/paths";

/** The examples of components/README.md, each by what it begins with: `SecureBucket`. */
export function examples(): ReadonlyMap<string, string> {
    const text = readFileSync(join(root, "components", "README.md"), "utf8");
    const blocks = text.matchAll(/^\*\*([^*]+)\*\*[^\n]*\n\n```ts\n([^]*?)```$/gm);
    return new Map([...blocks].map(([, title, code]) => [title, code]));
}

/** Writes an example where it stands as in a file of `stacks/`, and returns its path. */
export function writeExample(folder: string, code: string): string {
    mkdirSync(join(folder, "stacks"), { recursive: true });
    for (const part of ["components", "node_modules", "tsconfig.json"]) {
        symlinkSync(join(root, part), join(folder, part));
    }
    const file = join(folder, "stacks", "example.ts");
    writeFileSync(file, code);
    return file;
}
