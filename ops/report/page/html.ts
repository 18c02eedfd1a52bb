import { html as escaping } from "hono/html";
import { type HtmlEscapedString } from "hono/utils/html";

export { raw } from "hono/html";

/** Markup in which everything that was put is escaped, unless it is markup itself. */
export type Html = HtmlEscapedString;

/** Templates without their indentation, which is a fifth of a page. */
const dense = new WeakMap<TemplateStringsArray, TemplateStringsArray>();

/** A template of markup: what is put into it is escaped, other markup and lists of it are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Html {
    let own = dense.get(strings);
    if (!own) {
        const lines = strings.map((text) => text.replace(/\s*\n\s*/g, "\n"));
        dense.set(strings, (own = Object.assign(lines, { raw: lines })));
    }
    // A promise only where one is put into it.
    return escaping(own, ...values) as Html;
}
