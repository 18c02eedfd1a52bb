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
        ...section("An update would overwrite", overwritesInWords(overwrites)),
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

/** Under the part that they are of. */
function overwritesInWords(overwrites: readonly Overwrite[]): string[] {
    const parts = [...new Set(overwrites.map(partOf))];
    return parts.map((part) =>
        [part, ...overwrites.filter((overwrite) => partOf(overwrite) === part).map(overwriteInWords)].join("\n    "),
    );
}

function partOf({ resource, part }: Overwrite): string {
    return `${resource}, ${part}`;
}

function overwriteInWords({ setting, from, to, losesData }: Overwrite): string {
    return `${setting}: ${from ?? "(none)"} → ${to ?? "(none)"}${losesData ? " (data loss)" : ""}`;
}

function expiringInWords({ bucket, what, afterDays, ...of }: Report["expires"]["rules"][number]): string {
    const bytes = of.bytes === null ? "" : `, ${count(of.bytes, "byte")}`;
    return `${bucket}, after ${count(afterDays, "day")}: ${of.count.toLocaleString("en")} of ${of.of.toLocaleString("en")} ${what}${bytes}`;
}
