import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";

import { type Affected } from "../../ops/affected";
import { changesSince } from "../../ops/affected/changes";
import { changedPackages, installedFor } from "../../ops/affected/lock-file";
import { InfraError } from "../../ops/common/errors";
import { FleetCheckout } from "../support/fleet/checkout";
import { stackConfig } from "../support/stack-files";

/** A folder of the test's own, and git in it. */
class Folder {
    readonly path = mkdtempSync(join(tmpdir(), "platform-affected-"));

    write(name: string, text: string): void {
        writeFileSync(join(this.path, name), text);
    }

    git(...args: readonly string[]): string {
        const author = ["-c", "user.name=test", "-c", "user.email=test@platform.test"];
        return execa.sync("git", [...author, ...args], { cwd: this.path }).stdout;
    }

    commit(message: string): void {
        this.git("add", "--all");
        this.git("commit", "--quiet", "--no-verify", "--allow-empty", "--message", message);
    }

    remove(): void {
        rmSync(this.path, { recursive: true, force: true });
    }
}

describe("what changed since a revision", () => {
    let folder: Folder;
    beforeEach(() => {
        folder = new Folder();
    });
    afterEach(() => folder.remove());

    const refusal = (revision: string) =>
        changesSince(revision, folder.path).then(
            () => assert.fail(`${revision} was taken`),
            (error: unknown) => {
                assert.ok(error instanceof InfraError, String(error));
                return error;
            },
        );

    it("is every path that differs: committed, not committed, deleted, and not added", async () => {
        folder.git("init", "--quiet");
        for (const name of ["kept", "committed", "edited", "deleted", "renamed"]) folder.write(name, `${name}\n`);
        folder.write(".gitignore", "ignored\n");
        folder.commit("As it was");
        const was = folder.git("rev-parse", "HEAD");
        folder.write("committed", "otherwise\n");
        folder.commit("As it is");
        folder.write("edited", "otherwise\n");
        folder.write("added", "");
        folder.write("ignored", "");
        folder.git("rm", "--quiet", "deleted");
        folder.git("mv", "renamed", "renamed to");
        symlinkSync("kept", join(folder.path, "link"));
        const changes = await changesSince("HEAD~1", folder.path);
        assert.equal(changes.since, was);
        const expected = ["added", "committed", "deleted", "edited", "link", "renamed", "renamed to"];
        assert.deepEqual(changes.paths, expected);
        assert.deepEqual(changes.links, ["link"]);
        assert.equal(await changes.before("committed"), "committed\n");
        assert.equal(await changes.before("added"), undefined);
        assert.ok(changes.compares("kept") && changes.compares("added") && !changes.compares("ignored"));
    });

    it("is not known of a revision that does not exist, with exit code 2", async () => {
        folder.git("init", "--quiet");
        folder.commit("As it was");
        const { exitCode, reason, fix } = await refusal("no-such-branch");
        assert.equal(exitCode, 2);
        assert.match(reason, /^There is no revision "no-such-branch" here\.$/);
        assert.equal(fix, "Correct it, or fetch it: git fetch.");
    });

    it("is not known of a revision that a shallow clone has left out, which says how to fetch it", async () => {
        folder.git("init", "--quiet", "--initial-branch", "main");
        folder.commit("As it was");
        folder.commit("As it is");
        const clone = new Folder();
        try {
            clone.git("clone", "--quiet", "--depth", "1", `file://${folder.path}`, ".");
            const shallow = await changesSince("HEAD~1", clone.path).catch((error: unknown) => error);
            assert.ok(shallow instanceof InfraError, "a shallow clone knew what was before it");
            assert.equal(shallow.reason, 'There is no revision "HEAD~1" here: this clone is shallow.');
            assert.equal(
                shallow.fix,
                "Fetch what is missing: git fetch --unshallow; in actions/checkout, fetch-depth: 0.",
            );
        } finally {
            clone.remove();
        }
    });

    it("is not known outside of a repository, with git's own words and exit code 3", async () => {
        const { exitCode, reason } = await refusal("HEAD");
        assert.equal(exitCode, 3);
        assert.match(reason, /^What was changed could not be found out: .*not a git repository/);
    });

    it("is not known without git", async () => {
        const { PATH } = process.env;
        process.env.PATH = folder.path;
        try {
            const { exitCode, reason } = await refusal("HEAD");
            assert.equal(exitCode, 3);
            assert.equal(reason, "What was changed could not be found out: there is no git on PATH");
        } finally {
            process.env.PATH = PATH;
        }
    });
});

describe("the packages that a change of the lock file touches", () => {
    const lock = {
        packages: {
            "": {},
            "node_modules/a": { version: "1", dependencies: { b: "*" }, peerDependenciesMeta: { c: {} } },
            "node_modules/a/node_modules/b": { version: "1", dependencies: { d: "*" } },
            "node_modules/b": { version: "2" },
            "node_modules/c": { version: "1" },
            "node_modules/d": { version: "1", optionalDependencies: { absent: "*" } },
            "node_modules/e": { version: "1" },
        },
    };

    it("are those that it has otherwise; not the root, nor those that others need otherwise", () => {
        const after = {
            packages: {
                ...lock.packages,
                "": { version: "2" },
                "node_modules/c": { version: "1", dev: true },
                "node_modules/e": { version: "1", integrity: "sha512-other" },
                "node_modules/f": { version: "1" },
            },
        };
        assert.deepEqual([...changedPackages(lock, after)], ["node_modules/e", "node_modules/f"]);
    });

    it("are part of a package that finds them from where it is installed", () => {
        assert.deepEqual([...installedFor(lock, ["a"])].sort(), [
            "node_modules/a",
            "node_modules/a/node_modules/b",
            "node_modules/c",
            "node_modules/d",
        ]);
    });
});

describe("infra affected", function () {
    this.timeout(60_000);
    let checkout: FleetCheckout;
    before(() => {
        const config = (service: string) => ({ ...stackConfig("dev"), "platform:services": [service] });
        checkout = new FleetCheckout({ bucket: config("rl-studio"), tracking: config("mlflow") });
    });
    after(() => checkout.remove());
    afterEach(() => checkout.reset());

    const infra = (...args: readonly string[]) =>
        execa(join(checkout.folder, "bin/infra.js"), ["affected", ...args], { cwd: tmpdir(), reject: false });

    it("prints one document for CI, whose list is the matrix", async () => {
        checkout.write("stacks/mlflow.ts", "export const nothing = 0;\n");
        const { exitCode, stdout } = await infra("--since", "HEAD", "--json");
        assert.equal(exitCode, 0);
        const expected: Affected = {
            since: checkout.git("rev-parse", "HEAD"),
            stacks: ["tracking"],
            reasons: { tracking: [{ why: "code of mlflow", paths: ["stacks/mlflow.ts"] }] },
            untouched: ["bucket"],
        };
        assert.deepEqual(JSON.parse(stdout), expected);
    });

    it("prints an empty list where nothing is touched: no job runs", async () => {
        checkout.write("README.md", "otherwise\n");
        const { stdout } = await infra("--since", "HEAD", "--json");
        assert.deepEqual((JSON.parse(stdout) as Affected).stacks, []);
    });

    it("names every stack, and the sentence of the compiler, where the program cannot be read", async () => {
        checkout.write("stacks/mlflow.ts", "export const = 0;\n");
        const { exitCode, stdout, stderr } = await infra("--since", "HEAD");
        assert.equal(exitCode, 0);
        assert.match(
            stdout,
            /^bucket\n {2}what the program consists of cannot be told: stacks\/mlflow\.ts:1: .*\ntracking\n/,
        );
        assert.match(stderr, /^2 stacks can be touched by what was changed since [0-9a-f]{12}\.$/);
    });

    it("fails with exit code 2 and one sentence for a revision that does not exist, and prints no list", async () => {
        const { exitCode, stdout, stderr } = await infra("--since", "nowhere");
        assert.equal(exitCode, 2);
        assert.equal(stdout, "");
        assert.match(stderr, /There is no revision "nowhere" here\./);
    });

    it("needs a revision", async () => {
        const { exitCode, stderr } = await infra();
        assert.equal(exitCode, 2);
        assert.match(stderr, /--since/);
    });
});
