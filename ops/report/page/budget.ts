import { formatUsd } from "../../../functions/bedrock-gate/core/money";
import { type BudgetState } from "../../budget/state";
import { isShutOff } from "../../budget/words";
import { type BudgetLevel, type ReportBudget } from "../budget";
import { type Report } from "../data";
import { type Html, html } from "./html";
import { badge, moment, section } from "./parts";

/** The month's budget, its levels, and what is spent of it. */
export function budgetSection({ budget }: Report): Html {
    if (!budget) return section("budget", "Budget", "The stack has no budget.", html``);
    const { name, limitUsd, counts, spending } = budget;
    const lead = html`<code>${name}</code> counts ${counts.join(", ") || "every cost"}, monthly, up to
        ${dollars(limitUsd)}.`;
    return section(
        "budget",
        "Budget",
        lead,
        html`<div class="card-block">
            ${
                spending.known
                    ? spent(spending.state, limitUsd)
                    : html`<p class="notice">${badge("none", "What is spent is not known")} ${spending.reason}</p>`
            }
            ${gauge(budget)}
            <ul class="legend levels" aria-label="Levels">
                ${budget.levels.map(level)}
            </ul>
            ${spending.known ? particulars(spending.state) : ""}
        </div>`,
    );
}

const dollars = (usd: number) => `${usd.toFixed(2)} USD`;
const money = (microUsd: string) => formatUsd(BigInt(microUsd));

export function shareOf({ meter, limitMicroUsd }: BudgetState): number {
    return (100 * Number(meter.spentMicroUsd)) / Number(limitMicroUsd);
}

function spent(state: BudgetState, limitUsd: number): Html {
    const verdict = isShutOff(state) ? badge("bad", "shut off") : badge("good", "open");
    return html`<p>
        <b class="figure">${money(state.meter.spentMicroUsd)}</b>
        <span class="muted">of ${dollars(limitUsd)}, ${shareOf(state).toFixed(1)} %, in ${state.month} (UTC)</span>
        ${verdict}
    </p>`;
}

/** Right of the limit there is room for what is spent above it. */
const widest = 110;
const at = (percent: number) => `${((100 * Math.min(percent, widest)) / widest).toFixed(2)}%`;

function gauge({ levels, spending }: ReportBudget): Html {
    const percent = spending.known ? shareOf(spending.state) : 0;
    const words = levels.map(({ kind, percent: of }) => `${kind} at ${of} %`).join(", ");
    return html`<svg
        class="bar gauge"
        width="100%"
        height="52"
        role="img"
        aria-label="${percent.toFixed(1)} % spent; ${words}"
    >
        <rect class="track" width="100%" height="14" y="10" rx="7" />
        <rect class="fill ${verdictAt(percent, levels)}" width="${at(percent)}" height="14" y="10" rx="7" />
        ${levels.map(tick)}
        <line class="limit" x1="${at(100)}" x2="${at(100)}" y1="4" y2="30" />
    </svg>`;
}

function verdictAt(percent: number, levels: readonly BudgetLevel[]): string {
    const reached = levels.filter((one) => one.kind !== "forecast" && one.percent <= percent);
    return reached.some(({ kind }) => kind === "shut-off") ? "bad" : reached.length > 0 ? "warn" : "good";
}

/** Levels that stand close to each other have their figures in two lines. */
function tick({ percent, kind }: BudgetLevel, index: number): Html {
    const y = index % 2 === 0 ? 38 : 50;
    return html`<line class="level ${kind}" x1="${at(percent)}" x2="${at(percent)}" y1="6" y2="${y - 11}" /><text
            class="${kind}"
            x="${at(percent)}"
            y="${y}"
            text-anchor="middle"
            >${percent}</text
        >`;
}

const levelWords: Readonly<Record<BudgetLevel["kind"], string>> = {
    alert: "alert",
    forecast: "alert when the month's end is forecast above it",
    "shut-off": "invocations end",
};

function level({ percent, kind }: BudgetLevel): Html {
    return html`<li><b>${percent} %</b> ${levelWords[kind]}</li>`;
}

function particulars({ meter, gate, awsBudgets, endsAt }: BudgetState): Html {
    const { shutOff, restored } = meter;
    const deniedTo = [...meter.deniedTo, ...awsBudgets.deniedTo];
    return html`<dl class="facts">
        ${
            gate
                ? html`<dt>Reserved</dt>
                      <dd>${money(gate.reservedMicroUsd)} for requests under way</dd>
                      <dt>Saved</dt>
                      <dd>${money(gate.savedMicroUsd)} by ${gate.cacheHits} answers from the cache</dd>
                      <dt>Calls</dt>
                      <dd>${gate.calls}</dd>`
                : html`<dt>Counted</dt>
                      <dd>estimated from what CloudWatch has counted</dd>`
        }
        ${
            shutOff
                ? html`<dt>Shut off</dt>
                      <dd>${moment(shutOff.at)} by the ${shutOff.by}</dd>`
                : ""
        }
        ${
            restored
                ? html`<dt>Restored</dt>
                      <dd>
                          ${moment(restored.at)} by ${restored.by} until ${moment(restored.until)}: ${restored.reason}
                      </dd>`
                : ""
        }
        <dt>Denied to</dt>
        <dd>${deniedTo.join(", ") || "nobody"}</dd>
        <dt>AWS Budgets</dt>
        <dd>${awsBudgets.action ? `its action is ${awsBudgets.action}` : "has no action of its own"}</dd>
        <dt>Resets</dt>
        <dd>${moment(endsAt)}</dd>
    </dl>`;
}
