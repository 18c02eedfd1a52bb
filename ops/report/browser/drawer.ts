/** Said on the document when particulars are shown, with the id of whose they are, or none. */
export const chosen = "report-chosen";

/** Shows the particulars of what is selected beside the page; Escape closes them. */
export function drawers(): void {
    const drawer = document.querySelector<HTMLElement>("#drawer")!;
    const title = document.querySelector<HTMLElement>("#drawer-title")!;
    const content = document.querySelector<HTMLElement>("#drawer-content")!;
    let origin: HTMLElement | SVGElement | null = null;

    const close = () => {
        if (drawer.hidden) return;
        drawer.hidden = true;
        document.body.classList.remove("with-drawer");
        origin?.focus({ preventScroll: true });
        document.dispatchEvent(new CustomEvent(chosen));
    };

    const open = (id: string): boolean => {
        const item = document.getElementById(id);
        const [summary, particulars] = [item?.querySelector("summary"), item?.querySelector(".particulars")];
        if (!summary || !particulars) return false;
        const [name, ...rest] = [...summary.children].map((child) => child.textContent ?? "");
        const small = document.createElement("small");
        small.textContent = rest.join(" ");
        title.replaceChildren(name, small);
        content.replaceChildren(particulars.cloneNode(true));
        content.scrollTop = 0;
        drawer.hidden = false;
        document.body.classList.add("with-drawer");
        document.dispatchEvent(new CustomEvent(chosen, { detail: id }));
        return true;
    };

    document.addEventListener("click", (event) => {
        const target = (event.target as Element).closest<HTMLElement | SVGElement>("[data-show]");
        if (!target || !open(target.dataset.show!)) return;
        event.preventDefault();
        if (!drawer.contains(target)) origin = target;
        origin?.scrollIntoView({ block: "nearest", inline: "nearest" });
        // By keyboard, what is shown is read next; by mouse, the next choice is made.
        if ((event as MouseEvent).detail === 0 || drawer.contains(target)) content.focus();
    });
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape") close();
    });
    document.querySelector("#drawer-close")!.addEventListener("click", close);
}
