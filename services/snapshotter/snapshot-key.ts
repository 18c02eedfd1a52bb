import { names } from "./names";

/**
 * Where a scan's files go (C5): `repo-scans/snapshotter/<repo>/<YYYY>/<MM>/<DD>/<run-id>/`, the date in UTC.
 *
 * @param repo `name` or `owner/name`; every part of it a plain name, since a part such as `..` would lead a tool that
 * resolves paths out of the prefix that the policy allows.
 * @param runId one plain name.
 * @throws RangeError that names what was given and what is expected.
 */
export function snapshotKey(repo: string, date: Date, runId: string): string {
    const parts = repo.split("/");
    if (parts.length > 2 || !parts.every(isPlainName)) throw notPlain("repo", repo, "a name or owner/name");
    if (!isPlainName(runId)) throw notPlain("runId", runId, "one name");
    if (Number.isNaN(date.getTime())) throw new RangeError("date: got an invalid date, expected a point in time");
    const [year, month, day] = date.toISOString().slice(0, 10).split("-");
    return `${names.prefix}${repo}/${year}/${month}/${day}/${runId}/`;
}

/** Letters, digits, dots, dashes and underscores, but not a name of dots alone. */
function isPlainName(part: string): boolean {
    return /^[A-Za-z0-9._-]+$/.test(part) && !/^\.+$/.test(part);
}

function notPlain(property: string, got: string, expected: string): RangeError {
    return new RangeError(
        `${property}: got ${JSON.stringify(got)}, expected ${expected} of letters, digits, ".", "-" and "_"`,
    );
}
