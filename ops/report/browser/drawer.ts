/** Said on the document when particulars are shown, with the id of whose they are, or none. */
export const chosen = "report-chosen";

/** What the drawer shows. */
export interface Particulars {
    readonly title: string;
    readonly subtitle: string;
    readonly content: Node;
    /** Of the element that has them, where it is one. */
    readonly id?: string;
}

/** Shows particulars beside the page; Escape closes them, and the focus returns to where they were asked for. */
export class Drawer {
    private readonly drawer = element("drawer");
    private readonly title = element("drawer-title");
    private readonly content = element("drawer-content");
    private origin: HTMLElement | SVGElement | undefined;

    constructor() {
        document.addEventListener("click", (event) => this.follow(event as MouseEvent));
        document.addEventListener("keydown", ({ key }) => key === "Escape" && this.close());
        element("drawer-close").addEventListener("click", () => this.close());
    }

    /** @param byKeyboard what is shown is read next; by mouse, the next choice is made */
    show({ title, subtitle, content, id }: Particulars, origin: HTMLElement | SVGElement, byKeyboard: boolean): void {
        const within = this.drawer.contains(origin);
        const small = document.createElement("small");
        small.textContent = subtitle;
        this.title.replaceChildren(title, small);
        this.content.replaceChildren(content);
        this.content.scrollTop = 0;
        this.drawer.hidden = false;
        document.body.classList.add("with-drawer");
        if (!within) this.origin = origin;
        this.origin?.scrollIntoView({ block: "nearest", inline: "nearest" });
        document.dispatchEvent(new CustomEvent(chosen, { detail: id }));
        if (byKeyboard || within) this.content.focus();
    }

    private close(): void {
        if (this.drawer.hidden) return;
        this.drawer.hidden = true;
        document.body.classList.remove("with-drawer");
        this.origin?.focus({ preventScroll: true });
        document.dispatchEvent(new CustomEvent(chosen));
    }

    /** A link to particulars that are further down shows them here. */
    private follow(event: MouseEvent): void {
        const link = (event.target as Element).closest<HTMLElement | SVGElement>("[data-show]");
        const particulars = link && particularsOf(link.dataset.show!);
        if (!particulars) return;
        event.preventDefault();
        this.show(particulars, link, event.detail === 0);
    }
}

/** A copy of the particulars that an element of the page has. */
export function particularsOf(id: string): Particulars | undefined {
    const item = document.getElementById(id);
    const [summary, particulars] = [item?.querySelector("summary"), item?.querySelector(".particulars")];
    if (!summary || !particulars) return undefined;
    const [title = "", ...rest] = [...summary.children].map((child) => child.textContent ?? "");
    return { title, subtitle: rest.join(" "), content: particulars.cloneNode(true), id };
}

const element = (id: string) => document.getElementById(id)!;
