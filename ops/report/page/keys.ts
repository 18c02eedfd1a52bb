import { type Report, type ReportKey } from "../data";
import { type Html, html } from "./html";
import { badge, counted, moment, section } from "./parts";

/** How old the services' keys are, and where a rotation stands. */
export function keysSection({ keys }: Report): Html {
    const lead =
        keys.length === 0
            ? "No service of this stack has static keys."
            : "A key is due when it reaches its maximum age. The bar shows its age.";
    return section(
        "keys",
        "Keys",
        lead,
        keys.length === 0
            ? html``
            : html`<ul class="cards">
                  ${keys.map(card)}
              </ul>`,
    );
}

function card(key: ReportKey): Html {
    const { service, generation, created, ageDays, maximumAgeDays, since } = key;
    return html`<li class="card-block">
        <h3>${service}</h3>
        <p>${state(key)}</p>
        ${
            created === undefined
                ? html`<p class="muted">Key ${generation} of the stack file is not in the stack's state.</p>`
                : html`<p>
                          <b class="figure">${counted(ageDays!, "day")}</b>
                          <span class="muted">of ${maximumAgeDays}</span>
                      </p>
                      ${ageBar(key)}
                      <p class="muted">Key ${generation}, made ${moment(created)}</p>`
        }
        ${retiring(key)} ${since === undefined ? "" : html`<p class="muted">Last step ${moment(since)}</p>`}
    </li>`;
}

function state({ rotation, created }: ReportKey): Html {
    if (created === undefined) return badge("warn", "not in the state");
    if (rotation === "due") return badge("bad", "due to be rotated");
    return rotation === "under way" ? badge("warn", "rotation under way") : badge("good", "at rest");
}

function retiring({ retiring: old }: ReportKey): Html | string {
    if (!old) return "";
    return html`<p>Key ${old.generation} is on its way out: ${old.inactive ? "it is inactive" : "it still works"}.</p>`;
}

function ageBar({ ageDays = 0, maximumAgeDays, rotation }: ReportKey): Html {
    const share = Math.min(100, (100 * ageDays) / maximumAgeDays);
    return html`<svg class="bar" width="100%" height="8" role="img" aria-label="${ageDays} of ${maximumAgeDays} days">
        <rect class="track" width="100%" height="8" rx="4" />
        <rect class="fill ${rotation === "due" ? "bad" : "good"}" width="${share.toFixed(1)}%" height="8" rx="4" />
    </svg>`;
}
