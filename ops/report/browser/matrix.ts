import { type Drawer, particularsOf } from "./drawer";

/**
 * The access matrix: its resources open and close, the arrow keys lead from cell to cell, and a cell shows what decides.
 */
export function matrix(drawer: Drawer): void {
    const table = document.querySelector<HTMLTableElement>(".matrix");
    if (!table) return;
    for (const button of table.querySelectorAll<HTMLButtonElement>(".group button")) expand(button, false);
    const stops = () => rowsOf(table).map((row) => [...row.cells].map((cell) => cell.querySelector("button") ?? cell));
    for (const stop of stops().flat()) stop.tabIndex = -1;
    const hidden = table.querySelectorAll<HTMLElement>("tr[hidden] :is(th, td)");
    for (const cell of hidden) cell.tabIndex = -1;
    stops()[1][0].tabIndex = 0;
    table.addEventListener("focusin", ({ target }) => {
        for (const other of table.querySelectorAll<HTMLElement>('[tabindex="0"]')) other.tabIndex = -1;
        const stop = target as HTMLElement;
        stop.tabIndex = 0;
        if (stop.dataset.d !== undefined) stop.ariaLabel = inWords(stop as HTMLTableCellElement, table);
    });
    table.addEventListener("keydown", (event) => {
        const next = nextOf(event, stops());
        if (next) {
            event.preventDefault();
            next.focus();
            next.scrollIntoView({ block: "nearest", inline: "nearest" });
        } else if ((event.key === "Enter" || event.key === " ") && (event.target as Element).matches("td")) {
            event.preventDefault();
            act(event.target as HTMLElement, table, drawer, true);
        }
    });
    table.addEventListener("click", ({ target }) => act(target as HTMLElement, table, drawer, false));
    window.addEventListener("beforeprint", () => {
        for (const button of table.querySelectorAll<HTMLButtonElement>(".group button")) expand(button, true);
    });
}

function act(target: HTMLElement, table: HTMLTableElement, drawer: Drawer, byKeyboard: boolean): void {
    const cell = target.closest<HTMLTableCellElement>("td, .group th");
    if (!cell) return;
    if (cell.dataset.d !== undefined) return show(cell, table, drawer, byKeyboard);
    const button = cell.closest("tr")!.querySelector("button")!;
    expand(button, button.ariaExpanded === "false");
}

function expand(button: HTMLButtonElement, open: boolean): void {
    button.ariaExpanded = String(open);
    for (const row of button.closest("tbody")!.rows) row.hidden = !open && !row.classList.contains("group");
}

const rowsOf = (table: HTMLTableElement) => [...table.rows].filter((row) => !row.hidden);

/** By how many rows and columns each key moves. */
const steps: Readonly<Record<string, readonly [number, number]>> = {
    ArrowDown: [1, 0],
    ArrowUp: [-1, 0],
    ArrowRight: [0, 1],
    ArrowLeft: [0, -1],
    PageDown: [10, 0],
    PageUp: [-10, 0],
    Home: [0, -Infinity],
    End: [0, Infinity],
};

function nextOf({ key, target, ctrlKey }: KeyboardEvent, stops: HTMLElement[][]): HTMLElement | undefined {
    const step = steps[key];
    const y = stops.findIndex((row) => row.includes(target as HTMLElement));
    if (!step || y < 0) return undefined;
    const x = stops[y].indexOf(target as HTMLElement);
    const within = (value: number, count: number) => Math.max(0, Math.min(count - 1, value));
    const [down, right] =
        ctrlKey && key === "Home" ? [-Infinity, -Infinity] : ctrlKey && key === "End" ? [Infinity, Infinity] : step;
    const row = stops[within(y + down, stops.length)];
    return row[within(x + right, row.length)];
}

interface Asked {
    readonly who: HTMLTableCellElement;
    readonly what: HTMLTableCellElement;
    readonly decision: HTMLElement;
}

function asked(cell: HTMLTableCellElement, table: HTMLTableElement): Asked {
    const decisions = document.querySelector<HTMLTemplateElement>("#decisions")!.content.children;
    return {
        who: table.tHead!.rows[0].cells[cell.cellIndex],
        what: cell.parentElement!.querySelector("th")!,
        decision: decisions[Number(cell.dataset.d)] as HTMLElement,
    };
}

function inWords(cell: HTMLTableCellElement, table: HTMLTableElement): string {
    const { who, what, decision } = asked(cell, table);
    return `${decision.dataset.outcome}: ${who.textContent}, ${what.textContent}`;
}

function show(cell: HTMLTableCellElement, table: HTMLTableElement, drawer: Drawer, byKeyboard: boolean): void {
    const { who, what, decision } = asked(cell, table);
    const { kind = "", id = "" } = who.dataset;
    const content = document.createElement("div");
    content.className = "particulars";
    const list = document.createElement("dl");
    const facts = [
        ["Who", kind === id ? kind : `${kind} ${id}`],
        ["Call", what.querySelector("b")!.textContent],
        ["Resource", what.closest("tr")!.dataset.resource],
        ["How", what.querySelector("i")?.textContent],
        ["Why", decision.textContent],
    ];
    for (const [name, value] of facts) {
        if (!value) continue;
        const [term, words] = [document.createElement("dt"), document.createElement("dd")];
        term.textContent = name!;
        words.textContent = value;
        list.append(term, words);
    }
    content.append(list);
    const statement = decision.dataset.s ? particularsOf(decision.dataset.s) : undefined;
    if (statement) {
        const heading = document.createElement("p");
        heading.className = "subhead";
        heading.textContent = `${statement.subtitle} of ${statement.title}`;
        content.append(heading, ...statement.content.childNodes);
    }
    const outcome = decision.dataset.outcome!;
    const title = outcome.charAt(0).toUpperCase() + outcome.slice(1);
    drawer.show({ title, subtitle: who.textContent ?? "", content }, cell, byKeyboard);
}
