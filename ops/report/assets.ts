import { readFileSync } from "node:fs";
import { join } from "node:path";

import { buildSync, transformSync } from "esbuild";

import { type Assets } from "./page";

/** The styles and the script of the page, each as one text without what only people read. */
export function assets(): Assets {
    const styles = readFileSync(join(__dirname, "page", "styles.css"), "utf8");
    const { outputFiles } = buildSync({
        entryPoints: [join(__dirname, "browser", "main.ts")],
        bundle: true,
        minify: true,
        format: "iife",
        target: "es2022",
        // A page is a file: what would end its script is written in another way.
        supported: { "inline-script": false },
        write: false,
    });
    return {
        styles: transformSync(styles, { loader: "css", minify: true }).code.trim(),
        script: outputFiles[0].text.trim(),
    };
}
