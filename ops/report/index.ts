import { assets } from "./assets";
import { type Report } from "./data";
import { draw } from "./graph";
import { pageOf } from "./page";

/** A report as a page: one file of HTML, without a secret. */
export async function htmlOf(report: Report): Promise<string> {
    return pageOf(report, await draw(report.resources), assets());
}
