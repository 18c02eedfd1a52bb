/** On paper nothing can be opened: all is, and is as it was afterwards. */
export function expandForPrint(): void {
    let opened: HTMLDetailsElement[] = [];
    window.addEventListener("beforeprint", () => {
        opened = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
        for (const one of opened) one.open = true;
    });
    window.addEventListener("afterprint", () => {
        for (const one of opened) one.open = false;
        opened = [];
    });
}
