// CI as it is: what its workflows may do, that what they run is there, and what their scripts run.

import assert from "node:assert/strict";
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";
import { parse } from "yaml";

import { root } from "../../local/paths";

interface Step {
    readonly uses?: string;
    readonly run?: string;
    readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
    readonly permissions?: Readonly<Record<string, string>>;
    readonly steps?: readonly Step[];
    readonly uses?: string;
    readonly "timeout-minutes"?: number;
}

interface Workflow {
    readonly permissions: Readonly<Record<string, string>>;
    readonly jobs: Readonly<Record<string, Job>>;
}

const folder = join(root, ".github/workflows");
const workflows = readdirSync(folder).map((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    return { file, text, workflow: parse(text) as Workflow };
});

describe("the workflows", () => {
    for (const { file, text, workflow } of workflows) {
        const jobs = Object.entries(workflow.jobs);
        const steps = jobs.flatMap(([, job]) => job.steps ?? []);

        it(`${file}: every action is pinned by its commit, and its version stands beside it`, () => {
            const lines = text.split("\n").filter((line) => /^\s+(- )?uses: (?!\.\/)/.test(line));
            assert.equal(lines.length, steps.filter(({ uses }) => uses).length);
            assert.deepEqual(
                lines.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)),
                [],
            );
        });

        it(`${file}: a workflow reads, and a job has no more rights than its steps use`, () => {
            assert.deepEqual(workflow.permissions, { contents: "read" });
            for (const [name, { permissions = {}, steps: own = [], uses }] of jobs) {
                const assumes = own.some((step) => step.uses?.startsWith("aws-actions/"));
                const comments = own.some(({ run }) => run?.includes("ci/comment --post"));
                const pushes = own.some(({ run }) => run?.includes("ci/rotate"));
                const wanted = {
                    contents: pushes ? "write" : "read",
                    ...(assumes || uses ? { "id-token": "write" } : {}),
                    ...(comments ? { "pull-requests": "write" } : {}),
                };
                assert.deepEqual({ contents: "read", ...permissions }, wanted, name);
            }
        });

        it(`${file}: has no key of AWS, and puts no event's text into a script`, () => {
            assert.doesNotMatch(text, /aws-access-key-id|aws-secret-access-key|AWS_SECRET/i);
            assert.deepEqual(
                steps.filter(({ run }) => run?.includes("${{")),
                [],
            );
        });

        it(`${file}: what it runs is there, and every job ends`, () => {
            const scripts = steps.flatMap(({ run = "" }) =>
                [...run.matchAll(/(?:^|\s)(ci\/[\w-]+)/g)].map(([, path]) => path),
            );
            for (const script of scripts) accessSync(join(root, script), constants.X_OK);
            for (const [name, job] of jobs) {
                if (job.uses) accessSync(join(root, job.uses));
                else assert.ok(job["timeout-minutes"], name);
            }
        });
    }

    it("pin one commit of an action everywhere", () => {
        const pins = workflows.flatMap(({ text }) => [...text.matchAll(/uses: ([\w-]+\/[\w-]+)@(\w+)/g)]);
        const commits = new Map(pins.map(([, action, commit]) => [action, commit]));
        assert.deepEqual(
            pins.filter(([, action, commit]) => commits.get(action) !== commit),
            [],
        );
    });

    it("check out with a token that stays for nothing but the rotation's push", () => {
        for (const { file, workflow } of workflows) {
            for (const { uses, with: given } of Object.values(workflow.jobs).flatMap(({ steps = [] }) => steps)) {
                if (!uses?.startsWith("actions/checkout@")) continue;
                assert.equal(given?.["persist-credentials"] ?? true, file === "rotate.yml", file);
            }
        }
    });
});

describe("the scripts of CI", () => {
    const script = (name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
        execa(join(root, "ci", name), args, { cwd: tmpdir(), env, reject: false, all: true });
    const flags = "--non-interactive --suppress-progress --color never";

    const judged = "--policy-pack policy-pack/serve.js";

    for (const [name, args, expected] of [
        ["preview", ["dev", "x.md"], [`pulumi preview --stack dev ${judged} --diff ${flags}`]],
        ["deploy", ["prod"], [`pulumi up --stack prod ${judged} --yes --diff ${flags}`]],
        ["drift", ["staging"], [`pulumi preview --stack staging --refresh --expect-no-changes --diff ${flags}`]],
        [
            "rotate",
            ["dev"],
            [
                "npx infra rotate --due --stack dev --yes",
                "git commit --quiet --message Rotate\\ the\\ keys\\ of\\ dev -- Pulumi.dev.yaml",
                "git push --quiet origin HEAD",
            ],
        ],
        ["affected", ["HEAD"], ["npx infra affected --since HEAD --json"]],
    ] as const) {
        it(`${name} shows in a dry run what it would run`, async () => {
            const { stdout, exitCode } = await script(name, ["--dry-run", ...args]);
            assert.equal(exitCode, 0);
            assert.deepEqual(stdout.split("\n"), expected);
        });

        it(`${name} says what it expects`, async () => {
            const { all, exitCode } = await script(name, []);
            assert.equal(exitCode, 2);
            assert.match(all!, new RegExp(`^usage: .*/ci/${name} `));
        });
    }

    it("know a stack by its file", async () => {
        for (const [name, ...args] of [
            ["preview", "nope", "x.md"],
            ["deploy", "nope"],
            ["environment", "nope", "deployer"],
        ]) {
            const { all, exitCode } = await script(name, args);
            assert.equal(exitCode, 2);
            assert.equal(all, "There is no stack file Pulumi.nope.yaml.");
        }
    });

    it("environment names the role, the region and the state of each stack", async () => {
        for (const [stack, account] of [
            ["dev", "111111111111"],
            ["staging", "222222222222"],
            ["prod", "333333333333"],
        ]) {
            const { stdout } = await script("environment", [stack, "deployer"]);
            assert.deepEqual(stdout.split("\n"), [
                `role=arn:aws:iam::${account}:role/platform-deployer-${stack}`,
                "region=us-east-1",
                `backend=s3://platform-state-${account}?region=us-east-1`,
            ]);
        }
        assert.equal((await script("environment", ["dev", "root"])).exitCode, 2);
    });

    describe("comment", () => {
        const place = mkdtempSync(join(tmpdir(), "platform-comment-"));
        const file = join(place, "preview-dev.md");
        writeFileSync(file, "### dev: +1 to create\n");
        after(() => rmSync(place, { recursive: true }));

        it("has each preview, or says that no stack is touched", async () => {
            const some = await script("comment", [file]);
            assert.match(
                some.stdout,
                /^<!-- previews of the stacks -->\n## What this change does\n\n### dev: \+1 to create/,
            );
            const none = await script("comment", []);
            assert.match(none.stdout, /No stack is touched by this change\.$/);
        });

        /** A `gh` that keeps what it is called with: GitHub itself cannot be had here. */
        const posted = async (earlier: string) => {
            const gh = join(place, "gh");
            const calls = join(place, `calls-${earlier || "none"}`);
            const answer = `case "$*" in *--jq*) echo '${earlier}';; *) cat;; esac`;
            writeFileSync(gh, `#!/bin/sh\necho "$@" >> ${calls}\n{ ${answer}; } | tee -a ${calls}.out\n`, {
                mode: 0o755,
            });
            const env = { PATH: `${place}:${process.env.PATH}`, GITHUB_REPOSITORY: "acme/platform" };
            const { exitCode, all } = await script("comment", ["--post", "7", file], env);
            assert.equal(exitCode, 0, all);
            assert.match(readFileSync(`${calls}.out`, "utf8"), /### dev: \+1 to create/);
            return readFileSync(calls, "utf8").trim().split("\n").at(-1);
        };

        it("is posted where there is none, and takes the place of the one that is there", async () => {
            const api = "api repos/acme/platform/issues";
            assert.equal(await posted(""), `${api}/7/comments --method POST --field body=@-`);
            assert.equal(await posted("4711"), `${api}/comments/4711 --method PATCH --field body=@-`);
        });
    });
});
