import fs from "node:fs";
import Module from "node:module";
import { isAbsolute, resolve } from "node:path";
import { inspect } from "node:util";

import type * as esbuild from "esbuild";

/** Node's loader, by the names that it has inside. */
interface Loader {
    /** Which file a request was found to be, which a file added since may change. */
    readonly _pathCache: Record<string, string>;
    _load(request: string, parent: NodeModule | undefined, isMain: boolean): unknown;
    _resolveFilename(request: string, parent: NodeModule | undefined, isMain: boolean): string;
}

/** Who asked for whom, by file: also for what was loaded already. */
const asked = new Map<string, Set<string>>();
/** What each bundle was made of, by its entry. */
const bundled = new Map<string, string[]>();

/** Files that were read, but for modules; cleared by whoever asks. */
export const filesRead = new Set<string>();

const loader = Module as unknown as Loader;
const load = loader._load;
loader._load = (request, parent, isMain) => {
    if (parent?.filename) {
        const file = loader._resolveFilename(request, parent, isMain);
        if (isAbsolute(file)) asked.set(parent.filename, (asked.get(parent.filename) ?? new Set()).add(file));
    }
    const loaded = load(request, parent, isMain);
    return request === "esbuild" ? noting(loaded as typeof esbuild) : loaded;
};

/** esbuild, which tells what it bundles. */
function noting(original: typeof esbuild): object {
    const buildSync = (options: esbuild.BuildOptions) => {
        const result = original.buildSync({ ...options, metafile: true });
        const [entry] = options.entryPoints as string[];
        const inputs = Object.keys(result.metafile.inputs);
        bundled.set(
            entry,
            inputs.map((path) => resolve(options.absWorkingDir!, path)),
        );
        return result;
    };
    return { ...original, buildSync };
}

/**
 * Paths of all that is in the bundles that were read.
 *
 * @throws Error for one that was not made here
 */
export function bundleInputs(read: ReadonlySet<string>): string[] {
    const entries = [...read].flatMap((path) => /\/bedrock-gate\/([a-z-]+)-[0-9a-f]+\.js$/.exec(path)?.[1] ?? []);
    return entries.flatMap((entry) => {
        const inputs = [...bundled].find(([path]) => path.endsWith(`/${entry}.ts`))?.[1];
        if (!inputs) throw new Error(`nobody knows what is in ${entry}'s bundle`);
        return inputs;
    });
}

/** Files that a module loads, it included, by way of those that it loads. */
export function loadedFrom(file: string): string[] {
    const files = new Set([file]);
    for (const one of files) for (const other of asked.get(one) ?? []) files.add(other);
    return [...files];
}

// stacks/error-handling.ts sets it each time that it is loaded, which only this lets it.
Object.defineProperty(Error.prototype, inspect.custom, { value: undefined, configurable: true });

/** Has the modules of a folder, but for those of npm, load anew. */
export function forgetProgram(folder: string): void {
    // It listens each time that it is loaded.
    for (const event of ["unhandledRejection", "uncaughtException"]) process.removeAllListeners(event);
    const isOwn = (path: string) => path.startsWith(`${folder}/`) && !path.includes("/node_modules/");
    for (const path of Object.keys(require.cache).filter(isOwn)) delete require.cache[path];
    for (const path of [...asked.keys()].filter(isOwn)) asked.delete(path);
    for (const [request, path] of Object.entries(loader._pathCache)) {
        if (isOwn(path)) delete loader._pathCache[request];
    }
}

for (const name of ["readFileSync", "openSync", "readFile", "open", "createReadStream", "readdirSync"] as const) {
    const original = fs[name] as (...args: unknown[]) => unknown;
    (fs as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
        const path = args[0];
        // By the hundred: only for their hash, by which their bundle is kept.
        if (typeof path === "string" && !hashes(path)) filesRead.add(resolve(path));
        return original(...args);
    };
}

/** Whether stacks/llm-models/gate-code.ts reads a file to name the bundle that it keeps. */
function hashes(path: string): boolean {
    return /\/(functions\/bedrock-gate(\/.*)?|package-lock\.json)$/.test(path) && /gate-code/.test(new Error().stack!);
}

/** Compiles each text once. */
const compiled = new Map<string, string>();
const compile = (process as unknown as Record<symbol, { compile(code: string, file: string): string }>)[
    Symbol.for("ts-node.register.instance")
].compile;
require.extensions[".ts"] = (module, path) => {
    const code = fs.readFileSync(path, "utf8");
    const key = `${path}\0${code}`;
    const output = compiled.get(key) ?? compile(code, path);
    compiled.set(key, output);
    (module as unknown as { _compile(code: string, path: string): void })._compile(output, path);
};
