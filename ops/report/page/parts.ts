import { type Html, html } from "./html";

/** A section of the page, under a heading that the navigation leads to. */
export function section(id: string, title: string, lead: Html | string, content: Html): Html {
    return html`<section id="${id}" class="part" aria-labelledby="${id}-title">
        <h2 id="${id}-title">${title}</h2>
        <p class="lead">${lead}</p>
        ${content}
    </section>`;
}

/** `1 resource`, `2 resources` */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
    return `${count} ${count === 1 ? singular : plural}`;
}

/** `29 November 2026, 03:20 UTC` */
export function moment(iso: string | Date): string {
    const date = new Date(iso);
    const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(date);
    return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}

/** What is good, bad, or neither: told by a word and a sign, the colour only repeats it. */
export type Verdict = "good" | "bad" | "warn" | "none";

const signs: Readonly<Record<Verdict, string>> = { good: "✓", bad: "✗", warn: "!", none: "–" };

export function badge(verdict: Verdict, words: string): Html {
    return html`<span class="badge ${verdict}"><span aria-hidden="true">${signs[verdict]}</span> ${words}</span>`;
}
