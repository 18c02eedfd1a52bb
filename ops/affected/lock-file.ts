/** An installed package, as `package-lock.json` has it under the path where it is installed. */
interface Installed {
    readonly version?: string;
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
    readonly peerDependencies?: Readonly<Record<string, string>>;
    /** Those that it can do without are listed here alone. */
    readonly peerDependenciesMeta?: Readonly<Record<string, unknown>>;
}

/** As much of `package-lock.json` as is read here: by path, as `node_modules/a/node_modules/b`. */
export interface LockFile {
    readonly packages: Readonly<Record<string, Installed>>;
}

/** Who needs a package, which says nothing of what is in it. */
const marks = ["dev", "devOptional", "optional", "peer", "extraneous"];

/**
 * Reads `package-lock.json`.
 *
 * @returns undefined for what is none, or is of a version that has no list of packages
 */
export function parseLockFile(text: string | undefined): LockFile | undefined {
    try {
        const { packages } = JSON.parse(text ?? "") as Partial<LockFile>;
        return typeof packages === "object" && packages !== null ? { packages } : undefined;
    } catch {
        return undefined;
    }
}

/** Paths of the packages that are not in both alike. */
export function changedPackages(before: LockFile, after: LockFile): Set<string> {
    const content = (one: Installed | undefined) =>
        one && JSON.stringify(Object.entries(one).filter(([key]) => !marks.includes(key)));
    const paths = new Set([...Object.keys(before.packages), ...Object.keys(after.packages)]);
    // The root stands under "": what it depends on is in package.json.
    paths.delete("");
    return new Set([...paths].filter((path) => content(before.packages[path]) !== content(after.packages[path])));
}

/**
 * Paths of the packages that packages of these names consist of: theirs and all that they depend on, each where Node finds
 * it.
 */
export function installedFor({ packages }: LockFile, names: Iterable<string>): Set<string> {
    const found = (from: string, name: string): string | undefined => {
        for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
            const path = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
            if (path in packages) return path;
            if (folder === "") return undefined;
        }
    };
    const paths = new Set([...names].flatMap((name) => found("", name) ?? []));
    for (const path of paths) {
        const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = packages[path];
        const needed = { ...dependencies, ...optionalDependencies, ...peerDependencies, ...peerDependenciesMeta };
        for (const name of Object.keys(needed)) {
            const dependency = found(path, name);
            if (dependency !== undefined) paths.add(dependency);
        }
    }
    return paths;
}
