import { type Arrow, type Box, type Drawing, type Frame } from "../graph";
import { type Html, html } from "./html";
import { type Names } from "./names";

/** A drawing as SVG: each box is a link to what the page says of its resource. */
export function figure(drawing: Drawing, names: Names): Html {
    const { width, height, frames, arrows, boxes, services } = drawing;
    const title = services.map((service) => service ?? "no service").join(", ");
    // Room for what the lines are drawn with.
    const view = `-2 -2 ${width + 4} ${height + 4}`;
    return html`<div class="scroller" tabindex="0" role="group" aria-label="Drawing of ${title}">
        <svg
            class="graph"
            viewBox="${view}"
            width="${width + 4}"
            height="${height + 4}"
            aria-label="Resources of ${title}"
            role="group"
        >
            <g>${frames.map((one) => frame(one, names))}</g>
            <g aria-hidden="true">${arrows.map((one) => arrow(one, names))}</g>
            <g>${boxes.map((one) => box(one, names))}</g>
        </svg>
    </div>`;
}

function frame({ component, x, y, width, height }: Frame, names: Names): Html {
    return html`<g class="frame ${names.toneOf({ component })}">
        <rect x="${x}" y="${y}" width="${width}" height="${height}" rx="12" />
        <text x="${x + 12}" y="${y + 18}">${component.name}</text></g
    >`;
}

function arrow({ from, to, curve: [start, ...rest], tip }: Arrow, names: Names): Html {
    const path = `M${start.join(",")}C${rest.map((point) => point.join(",")).join(" ")}L${tip.join(",")}`;
    return html`<path
        class="arrow"
        d="${path}"
        data-from="${names.idOf(from)}"
        data-to="${names.idOf(to)}"
        marker-end="url(#tip)"
    />`;
}

function box({ resource, label, x, y, width, height }: Box, names: Names): Html {
    const { urn, title, component } = resource;
    const [left, top] = [x - width / 2, y - height / 2];
    const of = component ? `, of ${component.title} ${component.name}` : "";
    return html`<a
        class="box ${names.toneOf(resource)}"
        href="#${names.idOf(urn)}"
        data-show="${names.idOf(urn)}"
        aria-label="${label} ${title}${of}"
    >
        <rect class="card" x="${left}" y="${top}" width="${width}" height="${height}" rx="8" />
        <rect class="edge" x="${left + 7}" y="${top + 9}" width="4" height="${height - 18}" rx="2" />
        <text class="name" x="${left + 19}" y="${top + 18}">${label}</text>
        <text class="kind" x="${left + 19}" y="${top + 33}">${title}</text></a
    >`;
}
