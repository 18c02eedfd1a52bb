import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import execa from "execa";
import { transpileModule, ModuleKind, ScriptTarget } from "typescript";
import { parse, stringify } from "yaml";

import { root } from "../../local/paths";

/** A program that the engine can preview: its project's folder and the stack file that it is given. */
export interface Program {
    readonly folder: string;
    readonly stackFile: string;
    /** What its language host needs beyond the engine's environment. */
    readonly env?: Readonly<Record<string, string>>;
}

const programs = join(__dirname, "programs");

/** Makes the projects and stack files of one run, all for stack `local` of project `platform`. */
export class Projects {
    /**
     * @param folder where they are written
     * @param stackFile the stack file of the local cloud: its endpoints and encryption salt
     * @param engine folder with `pulumi` and its language host
     * @param path PATH of the engine
     */
    constructor(
        private readonly folder: string,
        private readonly stackFile: string,
        private readonly engine: string,
        private readonly path: string,
    ) {}

    /** The repository itself, just as `pulumi preview` finds it, with rl-studio as its only service. */
    repository(): Program {
        return { folder: root, stackFile: this.rlStudioAlone() };
    }

    /** The same resources as {@link repository}'s, by a JavaScript file. */
    byHand(): Program {
        return this.javascript("by-hand-start-up", "start-up", this.rlStudioAlone());
    }

    /** `count` services by the repository's components, in TypeScript with the repository's compiler options. */
    withComponents(count: number): Program {
        const folder = this.project("with-components", { name: "nodejs", options: { typescript: true } }, "index.ts");
        // A link, because the program imports the components by their place in the repository.
        this.link(join(programs, "with-components.ts"), join(folder, "index.ts"));
        this.link(join(root, "tsconfig.json"), join(folder, "tsconfig.json"));
        return { folder, stackFile: this.counting(count) };
    }

    /** `count` services registered in a loop, by a JavaScript file. */
    inLoop(count: number): Program {
        return this.javascript("by-hand-loop", "loop", this.counting(count));
    }

    /** A plain JavaScript project: the sources are TypeScript only so that they are checked, and lose their types here. */
    private javascript(name: string, main: string, stackFile: string): Program {
        const folder = this.project(name, { name: "nodejs", options: { typescript: false } }, `${main}.js`);
        for (const file of readdirSync(join(programs, "by-hand"))) {
            const { outputText } = transpileModule(readFileSync(join(programs, "by-hand", file), "utf8"), {
                compilerOptions: { target: ScriptTarget.ES2022, module: ModuleKind.CommonJS },
            });
            writeFileSync(join(folder, file.replace(/\.ts$/, ".js")), outputText);
        }
        return { folder, stackFile, env: this.javascriptHost() };
    }

    /**
     * Makes sure that the language host loads no TypeScript. The official one does as `typescript: false` says. The one
     * that the local cloud builds is older than the engine, and is told by a flag only.
     */
    private javascriptHost(): Program["env"] {
        const host = join(this.engine, "pulumi-language-nodejs");
        const { stdout, stderr } = execa.sync(host, ["-help"], { reject: false });
        if (!/-typescript\n(?!.*obsolete)/.test(stdout + stderr)) return undefined;
        const folder = join(this.folder, "javascript-host");
        mkdirSync(folder, { recursive: true });
        const script = `#!/bin/sh\nexec '${host}' -typescript=false "$@"\n`;
        writeFileSync(join(folder, "pulumi-language-nodejs"), script, { mode: 0o755 });
        return { PATH: `${folder}:${this.path}` };
    }

    private project(name: string, runtime: object, main: string): string {
        const folder = join(this.folder, name);
        mkdirSync(folder, { recursive: true });
        // The repository's project name: URNs and configuration keys are then the same.
        writeFileSync(join(folder, "Pulumi.yaml"), stringify({ name: "platform", runtime, main }));
        cpSync(join(root, "package.json"), join(folder, "package.json"));
        this.link(join(root, "node_modules"), join(folder, "node_modules"));
        return folder;
    }

    private link(target: string, path: string): void {
        try {
            symlinkSync(target, path);
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        }
    }

    private rlStudioAlone(): string {
        return this.settings("rl-studio", { "platform:environment": "dev", "platform:services": ["rl-studio"] });
    }

    private counting(count: number): string {
        return this.settings(`count-${count}`, { "platform:count": count });
    }

    private settings(name: string, own: Record<string, unknown>): string {
        const committed = parse(readFileSync(this.stackFile, "utf8")) as { config: Record<string, unknown> };
        const shared = Object.entries(committed.config).filter(([key]) => key.startsWith("aws:"));
        const path = join(this.folder, `Pulumi.${name}.yaml`);
        writeFileSync(path, stringify({ ...committed, config: { ...Object.fromEntries(shared), ...own } }));
        return path;
    }
}
