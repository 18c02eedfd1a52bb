import { type AccessGroup, grouped, type GroupedRow } from "../access/groups";
import { type AccessMatrix, type DecidingStatement, type Principal, type ReportDecision } from "../access/matrix";
import { type Report } from "../data";
import { type Html, html } from "./html";
import { badge, section } from "./parts";

type Outcome = ReportDecision["outcome"];

const signs: Readonly<Record<Outcome, string>> = { allowed: "✓", denied: "✗", refused: "·" };

/** Who may do what, as a heat map that opens down to single calls. */
export function accessSection({ access }: Report): Html {
    if (!access.known) {
        return section(
            "access",
            "Access",
            "Who may do what, decided from the policies in the stack's state.",
            html`<p class="notice">${badge("none", "Not decided")} ${access.reason}</p>`,
        );
    }
    return section(
        "access",
        "Access",
        "Who may do what, decided from the policies in the stack's state as AWS would. A row is a resource, its figure how many of the calls that were tried on it are allowed; open it to see each call. Select a cell to see the statement that decides.",
        html`${legend()}
            <div class="card-block">
                <div class="scroller heat" tabindex="0" role="group" aria-label="Access matrix">${table(access)}</div>
                <details class="all">
                    <summary>The statements that decide</summary>
                    ${access.statements.map(statement)}
                </details>
            </div>
            <template id="decisions">${access.decisions.map(decision)}</template>`,
    );
}

function legend(): Html {
    const entries = [
        ["allowed", "allowed by a statement"],
        ["denied", "denied by a statement"],
        ["refused", "refused: nothing allows it"],
    ] as const;
    return html`<ul class="legend" aria-label="Signs">
        ${entries.map(
            ([outcome, words]) =>
                html`<li><span class="sign ${outcome}" aria-hidden="true">${signs[outcome]}</span>${words}</li>`,
        )}
    </ul>`;
}

function table(access: AccessMatrix): Html {
    const { principals, rows } = access;
    return html`<table role="grid" class="matrix" aria-label="Who may do what">
        <thead>
            <tr>
                <th scope="col">Resource and call</th>
                ${principals.map(column)}
            </tr>
        </thead>
        ${grouped(rows).map((one) => group(one, access))}
    </table>`;
}

function column({ name, kind, service, id }: Principal): Html {
    return html`<th scope="col" data-kind="${kind}" data-id="${id}" data-service="${service ?? ""}">
        <span>${name}</span>
    </th>`;
}

function group({ title, rows }: AccessGroup, access: AccessMatrix): Html {
    const counts = access.principals.map(
        (_, index) => rows.filter(({ decisions }) => outcomeOf(decisions[index], access) === "allowed").length,
    );
    return html`<tbody>
        <tr class="group">
            <th scope="row"><button type="button" aria-expanded="true">${title}</button></th>
            ${counts.map((count) => html`<td class="heat-${heat(count, rows.length)}">${count === 0 ? "·" : count}</td>`)}
        </tr>
        ${rows.map((one) => row(one, access))}
    </tbody>`;
}

/** How much of what was tried is allowed, from 0 to 4. */
const heat = (count: number, of: number) => Math.ceil((4 * count) / of);

function row({ action, resource, how, part, decisions }: GroupedRow, access: AccessMatrix): Html {
    return html`<tr data-resource="${resource}">
        <th scope="row">
            <b>${action}</b>${part ? html` <span>${part}</span>` : ""}${how ? html` <i>${how}</i>` : ""}
        </th>
        ${decisions.map((index) => cell(index, access))}
    </tr> `;
}

function cell(index: number, access: AccessMatrix): Html {
    const outcome = outcomeOf(index, access);
    return html`<td class="${outcome}" data-d="${index}">${signs[outcome]}</td>`;
}

const outcomeOf = (index: number, { decisions }: AccessMatrix) => decisions[index].outcome;

function statement({ policy, place, statement: content }: DecidingStatement, index: number): Html {
    return html`<details class="item" id="s${index}">
        <summary><b>${policy}</b> <span class="muted">statement ${place}</span></summary>
        <div class="particulars"><pre>${JSON.stringify(content, undefined, 2)}</pre></div>
    </details>`;
}

function decision({ outcome, why, statement: index }: ReportDecision): Html {
    return html`<p data-outcome="${outcome}" data-s="${index === undefined ? "" : `s${index}`}">${why}</p>`;
}
