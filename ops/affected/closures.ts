import { type Program } from "./program";

/** What a part of the program consists of. */
export interface Closure {
    /** Paths below the repository. */
    readonly files: ReadonlySet<string>;
    /** Names of the npm packages that these files load themselves. */
    readonly packages: ReadonlySet<string>;
    /** Files that may read anything. */
    readonly opaque: readonly string[];
}

/** What every stack loads, and what a service's stacks load beside it. */
export interface Closures {
    readonly everyStack: Closure;
    readonly services: ReadonlyMap<string, Closure>;
}

/** The file that loads a service's own when a stack has the service: see `deployments` there. */
const chooser = "stacks/index.ts";

/**
 * Divides the program by who loads it. A service's part is what `import()` of `stacks/<service>` in `stacks/index.ts`
 * reaches; all that is reached in another way, a service's file included, is every stack's.
 */
export function closuresOf(program: Program, services: readonly string[]): Closures {
    const chosenBy = (path: string) => services.find((one) => path.replace(/\.[jt]s$/, "") === `stacks/${one}`);
    const isChoice = (from: string, { path, lazy }: { readonly path: string; readonly lazy: boolean }) =>
        from === chooser && lazy && chosenBy(path) !== undefined;
    const reached = (start: string) => {
        const files = new Set([start]);
        // A set takes in what is added while it is walked.
        for (const file of files) {
            for (const one of program.files.get(file)?.imports ?? []) if (!isChoice(file, one)) files.add(one.path);
        }
        return closureOf(program, files);
    };
    const choices = (program.files.get(chooser)?.imports ?? []).filter((one) => isChoice(chooser, one));
    return {
        everyStack: reached(program.entry),
        services: new Map(choices.map(({ path }) => [chosenBy(path)!, reached(path)])),
    };
}

function closureOf({ files: all }: Program, files: ReadonlySet<string>): Closure {
    return {
        files,
        packages: new Set([...files].flatMap((file) => all.get(file)?.packages ?? [])),
        opaque: [...files].filter((file) => all.get(file)?.opaque),
    };
}
