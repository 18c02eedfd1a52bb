import { chosen } from "./drawer";

/** In a drawing, Tab comes to one box and the arrow keys lead to the next one in their direction. */
export function navigateDrawings(): void {
    for (const graph of document.querySelectorAll<SVGSVGElement>(".graph")) {
        const boxes = [...graph.querySelectorAll<SVGAElement>(".box")];
        const make = (current: SVGAElement) => {
            for (const box of boxes) box.setAttribute("tabindex", box === current ? "0" : "-1");
        };
        if (boxes[0]) make(boxes[0]);
        fit(graph);
        new ResizeObserver(() => fit(graph)).observe(graph.parentElement!);
        graph.addEventListener("focusin", ({ target }) => {
            const box = (target as Element).closest<SVGAElement>(".box");
            if (box) make(box);
        });
        graph.addEventListener("keydown", (event) => {
            const box = (event.target as Element).closest<SVGAElement>(".box");
            const next = box && nextOf(box, boxes, event.key);
            if (!next) return;
            event.preventDefault();
            next.focus();
            next.scrollIntoView({ block: "nearest", inline: "nearest" });
        });
    }
    document.addEventListener(chosen, (event) => mark((event as CustomEvent<string | undefined>).detail));
}

/** A drawing that is not much wider than the page is made as small as that; any wider one is scrolled. */
function fit(graph: SVGSVGElement): void {
    // Beside the drawer nothing is to move away from under the pointer.
    if (document.body.classList.contains("with-drawer")) return;
    const { paddingLeft, paddingRight } = getComputedStyle(graph.parentElement!);
    const room = graph.parentElement!.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    const scale = room / graph.viewBox.baseVal.width;
    const shrunk = scale < 1 && scale >= 0.78;
    graph.style.width = shrunk ? `${room}px` : "";
    graph.style.height = shrunk ? "auto" : "";
}

/** By how much each key moves, along and across. */
const directions: Readonly<Record<string, readonly [number, number]>> = {
    ArrowRight: [1, 0],
    ArrowLeft: [-1, 0],
    ArrowDown: [0, 1],
    ArrowUp: [0, -1],
};

function nextOf(from: SVGAElement, boxes: readonly SVGAElement[], key: string): SVGAElement | undefined {
    if (key === "Home") return boxes[0];
    if (key === "End") return boxes.at(-1);
    const direction = directions[key];
    if (!direction) return undefined;
    const [x, y] = middle(from);
    const [right, down] = direction;
    const ahead = boxes.flatMap((box) => {
        const [otherX, otherY] = middle(box);
        const along = (otherX - x) * right + (otherY - y) * down;
        const across = Math.abs((otherX - x) * down) + Math.abs((otherY - y) * right);
        // What is straight ahead comes before what is nearer and aside.
        return along > 4 ? [{ box, distance: along + 3 * across }] : [];
    });
    return ahead.sort((one, other) => one.distance - other.distance)[0]?.box;
}

function middle(box: SVGAElement): [number, number] {
    const { x, y, width, height } = box.getBBox();
    return [x + width / 2, y + height / 2];
}

/** Shows what the chosen resource depends on and what needs it. */
function mark(id: string | undefined): void {
    for (const graph of document.querySelectorAll<SVGSVGElement>(".graph")) {
        const own = id === undefined ? null : graph.querySelector(`[data-show="${id}"]`);
        graph.classList.toggle("choosing", own !== null);
        // Arrows leave out what another one implies: what is near is what the particulars link to.
        const links = document.querySelectorAll<HTMLElement>(`[id="${id}"] [data-show]`);
        const near = new Set([...links].map(({ dataset }) => dataset.show!));
        for (const arrow of graph.querySelectorAll<SVGPathElement>(".arrow")) {
            const { from, to } = arrow.dataset;
            const touches = from === id || to === id;
            arrow.classList.toggle("near", touches);
        }
        for (const box of graph.querySelectorAll<SVGAElement>(".box")) {
            box.classList.toggle("chosen", box === own);
            box.classList.toggle("near", near.has(box.dataset.show!));
        }
    }
}
