import { countsOf } from "../../verify/table";
import { type CheckResult } from "../../verify/target";
import { type Report } from "../data";
import { type Html, html } from "./html";
import { badge, counted, section, type Verdict } from "./parts";

/** What must hold, what was expected and what was got. */
export function checksSection({ checks }: Report): Html {
    if (!checks.verified) {
        return section(
            "checks",
            "Checks",
            "What must hold is proved by live calls.",
            html`<p class="notice">${badge("none", "Not verified")} ${checks.reason}</p>`,
        );
    }
    const { results } = checks;
    const failures = results.filter((result) => verdictOf(result) === "bad");
    const services = [...new Set(results.map(({ service }) => service))];
    return section(
        "checks",
        "Checks",
        "What services may and may not do, and whether everything is as declared: each by a live call as the identity that its line names.",
        html`<form class="filter" role="search" hidden>
                <label
                    >Find <input type="search" id="check-search" autocomplete="off" placeholder="id, words, identity"
                /></label>
                <label class="only"><input type="checkbox" id="check-failed" /> only what does not hold</label>
                <output id="check-count" for="check-search check-failed"></output>
            </form>
            ${
                failures.length === 0
                    ? ""
                    : html`<div class="card-block failures">
                          <h3>${counted(failures.length, "failure")}</h3>
                          ${table(failures, "What failed")}
                      </div>`
            }
            ${services.map((service) => ofService(service, results))}`,
    );
}

export function verdictOf({ ok, notTried }: CheckResult): Verdict {
    return ok ? "good" : notTried ? "none" : "bad";
}

const verdictWords: Readonly<Record<Verdict, string>> = {
    good: "holds",
    bad: "failed",
    warn: "",
    none: "not tried",
};

function ofService(service: CheckResult["service"], results: readonly CheckResult[]): Html {
    const own = results.filter((result) => result.service === service);
    const { failed, notTried } = countsOf(own);
    const counts = [
        badge("good", `${own.length - failed - notTried} hold`),
        ...(failed > 0 ? [badge("bad", `${failed} failed`)] : []),
        ...(notTried > 0 ? [badge("none", `${notTried} not tried`)] : []),
    ];
    return html`<details class="card-block checks">
        <summary>
            <h3>${service ?? "clean-up"}</h3>
            ${counts}
        </summary>
        ${table(own, `Checks of ${service ?? "the clean-up"}`)}
    </details>`;
}

function table(results: readonly CheckResult[], caption: string): Html {
    return html`<table class="rows">
        <caption class="hidden">
            ${caption}
        </caption>
        <thead>
            <tr>
                <th scope="col">Result</th>
                <th scope="col">Id</th>
                <th scope="col">Check</th>
                <th scope="col">Identity</th>
                <th scope="col">Expected</th>
                <th scope="col">Got</th>
            </tr>
        </thead>
        <tbody>
            ${results.map(row)}
        </tbody>
    </table>`;
}

function row(result: CheckResult): Html {
    const { id, name, identity, expected, got, note } = result;
    const verdict = verdictOf(result);
    return html`<tr data-verdict="${verdict}">
        <td>${badge(verdict, verdictWords[verdict])}</td>
        <td data-label="Id">${id}</td>
        <th scope="row">${name}${note ? html`<span class="note">${note}</span>` : ""}</th>
        <td data-label="Identity">${identity}</td>
        <td data-label="Expected">${expected}</td>
        <td data-label="Got">${got}</td>
    </tr>`;
}
