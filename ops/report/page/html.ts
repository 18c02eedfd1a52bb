import { html as escaping } from "hono/html";
import { type HtmlEscapedString } from "hono/utils/html";

/** Markup in which everything that was put is escaped, unless it is markup itself. */
export type Html = HtmlEscapedString;

/** A template of markup: what is put into it is escaped, other markup and lists of it are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Html {
    // A promise only where one is put into it.
    return escaping(strings, ...values) as Html;
}

export { raw } from "hono/html";
