import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { serviceNames } from "../../services";
import { type ExitCode, exitCodes } from "../common/errors";
import { printable, printJson, say } from "../common/output";
import { repository } from "../stack/repository";
import { affectedStacks, type Reason } from "./affected";
import { type Changes, changesSince } from "./changes";
import { parseLockFile } from "./lock-file";
import { readProgram } from "./program";
import { readStacks, type StackFacts } from "./stacks";

/** What `infra affected --json` prints. */
export interface Affected {
    /** Full hash of the revision that was compared with. */
    readonly since: string;
    /** The stacks whose preview may differ, sorted: a matrix of CI. */
    readonly stacks: readonly string[];
    /** Why, for each of them. */
    readonly reasons: Readonly<Record<string, readonly Reason[]>>;
    /** The other stacks. */
    readonly untouched: readonly string[];
}

/** Prints the stacks that the changes since a revision can touch. */
export async function affected(json: boolean, { since }: { readonly since: string }): Promise<ExitCode> {
    const found = await affectedSince(since, repository);
    if (json) printJson(found);
    else show(found);
    return exitCodes.held;
}

/**
 * Which stacks the changes since a revision can touch.
 *
 * @throws InfraError as {@link changesSince}
 */
export async function affectedSince(revision: string, folder: string): Promise<Affected> {
    const changes = await changesSince(revision, folder);
    const program = readProgram(folder);
    const stacks = readStacks(folder);
    const before = async (path: string) => (changes.paths.includes(path) ? changes.before(path) : undefined);
    const reasons = affectedStacks({
        changed: [...changes.paths, ...unknown(folder, changes, program, stacks)],
        links: changes.links,
        program,
        locks: [parseLockFile(await before(lockFile)), parseLockFile(now(folder, lockFile))],
        manifests: [parsed(await before(manifest)), parsed(now(folder, manifest))],
        stacks,
        services: serviceNames,
    });
    const names = stacks.map(({ name }) => name);
    return {
        since: changes.since,
        stacks: names.filter((name) => reasons.has(name)),
        reasons: Object.fromEntries(reasons),
        untouched: names.filter((name) => !reasons.has(name)),
    };
}

const [manifest, lockFile] = ["package.json", "package-lock.json"];

/** Files that a preview reads and git ignores: whether they changed, nobody knows. */
function unknown(
    folder: string,
    changes: Changes,
    program: ReturnType<typeof readProgram>,
    stacks: readonly StackFacts[],
): string[] {
    const read = [
        ...("unclear" in program ? [] : program.files.keys()),
        ...stacks.map(({ name }) => `Pulumi.${name}.yaml`),
        ...stacks.flatMap(({ named }) => named).filter((path) => isFile(join(folder, path))),
    ];
    return read.filter((path) => !changes.compares(path) && !changes.paths.includes(path));
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

function now(folder: string, path: string): string | undefined {
    const file = join(folder, path);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function parsed(text: string | undefined): unknown {
    try {
        return JSON.parse(text ?? "");
    } catch {
        return undefined;
    }
}

function show({ since, stacks, reasons, untouched }: Affected): void {
    for (const stack of stacks) {
        process.stdout.write(`${stack}\n`);
        for (const reason of reasons[stack]) process.stdout.write(`  ${inWords(reason)}\n`);
    }
    const count = stacks.length === 1 ? "1 stack" : `${stacks.length || "No"} stacks`;
    const others = untouched.length === 0 ? "" : ` Not touched: ${untouched.join(", ")}.`;
    say(`${count} can be touched by what was changed since ${since.slice(0, 12)}.${others}`);
}

function inWords({ why, paths }: Reason): string {
    const shown = paths.slice(0, 3).map(printable).join(", ");
    return `${why}: ${shown}${paths.length > 3 ? ` and ${paths.length - 3} more` : ""}`;
}
