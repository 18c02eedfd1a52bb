import { type Closure, closuresOf } from "./closures";
import { changedPackages, installedFor, type LockFile } from "./lock-file";
import { type Program } from "./program";
import { type StackFacts } from "./stacks";

/** What there is to judge by. */
export interface Situation {
    /** Paths below the repository of all that was changed, added or deleted. */
    readonly changed: readonly string[];
    /** Those of them that are links: what is behind one is not compared. */
    readonly links: readonly string[];
    /** As it is now, or why it cannot be told. */
    readonly program: Program | { readonly unclear: string };
    /** `package-lock.json` before and now; undefined where there is none that can be read. */
    readonly locks: readonly [before: LockFile | undefined, after: LockFile | undefined];
    /** `package.json`, parsed, before and now. */
    readonly manifests: readonly [before: unknown, after: unknown];
    readonly stacks: readonly StackFacts[];
    /** Every service that there is. */
    readonly services: readonly string[];
}

/** Why a stack's preview may differ. */
export interface Reason {
    readonly why: string;
    readonly paths: readonly string[];
}

/** A part of the stacks that a change can touch. */
interface Touch {
    readonly why: string;
    readonly path: string;
    readonly touches: (stack: StackFacts) => boolean;
}

const every = () => true;

/** What is part of every preview beside the program, by path; a folder ends with /. */
const everyPreview: Readonly<Record<string, string>> = {
    "Pulumi.yaml": "the project, of which every stack is one",
    "tsconfig.json": "how the program is compiled",
    ".npmrc": "how packages are installed",
    ".node-version": "the version of Node",
    ".nvmrc": "the version of Node",
    ".gitattributes": "how files are checked out",
    "local/versions.ts": "the version of the engine",
    "local/engine/": "the engine",
    "policy-pack/": "the policies that every preview is judged by",
    "bootstrap/": "where the state is",
    ".github/": "how previews are run",
    "ci/": "how previews are run",
};

/** The keys of `package.json` that no preview reads; what is installed is in `package-lock.json`. */
const unread = ["bin", "dependencies", "description", "devDependencies", "license", "scripts"];

/** What runs every program: the engine's part of it, what compiles TypeScript, and what the policy pack is made with. */
const runtime = ["@pulumi/pulumi", "@pulumi/policy", "@swc/core", "esbuild", "ts-node", "typescript"];

/**
 * The stacks whose preview a change can alter, each with why. Never one too few: a preview depends on the files that the
 * program loads and on what `everyPreview` lists, and whatever cannot be told touches every stack.
 */
export function affectedStacks(situation: Situation): Map<string, Reason[]> {
    const touched = touches(situation);
    const affected = situation.stacks.map((stack) => [stack.name, reasonsFor(stack, touched)] as const);
    return new Map(affected.filter(([, reasons]) => reasons.length > 0));
}

function reasonsFor(stack: StackFacts, all: readonly Touch[]): Reason[] {
    const paths = new Map<string, Set<string>>();
    for (const { why, path, touches } of all) {
        if (touches(stack)) paths.set(why, (paths.get(why) ?? new Set()).add(path));
    }
    return [...paths].map(([why, some]) => ({ why, paths: [...some] }));
}

function touches(situation: Situation): Touch[] {
    const { changed, links, program } = situation;
    const ofProgram = "unclear" in program ? unclear(changed, program.unclear) : byProgram(situation, program);
    return [
        ...changed.flatMap(bySettings),
        ...changed.flatMap(byEveryPreview),
        ...links.map((path) => ({ why: "a link", path, touches: every })),
        ...byManifest(situation),
        ...ofProgram,
    ];
}

/** The stack's own file, what its settings name, and for the local cloud's stack that cloud. */
function bySettings(path: string): Touch[] {
    const stack = /^Pulumi\.(.+)\.yaml$/.exec(path)?.[1];
    const builds = path.startsWith("local/") && !path.endsWith(".md");
    return [
        { why: "its settings", path, touches: ({ name }) => name === stack },
        {
            why: "a file that its settings name",
            path,
            touches: ({ named }) => named.some((one) => one === "" || one === path || path.startsWith(`${one}/`)),
        },
        { why: "the local cloud", path, touches: ({ local }) => local && builds },
    ];
}

function byEveryPreview(path: string): Touch[] {
    return Object.entries(everyPreview).flatMap(([part, why]) =>
        path === part || (part.endsWith("/") && path.startsWith(part)) ? [{ why, path, touches: every }] : [],
    );
}

function byManifest({ changed, manifests }: Situation): Touch[] {
    if (!changed.includes("package.json")) return [];
    const [before, after] = manifests.map((one) => {
        const read = typeof one === "object" && one !== null ? Object.entries(one) : undefined;
        return read && JSON.stringify(read.filter(([key]) => !unread.includes(key)).sort());
    });
    if (before !== undefined && before === after) return [];
    return [{ why: "how the program is loaded", path: "package.json", touches: every }];
}

function unclear(changed: readonly string[], why: string): Touch[] {
    return changed.map((path) => ({
        why: `what the program consists of cannot be told: ${why}`,
        path,
        touches: every,
    }));
}

function byProgram({ changed, locks, services }: Situation, program: Program): Touch[] {
    const { everyStack, services: own } = closuresOf(program, services);
    const parts: Part[] = [
        { closure: everyStack, of: every, code: "code that every stack loads", uses: "every stack" },
        ...[...own].map(([service, closure]) => ({
            closure,
            of: (stack: StackFacts) => (stack.services ?? services).some((one) => one === service),
            code: `code of ${service}`,
            uses: service,
        })),
    ];
    return [...byFiles(changed, parts), ...(changed.includes("package-lock.json") ? byPackages(locks, parts) : [])];
}

/** A part of the program, and the stacks that load it. */
interface Part {
    readonly closure: Closure;
    readonly of: (stack: StackFacts) => boolean;
    /** What a file of it is called. */
    readonly code: string;
    /** Whose packages its own are. */
    readonly uses: string;
}

function byFiles(changed: readonly string[], parts: readonly Part[]): Touch[] {
    return parts.flatMap(({ closure: { files, opaque }, of, code }) => {
        const folders = new Set([...files].flatMap(foldersAbove));
        return changed.flatMap((path) => [
            ...(files.has(path) ? [{ why: code, path, touches: of }] : []),
            // Node loads a module by the nearest one above it.
            ...(/\/package\.json$/.test(path) && folders.has(path.slice(0, -"/package.json".length))
                ? [{ why: `how ${code} is loaded`, path, touches: of }]
                : []),
            ...opaque.map((reader) => ({ why: `${reader} may read any file`, path, touches: of })),
        ]);
    });
}

function foldersAbove(path: string): string[] {
    const steps = path.split("/").slice(0, -1);
    return steps.map((_, index) => steps.slice(0, index + 1).join("/"));
}

/** A package counts by what it was part of, too: one that is gone may have given way to another, which did not change. */
function byPackages([before, after]: Situation["locks"], parts: readonly Part[]): Touch[] {
    const path = "package-lock.json";
    if (!before || !after) return [{ why: "which packages changed cannot be told", path, touches: every }];
    const changed = changedPackages(before, after);
    return parts.flatMap(({ closure, of, uses }) => {
        const names = uses === "every stack" ? [...closure.packages, ...runtime] : closure.packages;
        const used = new Set([...installedFor(before, names), ...installedFor(after, names)]);
        return [...changed]
            .filter((one) => used.has(one))
            .map((one) => ({ why: `packages of ${uses}`, path: one, touches: of }));
    });
}
