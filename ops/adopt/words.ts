import { type Overwrite } from "./compare";
import { count } from "./refusals";
import { type Report, type ResourceParts } from "./report";

/** A report for people: what there is, what would become of it, what is in the way. */
export function reportInWords(report: Report): string {
    const { found, alreadyManaged, absent, overwrites, expires, kept, refused } = report;
    return [
        ...section("Exists and is not the stack's", found.map(resourceInWords)),
        ...section("Already the stack's", alreadyManaged.map(resourceInWords)),
        ...section("Does not exist, would be created", absent),
        ...section("An update would overwrite", overwrites.map(overwriteInWords)),
        ...section("The lifecycle would remove now", expires.rules.map(expiringInWords)),
        ...section("Stays as it is", kept),
        ...section(
            "Refused",
            refused.map(({ resource, reason, fix }) => `${resource}: ${reason}\n    ${fix}`),
        ),
    ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
    return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function resourceInWords({ resource, parts }: ResourceParts): string {
    return `${resource}: ${parts.join(", ")}`;
}

function overwriteInWords({ resource, part, setting, from, to, losesData }: Overwrite): string {
    const mark = losesData ? " (would be lost)" : "";
    return `${resource}, ${part}: ${setting}${mark}\n    ${from ?? "(none)"} → ${to ?? "(none)"}`;
}

function expiringInWords({ bucket, what, afterDays, ...of }: Report["expires"]["rules"][number]): string {
    const bytes = of.bytes === null ? "" : `, ${count(of.bytes, "byte")}`;
    return `${bucket}, after ${count(afterDays, "day")}: ${of.count.toLocaleString("en")} of ${of.of.toLocaleString("en")} ${what}${bytes}`;
}
