import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import * as fc from "fast-check";

import { affectedSince } from "../../ops/affected";
import { affectedStacks, type Situation } from "../../ops/affected/affected";
import { type LockFile, parseLockFile } from "../../ops/affected/lock-file";
import { lookedInto, type Program, readProgram } from "../../ops/affected/program";
import { readStacks, type StackFacts } from "../../ops/affected/stacks";
import { serviceNames } from "../../services";
import { Child } from "../bench/processes/child";
import { FleetCheckout } from "../support/fleet/checkout";
import { aloneIn, fleet, namedFile } from "../support/fleet/fleet";
import { type Preview, type PreviewQuestion } from "../support/fleet/previews";
import { randomOf } from "../support/random";

const allStacks = Object.keys(fleet);

/** A change of the repository, and what it does to a stack's preview. */
interface Edit {
    readonly what: string;
    readonly paths: readonly string[];
    /** Whether the stack's preview may differ: whether it reads what was changed. */
    readonly differs: (stack: string) => boolean;
    /** A package whose version it changes. */
    readonly bumps?: string;
    /** The program after it, where other files are loaded then. */
    readonly program?: Situation["program"];
}

describe("the stacks that a change can touch", function () {
    this.timeout(600_000);
    let checkout: FleetCheckout;
    let child: Child<PreviewQuestion, Preview>;
    let previews: ReadonlyMap<string, Preview>;
    let program: Program;
    let lock: LockFile;
    let stacks: readonly StackFacts[];

    before(async () => {
        checkout = new FleetCheckout(fleet);
        checkout.write(namedFile, "an authority");
        checkout.commit();
        const file = require.resolve("../support/fleet/previews");
        ({ child } = await Child.start<undefined, PreviewQuestion, Preview>(file, { folder: checkout.folder }));
        const found = new Map<string, Preview>();
        for (const stack of allStacks) found.set(stack, await child.ask({ stack }));
        previews = found;
        program = readProgram(checkout.folder) as Program;
        lock = parseLockFile(readFileSync(join(checkout.folder, "package-lock.json"), "utf8"))!;
        stacks = readStacks(checkout.folder);
    });
    after(async () => {
        await child?.stop();
        checkout?.remove();
    });

    const situation = (change: Partial<Situation>): Situation => ({
        changed: [],
        links: [],
        program,
        locks: [lock, lock],
        manifests: [{}, {}],
        stacks,
        services: serviceNames,
        ...change,
    });
    const bumped = (...paths: readonly string[]): LockFile => ({
        packages: {
            ...lock.packages,
            ...Object.fromEntries(paths.map((path) => [path, { ...lock.packages[path], version: "0.0.0-edited" }])),
        },
    });
    const reads = (stack: string, path: string) => previews.get(stack)!.files.includes(path);

    it("are in a fleet whose previews all work, and of which hardly two load the same", () => {
        for (const [stack, { shows }] of previews) assert.ok(!shows.startsWith("failed"), `${stack}: ${shows}`);
        assert.equal(new Set([...previews.values()].map(({ shows }) => shows)).size, allStacks.length);
    });

    it("have every stack among them that reads a changed file, whichever file it is", () => {
        const files = new Set([...previews.values()].flatMap((one) => one.files));
        assert.ok(files.size > 130, `${files.size} files`);
        const left = [...files].flatMap((path) => {
            const affected = affectedStacks(situation({ changed: [path] }));
            return allStacks
                .filter((stack) => reads(stack, path) && !affected.has(stack))
                .map((stack) => [path, stack]);
        });
        assert.deepEqual(left, []);
    });

    it("have every stack among them that loads anything of a changed package, whichever package it is", () => {
        const packages = new Set([...previews.values()].flatMap((one) => one.packages));
        assert.ok(packages.size > 150, `${packages.size} packages`);
        const left = [...packages].flatMap((path) => {
            assert.ok(path in lock.packages, path);
            const affected = affectedStacks(situation({ changed: ["package-lock.json"], locks: [lock, bumped(path)] }));
            const users = allStacks.filter((stack) => previews.get(stack)!.packages.includes(path));
            return users.filter((stack) => !affected.has(stack)).map((stack) => [path, stack]);
        });
        assert.deepEqual(left, []);
    });

    it("take no file of the program for harmless that reads files by itself and was not looked into", () => {
        const opaque = [...program.files].filter(([, { opaque }]) => opaque).map(([path]) => path);
        assert.deepEqual(opaque, []);
        const stale = Object.keys(lookedInto).filter((path) => !program.files.has(path));
        assert.deepEqual(stale, []);
    });

    /** Edits of every kind; a stack reads a file that it loads, has in a bundle, or has named in its settings. */
    function edits(): Record<"content" | "package" | "settings" | "every" | "resolution", Edit[]> {
        const tracked = checkout.git("ls-files").split("\n");
        const loaded = [...program.files.keys()];
        const everyStack = ["Pulumi.yaml", "tsconfig.json", ".npmrc", "package.json"];
        // Not of the functions: where they are bundled, a `.ts` comes before a `.js`.
        const shadowed = loaded
            .filter((path) => path.endsWith(".ts") && !path.startsWith("functions/") && path !== program.entry)
            .filter((_, index) => index % 8 === 0);
        const removed = loaded.filter((_, index) => index % 40 === 1);
        return {
            content: tracked
                .filter((path) => ![...everyStack, "package-lock.json"].includes(path) && !path.startsWith("Pulumi."))
                .map((path) => ({ what: `edit ${path}`, paths: [path], differs: (stack) => reads(stack, path) })),
            package: Object.keys(lock.packages)
                .filter((path) => path !== "")
                .map((path) => ({
                    what: `bump ${path}`,
                    paths: ["package-lock.json"],
                    bumps: path,
                    differs: (stack) => previews.get(stack)!.packages.includes(path),
                })),
            settings: allStacks.map((name) => ({
                what: `edit ${name}`,
                paths: [`Pulumi.${name}.yaml`],
                differs: (stack) => stack === name,
            })),
            every: everyStack.map((path) => ({ what: `edit ${path}`, paths: [path], differs: () => true })),
            resolution: [
                ...shadowed.map((path) => path.replace(/\.ts$/, ".js")).map((path) => afterwards(path, "")),
                ...removed.map((path) => afterwards(path, undefined)),
            ],
        };
    }

    /** A file more, which is taken for another, or a file less. */
    function afterwards(path: string, text: string | undefined): Edit {
        if (text === undefined) rmSync(join(checkout.folder, path));
        else checkout.write(path, text);
        const after = readProgram(checkout.folder);
        checkout.reset();
        const before = path.replace(/\.js$/, ".ts");
        return {
            what: `${text === undefined ? "remove" : "add"} ${path}`,
            paths: [path],
            program: after,
            differs: (stack) => reads(stack, before),
        };
    }

    it("never leave a stack out whose preview differs: 10,000 random edits", function () {
        const { content, package: packages, settings, every, resolution } = edits();
        const some = fc.oneof(
            { weight: 12, arbitrary: fc.constantFrom(...content) },
            { weight: 1, arbitrary: fc.constantFrom(...packages) },
            { weight: 3, arbitrary: fc.constantFrom(...settings) },
            { weight: 1, arbitrary: fc.constantFrom(...every) },
        );
        const change = fc.record({
            edits: fc.array(some, { minLength: 1, maxLength: 3 }),
            resolution: fc.option(fc.constantFrom(...resolution), { freq: 10 }),
            fleet: fc.subarray(allStacks, { minLength: 1, maxLength: 12 }),
        });
        const seen = { differing: 0, leftOut: 0 };
        fc.assert(
            fc.property(change, ({ edits: more, resolution: one, fleet: names }) => {
                const all = [...more, ...(one ? [one] : [])];
                const affected = affectedStacks(
                    situation({
                        changed: [...new Set(all.flatMap(({ paths }) => paths))],
                        program: one?.program ?? program,
                        locks: [lock, bumped(...all.flatMap(({ bumps }) => bumps ?? []))],
                        manifests: [{ main: "index.ts" }, { main: "other.ts" }],
                        stacks: stacks.filter(({ name }) => names.includes(name)),
                    }),
                );
                for (const stack of names) {
                    const why = all.filter(({ differs }) => differs(stack)).map(({ what }) => what);
                    assert.ok(why.length === 0 || affected.has(stack), `${stack} is left out: ${why.join(", ")}`);
                    seen.differing += why.length > 0 ? 1 : 0;
                    seen.leftOut += affected.has(stack) ? 0 : 1;
                }
            }),
            { numRuns: 10_000 },
        );
        // Else it would hold of whoever names every stack, or of edits that change nothing.
        assert.ok(seen.differing > 10_000 && seen.leftOut > 5_000, JSON.stringify(seen));
    });

    /** Makes a change for real, and returns what the command says and which stacks' previews really differ. */
    async function really(names: readonly string[], write: () => void): Promise<{ named: string[]; differ: string[] }> {
        try {
            write();
            const { stacks: named } = await affectedSince("HEAD", checkout.folder);
            const differ: string[] = [];
            for (const stack of names) {
                const { shows } = await child.ask({ stack });
                if (shows !== previews.get(stack)!.shows) differ.push(stack);
            }
            return { named: names.filter((stack) => named.includes(stack)), differ };
        } finally {
            checkout.reset();
        }
    }
    const text = (path: string) => readFileSync(join(checkout.folder, path), "utf8");
    const breakFile = (path: string) =>
        checkout.write(
            path,
            path.endsWith(".ts") ? `throw new Error("edited");\n${text(path)}` : `${text(path)}\nedited`,
        );
    const several = [...serviceNames.map(aloneIn), "prod-0", "vault-dynamic", "authority", "no-gate"];

    it("are what really differs where a file is broken, by the command and by the program: 25 random files", async () => {
        const next = randomOf(14, "affected");
        const files = [...program.files.keys(), ...checkout.git("ls-files", "docs", "ops", "bin").split("\n")];
        for (let count = 0; count < 25; count++) {
            const path = files[Math.floor(next() * files.length)];
            const { named, differ } = await really(several, () => breakFile(path));
            assert.deepEqual(
                differ,
                several.filter((stack) => reads(stack, path)),
                `${path}: what is read`,
            );
            assert.deepEqual(
                differ.filter((stack) => !named.includes(stack)),
                [],
                path,
            );
        }
    });

    const replaced = (path: string, from: string, to: string) => () => {
        assert.ok(text(path).includes(from), `${path} has no ${from}`);
        checkout.write(path, text(path).replace(from, to));
    };
    const alone = (...services: readonly string[]) => several.filter((one) => services.map(aloneIn).includes(one));
    const clinical = ["vault-dynamic", "authority"];
    const values: readonly {
        readonly what: string;
        readonly write: () => void;
        /** What the command says. */
        readonly named: readonly string[];
        /** What really differs. @default what is named */
        readonly differ?: readonly string[];
    }[] = [
        {
            what: "a value in a service's stack",
            write: replaced("stacks/mlflow.ts", "versioning: true", "versioning: false"),
            named: alone("mlflow"),
        },
        {
            what: "a value in facts that every stack loads",
            write: replaced("services/mlflow.ts", "mlflow-artifacts", "mlflow-edited"),
            named: several,
            differ: alone("mlflow"),
        },
        {
            what: "a value in what some stacks' code loads",
            write: replaced("stacks/clinical-ai/workload.ts", "STORAGE_ENVIRONMENT", "STORAGE_EDITED"),
            named: [...alone("clinical-ai"), ...clinical].sort((a, b) => several.indexOf(a) - several.indexOf(b)),
        },
        {
            what: "what only the functions have",
            write: () => breakFile("functions/bedrock-gate/app.ts"),
            named: [...alone("llm-models"), "no-gate"],
            // Without a gate, only its keeper is deployed.
            differ: alone("llm-models"),
        },
        {
            what: "a server beside the functions",
            write: () => breakFile("functions/bedrock-gate/server.ts"),
            named: [],
        },
        { what: "a command of the operators", write: () => breakFile("ops/commands/costs.ts"), named: [] },
        { what: "a page of the documentation", write: () => breakFile("docs/infra.md"), named: [] },
        { what: "a file that settings name", write: () => breakFile(namedFile), named: ["authority"] },
        {
            what: "a stack's settings",
            write: replaced("Pulumi.no-gate.yaml", "monthlyLimitUsd: 50", "monthlyLimitUsd: 51"),
            named: ["no-gate"],
        },
        {
            what: "a file that nobody has added, taken for another",
            write: () => checkout.write("stacks/snapshotter.js", "exports.deploy = () => ({});"),
            named: alone("snapshotter"),
        },
        {
            what: "a new file that nothing loads",
            write: () => {
                mkdirSync(dirname(join(checkout.folder, "stacks/new/file.ts")), { recursive: true });
                checkout.write("stacks/new/file.ts", "export {};");
            },
            named: [],
        },
    ];
    for (const { what, write, named, differ = named } of values) {
        it(`are exactly these after a change of ${what}: ${named.length} of ${several.length}`, async () => {
            assert.deepEqual(await really(several, write), { named, differ });
        });
    }
});
