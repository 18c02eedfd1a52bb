import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "../../local/paths";
import { createProgram } from "../../ops/cli/program";
import { commands } from "../../ops/commands";
import { repositoryHost } from "../../ops/stack/repository-host";
import { anchorsOf, documents, linksOf, proseOf, textOf } from "../support/markdown";

/** The text of every program and test. */
function sources(): string {
    const folders = ["components", "functions", "local", "ops", "services", "stacks", "tests"];
    const files = folders.flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(root, folder, file)),
    );
    return files
        .filter((file) => file.endsWith(".ts"))
        .map((file) => readFileSync(file, "utf8"))
        .join("\n");
}

describe("the documents", () => {
    for (const file of documents()) {
        it(`${file}: every link leads to a file and a heading that exist`, () => {
            const broken = linksOf(file)
                .filter(
                    ({ target, anchor }) =>
                        !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).has(anchor)),
                )
                .map(({ link }) => link);
            assert.deepEqual(broken, []);
        });
    }

    it("are where messages of the tools send people", () => {
        const named = new Set([...sources().matchAll(/\bdocs\/[a-z-]+\.md\b/g)].map(([file]) => file));
        assert.ok(named.has("docs/recovery.md"));
        assert.deepEqual(
            [...named].filter((file) => !existsSync(join(root, file))),
            [],
        );
    });

    it("can all be reached from README", () => {
        const reached = new Set<string>();
        const visit = (file: string): void => {
            if (reached.has(file)) return;
            reached.add(file);
            for (const { target } of linksOf(file).filter(({ target }) => target.endsWith(".md"))) visit(target);
        };
        visit("README.md");
        assert.deepEqual(
            documents().filter((file) => !reached.has(file)),
            [],
        );
    });

    for (const file of ["CONTRIBUTING.md", "SECURITY.md", "docs/requirements.md"]) {
        it(`${file}: every path that it names exists`, () => {
            const paths = [...proseOf(file).matchAll(/`([\w.-]+(?:\/[\w.-]+)+\/?)`/g)].map(([, path]) => path);
            const known = ["components", "docs", "functions", "local", "ops", "schema", "services", "stacks", "tests"];
            const own = paths.filter((path) => known.includes(path.split("/")[0]));
            assert.ok(own.length > 2, paths.join());
            assert.deepEqual(
                own.filter((path) => !existsSync(join(root, path))),
                [],
            );
        });
    }
});

describe("the commands in the documents", () => {
    const infra = createProgram(commands, repositoryHost).commands.map((command) => command.name());
    const named = (pattern: RegExp) =>
        documents().flatMap((file) => [...textOf(file).matchAll(pattern)].map(([, name]) => name));

    it("npm run …: each is in package.json", () => {
        const scripts = Object.keys((JSON.parse(textOf("package.json")) as { scripts: object }).scripts);
        const used = named(/\bnpm run (?:--silent )?([a-z][a-z:-]*)/g);
        assert.ok(used.includes("local"));
        assert.deepEqual(
            used.filter((script) => !scripts.includes(script)),
            [],
        );
    });

    it("infra …: each is one of the tool's", () => {
        const used = named(/(?:\bnpx|npm run local --) infra ([a-z][a-z-]*)/g);
        assert.ok(used.includes("verify"));
        assert.deepEqual(
            used.filter((command) => !infra.includes(command)),
            [],
        );
    });

    it("npx mocha …: each file is there", () => {
        const files = named(/\bnpx mocha (tests\/[\w./-]+)/g);
        assert.ok(files.length > 0);
        assert.deepEqual(
            files.filter((file) => !existsSync(join(root, file))),
            [],
        );
    });

    it("docs/infra.md lists and describes all of the tool's", () => {
        const text = textOf("docs/infra.md");
        const rows = [...text.matchAll(/^\| `infra ([a-z-]+)[^|]*\|/gm)].map(([, command]) => command);
        const sections = [...text.matchAll(/^##+ `infra ([a-z-]+)/gm)].map(([, command]) => command);
        assert.deepEqual(
            infra.filter((command) => !rows.includes(command)),
            [],
        );
        // It works on no stack: it is described among what all commands have.
        assert.deepEqual(
            infra.filter((command) => !sections.includes(command)),
            ["completion"],
        );
    });
});

describe("README.md", () => {
    it("has at most 150 lines: what needs more has a document of its own", () => {
        assert.ok(textOf("README.md").trimEnd().split("\n").length <= 150);
    });
});

describe("docs/requirements.md", () => {
    const described = new Set([...textOf("docs/requirements.md").matchAll(/^\| ([A-E]\d+) +\|/gm)].map(([, id]) => id));

    it("has every id of the services", () => {
        const counts = { A: 6, B: 11, C: 7, D: 6, E: 12 };
        const ids = Object.entries(counts).flatMap(([letter, count]) =>
            Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
        );
        assert.deepEqual([...described], ids);
    });

    it("has every id that a check or a test names", () => {
        const named = new Set([...sources().matchAll(/"([A-E]\d{1,2})"/g)].map(([, id]) => id));
        assert.ok(named.has("A1") && named.has("E10"));
        assert.deepEqual(
            [...named].filter((id) => !described.has(id)),
            [],
        );
    });
});
