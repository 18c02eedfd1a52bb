import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

import { htmlOf } from "../../ops/report";
import { type Report } from "../../ops/report/data";
import { chromiumPath } from "../support/chromium";
import { devReport, markup, planted } from "../support/report";

const executablePath = chromiumPath();

describe("the report's page in a browser", function () {
    if (executablePath === undefined) {
        it("is not tried: there is no Chromium. `.ci/chromium get` gets one, PLATFORM_CHROMIUM names one");
        return;
    }
    this.timeout(120_000);

    let browser: Browser;
    let folder: string;
    let report: Report;
    /** Of what was asked for besides the page, and of what the browser complained. */
    let faults: string[];
    let page: Page;

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "platform-report-"));
        ({ report } = await devReport());
        writeFileSync(join(folder, "report.html"), await htmlOf(report));
        browser = await chromium.launch({ executablePath });
    });
    after(async () => {
        await browser?.close();
        rmSync(folder, { recursive: true });
    });
    afterEach(async () => {
        await page.context().close();
        assert.deepEqual(faults, []);
    });

    async function open(options: BrowserContextOptions = {}): Promise<void> {
        const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
        page = await context.newPage();
        faults = [];
        const url = `file://${join(folder, "report.html")}`;
        page.on("console", (message) => faults.push(`console: ${message.text()}`));
        page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
        page.on("request", (request) => {
            if (request.url().split("#")[0] !== url) faults.push(`request: ${request.url()}`);
        });
        await page.goto(url);
    }

    /** Opens whatever can be opened, down to the particulars of a resource in the drawer. */
    async function openEverything(): Promise<void> {
        await page.evaluate(() => {
            for (const one of document.querySelectorAll("details")) one.open = true;
            for (const button of document.querySelectorAll<HTMLElement>(".group button")) button.click();
        });
        await page.locator(".graph .box").first().click();
    }

    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    const display = (name: string) => page.locator(name).evaluate((one) => getComputedStyle(one).display);
    const focused = () =>
        page.evaluate(() => {
            const { cellIndex, textContent, dataset, tagName } = document.activeElement as HTMLTableCellElement;
            const row = document.activeElement!.closest("tr");
            return {
                inMatrix: document.activeElement!.closest(".matrix") !== null,
                label: document.activeElement!.ariaLabel,
                text: textContent,
                column: document.querySelector<HTMLTableElement>(".matrix")!.tHead!.rows[0].cells[cellIndex]
                    ?.textContent,
                row: row?.querySelector("th")?.textContent,
                resource: row?.dataset.resource,
                cell: dataset.d !== undefined,
                tagName,
            };
        });

    /** Presses a key until the focus is where it should be. */
    async function press(key: string, until: (at: Awaited<ReturnType<typeof focused>>) => boolean): Promise<void> {
        for (let presses = 0; presses < 200; presses++) {
            if (until(await focused())) return;
            await page.keyboard.press(key);
        }
        assert.fail(`200 times ${key}, and the focus is on ${JSON.stringify(await focused())}`);
    }

    it("asks nothing of the network and raises no error, whatever is opened", async () => {
        await open();
        await openEverything();
        assert.equal(await page.locator("main").isVisible(), true);
        assert.equal(await page.locator(".graph .box").count(), report.resources.length);
    });

    for (const [colorScheme, width] of [
        ["light", 1280],
        ["dark", 1280],
        ["light", 360],
    ] as const) {
        it(`is accessible, ${colorScheme}, at a width of ${width}, closed and opened`, async () => {
            await open({ colorScheme, viewport: { width, height: 900 } });
            await page.evaluate(axe.source);
            const violations = () =>
                page.evaluate(async () => {
                    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run();
                    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
                });
            assert.deepEqual(await violations(), []);
            await openEverything();
            assert.deepEqual(await violations(), []);
        });
    }

    it("is dark where the reader's system is", async () => {
        const brightness = () =>
            page.evaluate(() => {
                const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.map(Number);
                return red + green + blue;
            });
        await open({ colorScheme: "dark" });
        assert.ok((await brightness()) < 150);
        await page.emulateMedia({ colorScheme: "light" });
        assert.ok((await brightness()) > 600);
        await page.emulateMedia({ colorScheme: "dark", media: "print" });
        assert.ok((await brightness()) > 600, "on paper it is light");
    });

    it("is no wider than a phone, closed and opened; the wide parts scroll by themselves", async () => {
        await open({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
        assert.equal(await overflow(), 0);
        await openEverything();
        assert.equal(await overflow(), 0);
        const heat = await page.locator(".heat").evaluate(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth);
        assert.ok(heat, "the access matrix is wider than a phone");
    });

    it("leads by keyboard to a cell of the access matrix and shows the statement that decides", async () => {
        await open();
        await press("Tab", ({ inMatrix }) => inMatrix);
        await press("ArrowDown", ({ text }) => text!.includes("rl-studio-rollouts"));
        await page.keyboard.press("Enter");
        await press("ArrowDown", ({ row, resource }) => {
            return /^\s*s3:PutObject\s+example\s*$/.test(row!) && resource!.includes("rl-studio-rollouts");
        });
        await press("ArrowRight", ({ column }) => column!.trim() === "rl-studio-service-user");
        assert.match((await focused()).label!, /^allowed: \s*rl-studio-service-user/);
        await page.keyboard.press("Enter");
        const drawer = page.locator("#drawer");
        assert.match(await drawer.locator("h2").innerText(), /^Allowed/);
        const statement = JSON.parse(await drawer.locator("pre").innerText()) as Record<string, string[]>;
        assert.equal(String(statement.Effect), "Allow");
        assert.ok([statement.Action].flat().includes("s3:PutObject"));
        assert.match([statement.Resource].flat().join(), /:s3:::rl-studio-rollouts/);
        await page.keyboard.press("Escape");
        assert.equal(await drawer.isVisible(), false);
        assert.equal((await focused()).column!.trim(), "rl-studio-service-user");
        await press("ArrowRight", ({ column }) => column!.trim() === "anonymous");
        await page.keyboard.press(" ");
        assert.match(await drawer.locator("h2").innerText(), /^(Refused|Denied)/);
    });

    it("shows by mouse which statement denies", async () => {
        await open();
        await page.locator(".group button", { hasText: "rl-studio-rollouts" }).first().click();
        const row = page.locator("tr:visible", { hasText: "without TLS" }).first();
        await row.locator("td.denied").first().click();
        const drawer = page.locator("#drawer");
        assert.match(await drawer.locator("h2").innerText(), /^Denied/);
        const statement = JSON.parse(await drawer.locator("pre").innerText()) as { Effect: string };
        assert.equal(statement.Effect, "Deny");
        assert.match(JSON.stringify(statement), /"aws:SecureTransport"/);
        await drawer.locator("#drawer-close").click();
        assert.equal(await drawer.isVisible(), false);
    });

    it("leads from a resource in the drawing to what it depends on, by keyboard", async () => {
        await open();
        await press("Tab", ({ tagName }) => tagName === "a");
        const first = (await focused()).label;
        await page.keyboard.press("ArrowRight");
        assert.notEqual((await focused()).label, first);
        await page.keyboard.press("Enter");
        assert.equal(await page.locator("#drawer").isVisible(), true);
        assert.equal(await page.locator(".box.chosen").getAttribute("aria-label"), (await focusedBefore())!);
        await page.keyboard.press("Escape");
        assert.equal(await page.locator(".box.chosen").count(), 0);
    });
    const focusedBefore = () => page.locator('.box[tabindex="0"]').first().getAttribute("aria-label");

    it("leaves of the checks those that one looks for", async () => {
        await open();
        const rows = page.locator("details.checks tbody tr:visible");
        await page.locator("#check-failed").check();
        assert.deepEqual(await rows.evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset.verdict)), [
            "bad",
            "none",
        ]);
        await page.locator("#check-search").fill("c2 snapshotter");
        assert.equal(await rows.count(), 1);
        assert.equal(await page.locator("#check-count").innerText(), "1 of 4");
    });

    it("is printed with everything opened and nothing cut, and closed again afterwards", async () => {
        await open({ colorScheme: "dark" });
        const opened = await page.locator("details[open]").count();
        await page.evaluate(() => {
            window.addEventListener("beforeprint", () => {
                document.body.dataset.closed = String(
                    document.querySelectorAll("details:not([open]), .matrix tr[hidden]").length,
                );
            });
        });
        const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
        assert.equal(await page.locator("body").getAttribute("data-closed"), "0");
        assert.equal(await page.locator("details[open]").count(), opened);
        const pages = pdf.match(/\/Type \/Page\b/g)!.length;
        assert.ok(pages > 5 && pages < 80, `${pages} pages`);
        await page.emulateMedia({ media: "print" });
        // A4 between margins of 1 cm.
        await page.setViewportSize({ width: 718, height: 1000 });
        await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
        assert.equal(await overflow(), 0);
        for (const name of ["nav", ".filter", "#drawer"]) assert.equal(await display(name), "none", name);
        const cut = await page.evaluate(() =>
            [...document.querySelectorAll(".scroller, pre")]
                .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1)
                .map(({ ariaLabel, textContent }) => ariaLabel ?? textContent),
        );
        assert.deepEqual(cut, []);
    });

    it("says the same without its script", async () => {
        await open({ javaScriptEnabled: false });
        assert.equal((await page.locator(".item").count()) > report.resources.length, true);
        const box = page.locator(".graph .box").first();
        const target = (await box.getAttribute("href"))!;
        await box.click();
        assert.equal(await page.locator(target).isVisible(), true);
    });

    it("shows markup in the state as text, and no secret", async () => {
        await open();
        assert.equal(await page.locator("#planted").count(), 0);
        const content = await page.content();
        assert.ok(!content.includes(planted));
        const text = await page.evaluate(() => document.body.textContent);
        assert.ok(text.includes(markup));
        assert.ok(text.includes("to be seen"));
        assert.ok(text.includes("[secret]"));
    });
});
