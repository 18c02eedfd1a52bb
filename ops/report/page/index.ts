import { createHash } from "node:crypto";

import { type Report } from "../data";
import { type Drawing } from "../graph";
import { accessSection } from "./access";
import { budgetSection } from "./budget";
import { checksSection } from "./checks";
import { html, raw } from "./html";
import { keysSection } from "./keys";
import { namesOf } from "./names";
import { overview } from "./overview";
import { resourcesSection } from "./resources";

/** What a page brings along. Neither has anything from a stack in it. */
export interface Assets {
    readonly styles: string;
    readonly script: string;
}

/**
 * A report as one page of HTML that needs nothing else: it loads nothing, and a browser that follows its policy runs and
 * applies nothing but these assets, whatever the names in a stack's state say.
 */
export function pageOf(report: Report, drawings: readonly Drawing[], { styles, script }: Assets): string {
    const names = namesOf(report);
    const policy = [
        "default-src 'none'",
        `style-src '${digest(styles)}'`,
        `script-src '${digest(script)}'`,
        "base-uri 'none'",
        "form-action 'none'",
    ].join("; ");
    const sections = [
        ["resources", "Resources"],
        ["access", "Access"],
        ["checks", "Checks"],
        ["keys", "Keys"],
        ["budget", "Budget"],
    ] as const;
    const page = html`<!doctype html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta http-equiv="Content-Security-Policy" content="${policy}" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="referrer" content="no-referrer" />
                <title>Stack ${report.stack}: report</title>
                ${raw(`<style>${styles}</style>`)}
            </head>
            <body>
                <a class="skip" href="#main">Skip to the report</a>
                <nav aria-label="Sections">
                    <ul>
                        ${sections.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}
                    </ul>
                </nav>
                <main id="main">
                    ${overview(report)} ${resourcesSection(report, drawings, names)} ${accessSection(report)}
                    ${checksSection(report)} ${keysSection(report)} ${budgetSection(report)}
                </main>
                <aside id="drawer" aria-label="Particulars" hidden>
                    <div class="drawer-head">
                        <h2 id="drawer-title" aria-live="polite"></h2>
                        <button type="button" id="drawer-close" aria-label="Close the details">✕</button>
                    </div>
                    <div id="drawer-content" tabindex="0" role="region" aria-labelledby="drawer-title"></div>
                </aside>
                ${raw(`<script>${script}</script>`)}
            </body>
        </html> `;
    return String(page);
}

/** By which a policy knows what it lets through. */
function digest(text: string): string {
    return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
