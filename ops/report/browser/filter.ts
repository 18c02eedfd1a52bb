/** Leaves only the checks that have the words in them, or that do not hold. */
export function filterChecks(): void {
    const form = document.querySelector<HTMLFormElement>(".filter");
    if (!form) return;
    const search = form.querySelector<HTMLInputElement>("#check-search")!;
    const failed = form.querySelector<HTMLInputElement>("#check-failed")!;
    const count = form.querySelector<HTMLOutputElement>("#check-count")!;
    const groups = [...document.querySelectorAll<HTMLDetailsElement>("details.checks")];
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    const apply = () => {
        const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
        let shown = 0;
        let all = 0;
        for (const group of groups) {
            let own = 0;
            for (const row of group.querySelectorAll<HTMLTableRowElement>("tbody tr")) {
                const text = `${group.querySelector("h3")!.textContent} ${row.textContent}`.toLowerCase();
                const fits = words.every((word) => text.includes(word));
                row.hidden = !fits || (failed.checked && row.dataset.verdict === "good");
                if (!row.hidden) own++;
                all++;
            }
            shown += own;
            group.hidden = own === 0;
            group.open = own > 0 && (words.length > 0 || failed.checked);
        }
        count.textContent = shown === all ? "" : `${shown} of ${all}`;
    };
    form.addEventListener("input", apply);
}
