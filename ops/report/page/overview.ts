import { isShutOff } from "../../budget/words";
import { countsOf } from "../../verify/table";
import { type Report } from "../data";
import { shareOf } from "./budget";
import { type Html, html } from "./html";
import { badge, counted, moment, type Verdict } from "./parts";

/** What somebody who has no time is told: which stack, and a figure for each section. */
export function overview(report: Report): Html {
    const { stack, environment, region, accounts, writtenAt, lastUpdate } = report;
    const facts = [
        ["Environment", environment],
        ["Region", region],
        [accounts.length === 1 ? "Account" : "Accounts", accounts.join(", ")],
        ["Last update", lastUpdate ? `${lastUpdate.kind} ${lastUpdate.result}, ${moment(lastUpdate.ended)}` : "none"],
        ["Written", moment(writtenAt)],
    ] as const;
    return html`<header class="top">
        <p class="eyebrow">AI service platform</p>
        <h1>Stack <span class="stack">${stack}</span></h1>
        ${updateNotice(report)}
        <dl class="facts">
            ${facts.map(
                ([name, value]) =>
                    html`<div>
                        <dt>${name}</dt>
                        <dd>${value}</dd>
                    </div>`,
            )}
        </dl>
        <ul class="tiles">
            ${tiles(report).map(tile)}
        </ul>
    </header>`;
}

function updateNotice({ update }: Report): Html | string {
    if (update === "none") return "";
    return html`<p class="notice">
        ${badge("warn", update === "running" ? "An update is running" : "An update was interrupted")} What follows is
        the state as it is now.
    </p>`;
}

interface Tile {
    readonly to: string;
    readonly title: string;
    readonly figure: string;
    readonly words: string;
    readonly verdict: Verdict;
}

function tile({ to, title, figure, words, verdict }: Tile): Html {
    return html`<li>
        <a class="tile ${verdict}" href="#${to}"
            ><span class="tile-title">${title}</span><span class="figure">${figure}</span
            ><span class="tile-words">${words}</span></a
        >
    </li>`;
}

export function tiles(report: Report): Tile[] {
    return [resourcesTile(report), accessTile(report), checksTile(report), keysTile(report), budgetTile(report)];
}

function resourcesTile({ resources, services }: Report): Tile {
    return {
        to: "resources",
        title: "Resources",
        figure: String(resources.length),
        words: `of ${counted(services.length, "service")}`,
        verdict: "none",
    };
}

function accessTile({ access }: Report): Tile {
    const tile = { to: "access", title: "Access" };
    if (!access.known) return { ...tile, figure: "–", words: "not decided", verdict: "warn" };
    const outcomes = access.rows.flatMap(({ decisions }) => decisions.map((index) => access.decisions[index].outcome));
    return {
        ...tile,
        figure: String(outcomes.filter((outcome) => outcome === "allowed").length),
        words: `of ${outcomes.length} calls tried are allowed`,
        verdict: "none",
    };
}

function checksTile({ checks }: Report): Tile {
    const tile = { to: "checks", title: "Checks" };
    if (!checks.verified) return { ...tile, figure: "–", words: "not verified", verdict: "warn" };
    const { failed, notTried } = countsOf(checks.results);
    const held = checks.results.length - failed - notTried;
    const others = [failed > 0 ? `${failed} failed` : "", notTried > 0 ? `${notTried} not tried` : ""].filter(Boolean);
    return {
        ...tile,
        figure: `${held} of ${checks.results.length}`,
        words: ["hold", ...others].join(", "),
        verdict: failed > 0 ? "bad" : "good",
    };
}

function keysTile({ keys }: Report): Tile {
    const due = keys.filter(({ rotation }) => rotation === "due").length;
    const underWay = keys.filter(({ rotation }) => rotation === "under way").length;
    const oldest = Math.max(0, ...keys.map(({ ageDays = 0 }) => ageDays));
    const words = [`oldest ${counted(oldest, "day")}`];
    if (due > 0) words.push(`${due} due`);
    if (underWay > 0) words.push(`${underWay} under rotation`);
    return {
        to: "keys",
        title: "Keys",
        figure: String(keys.length),
        words: keys.length === 0 ? "none is static" : words.join(", "),
        verdict: due > 0 ? "bad" : underWay > 0 ? "warn" : keys.length === 0 ? "none" : "good",
    };
}

function budgetTile({ budget }: Report): Tile {
    const tile = { to: "budget", title: "Budget" };
    if (!budget) return { ...tile, figure: "–", words: "none", verdict: "none" };
    const { spending, limitUsd } = budget;
    if (!spending.known) return { ...tile, figure: `${limitUsd} USD`, words: "spent: not known", verdict: "warn" };
    const shut = isShutOff(spending.state);
    return {
        ...tile,
        figure: `${shareOf(spending.state).toFixed(1)} %`,
        words: `${shut ? "shut off; " : ""}of ${limitUsd} USD`,
        verdict: shut ? "bad" : "good",
    };
}
