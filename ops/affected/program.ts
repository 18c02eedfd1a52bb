import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";

import { type BuildFailure, buildSync, type Metafile } from "esbuild";
import { parse } from "yaml";

import { gateEntries, gateSources } from "../../stacks/llm-models/gate-sources";

/** A file of the program, and what it takes in. */
export interface ProgramFile {
    /** Other files, by their paths below the repository; `lazy` by `import()`. */
    readonly imports: readonly { readonly path: string; readonly lazy: boolean }[];
    /** Names of npm packages. */
    readonly packages: readonly string[];
    /** Whether it can read files, start programs or load modules in a way that nobody has looked into. */
    readonly opaque: boolean;
}

/** The files that a preview can load, by their paths below the repository. */
export interface Program {
    readonly entry: string;
    readonly files: ReadonlyMap<string, ProgramFile>;
}

/** What a file does beyond what it imports. */
interface Beyond {
    /** Files that it takes in. */
    readonly files?: readonly string[];
    /** Packages that it loads. */
    readonly packages?: readonly string[];
}

/**
 * The files of the program that read files, start programs or load modules by themselves. Each was looked into: beside
 * what stands here, they read what the stack's file and its settings name, and the home of whoever runs them.
 */
export const lookedInto: Readonly<Record<string, Beyond>> = {
    // Bundles the functions for AWS; the rest of what it reads is a name under which it keeps the bundle.
    "stacks/llm-models/gate-code.ts": { files: gateEntries.map((entry) => `${gateSources}/${entry}.ts`) },
    "stacks/secrets-provider.ts": { packages: ["yaml"] },
    "stacks/providers.ts": {},
    "ops/kubernetes/client.ts": {},
    "ops/kubernetes/kubeconfig.ts": {},
    "ops/network/proxy.ts": {},
};

const opening = new Set(["fs", "fs/promises", "child_process", "module", "worker_threads", "vm"]);

/**
 * What the program in a folder consists of, as esbuild reads it; nothing of it is run.
 *
 * @returns why it cannot be told, where it cannot
 */
export function readProgram(folder: string): Program | { readonly unclear: string } {
    const entry = mainOf(folder);
    const bundled = Object.values(lookedInto).flatMap(({ files = [] }) => files);
    try {
        // In Node's order under ts-node: a `.js` beside a `.ts` comes first.
        const program = metafileOf(folder, [entry], [".js", ".json", ".node", ".ts"]);
        // In esbuild's own, as they are bundled. An entry that is gone is missed by its own import below.
        const functions = metafileOf(
            folder,
            bundled.filter((file) => existsSync(join(folder, file))),
        );
        return { entry, files: filesIn([program, functions]) };
    } catch (error) {
        const [first] = (error as Partial<BuildFailure>).errors ?? [];
        const place = first?.location ? `${first.location.file}:${first.location.line}: ` : "";
        return { unclear: `${place}${first?.text ?? String(error)}` };
    }
}

function metafileOf(folder: string, entryPoints: string[], resolveExtensions?: string[]): Metafile {
    return buildSync({
        absWorkingDir: folder,
        entryPoints,
        bundle: true,
        write: false,
        outdir: "out",
        platform: "node",
        format: "cjs",
        packages: "external",
        // The one file that the engine has the program compiled by, whatever stands in other folders.
        tsconfig: join(folder, "tsconfig.json"),
        resolveExtensions,
        loader: { ".node": "empty" },
        metafile: true,
        logLevel: "silent",
    }).metafile;
}

function mainOf(folder: string): string {
    const { main } = (parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) ?? {}) as { main?: string };
    return main ?? "index.ts";
}

/** A file of several has what it imports in any of them. */
function filesIn(metafiles: readonly Metafile[]): Map<string, ProgramFile> {
    const imports = new Map<string, Metafile["inputs"][string]["imports"]>();
    for (const [path, input] of metafiles.flatMap(({ inputs }) => Object.entries(inputs))) {
        imports.set(path, [...(imports.get(path) ?? []), ...input.imports]);
    }
    return new Map([...imports].map(([path, all]) => [path, fileOf(path, all)]));
}

function fileOf(path: string, imports: Metafile["inputs"][string]["imports"]): ProgramFile {
    const beyond = (lookedInto as Readonly<Record<string, Beyond | undefined>>)[path];
    // What is imported for its types alone stays as it was written, and is not loaded.
    const outside = imports.filter((one) => one.external && !one.path.startsWith(".")).map((one) => one.path);
    const modules = outside.map((name) => name.replace(/^node:/, "")).filter((name) => builtinModules.includes(name));
    const packages = outside.filter((name) => !name.startsWith("node:") && !builtinModules.includes(name));
    return {
        imports: [
            ...imports
                .filter(({ external }) => !external)
                .map((one) => ({ path: one.path, lazy: one.kind === "dynamic-import" })),
            ...(beyond?.files ?? []).map((file) => ({ path: file, lazy: false })),
        ],
        packages: [...new Set([...packages.map(packageName), ...(beyond?.packages ?? [])])],
        opaque: beyond === undefined && !inAws(path) && modules.some((name) => opening.has(name)),
    };
}

/** What a function reads where it runs is not read by a preview. */
const inAws = (path: string) => path.startsWith("functions/");

/** `@scope/name` of `@scope/name/file`. */
function packageName(specifier: string): string {
    return /^(@[^/]+\/)?[^/]+/.exec(specifier)![0];
}
