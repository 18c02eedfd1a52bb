// CI as it is: what its workflows may do, that what they run is there, and what their scripts run.

import assert from "node:assert/strict";
import {
    accessSync,
    constants,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";
import { parse } from "yaml";

import { root } from "../../local/paths";
import { versions } from "../../local/versions";
import { accountRoleName } from "../../ops/rights/account-roles";
import { Checkout } from "../support/checkout";

interface Step {
    readonly uses?: string;
    readonly run?: string;
    readonly shell?: string;
    readonly with?: Readonly<Record<string, unknown>>;
    readonly env?: Readonly<Record<string, string>>;
}

interface Job {
    readonly permissions?: Readonly<Record<string, string>>;
    readonly steps?: readonly Step[];
    readonly uses?: string;
    readonly with?: Readonly<Record<string, unknown>>;
    readonly strategy?: { readonly matrix: { readonly stack: readonly string[] } };
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
const toStack = readFileSync(join(root, ".github/actions/stack/action.yml"), "utf8");
const stepsToStack = (parse(toStack) as { runs: { steps: readonly Step[] } }).runs.steps;
const files = [
    ...workflows.map(({ workflow, ...one }) => ({
        ...one,
        steps: Object.values(workflow.jobs).flatMap(({ steps = [] }) => steps),
    })),
    { file: "actions/stack", text: toStack, steps: stepsToStack },
];
const jobsOf = (name: string) => workflows.find(({ file }) => file === name)!.workflow.jobs;
/** Those that somebody deploys. */
const deployed = readdirSync(root)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .filter((stack) => stack !== "local")
    .sort();

describe("the workflows", () => {
    for (const { file, text, steps } of files) {
        it(`${file}: every action is pinned by its commit, and its version stands beside it`, () => {
            const lines = text.split("\n").filter((line) => /^\s+(- )?uses: (?!\.\/)/.test(line));
            assert.deepEqual(
                lines.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)),
                [],
            );
        });

        it(`${file}: has no key of AWS, and puts no event's text into a script`, () => {
            assert.doesNotMatch(text, /aws-access-key-id|aws-secret-access-key|AWS_SECRET/i);
            assert.deepEqual(
                steps.filter(({ run }) => run?.includes("${{")),
                [],
            );
            // A pipe hides how its first command ends, except where the shell is named: GitHub sets pipefail there alone.
            assert.deepEqual(
                steps.filter(({ run, shell }) => /[^|<]\|[^|]/.test(run ?? "") && shell !== "bash"),
                [],
            );
        });
    }

    for (const { file, workflow } of workflows) {
        const jobs = Object.entries(workflow.jobs);

        it(`${file}: a workflow reads, and a job has no more rights than its steps use`, () => {
            assert.deepEqual(workflow.permissions, { contents: "read" });
            for (const [name, { permissions = {}, steps: own = [], uses }] of jobs) {
                const runs = (script: string) => own.some(({ run }) => run?.includes(script));
                const assumes = own.some((step) => step.uses === "./.github/actions/stack");
                const wanted = {
                    contents: runs("ci/push") || runs("ci/deployed") || uses ? "write" : "read",
                    ...(assumes || uses ? { "id-token": "write" } : {}),
                    ...(runs("ci/comment --post") ? { "pull-requests": "write" } : {}),
                };
                assert.deepEqual({ contents: "read", ...permissions }, wanted, name);
            }
        });

        it(`${file}: what it runs is there, and every job ends`, () => {
            const steps = [...jobs.flatMap(([, job]) => job.steps ?? []), ...stepsToStack];
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
        const pins = files.flatMap(({ text }) => [...text.matchAll(/uses: ([\w-]+\/[\w-]+)@(\w+)/g)]);
        const commits = new Map(pins.map(([, action, commit]) => [action, commit]));
        assert.deepEqual(
            pins.filter(([, action, commit]) => commits.get(action) !== commit),
            [],
        );
    });

    it("run the engine that is pinned", () => {
        const engine = stepsToStack.find(({ uses }) => uses?.startsWith("pulumi/actions@"));
        assert.deepEqual(engine?.with, { "pulumi-version": versions.pulumi });
    });

    it("leave no token where something that npm installed could read it", () => {
        for (const { file, workflow } of workflows) {
            for (const [name, { steps = [] }] of Object.entries(workflow.jobs)) {
                for (const { uses, run = "", with: given, env = {} } of steps) {
                    if (uses?.startsWith("actions/checkout@")) {
                        assert.equal(given?.["persist-credentials"], false, `${file} ${name}`);
                    }
                    if (/\b(npm|npx)\b|ci\/(?!comment|deployed|push)/.test(run)) assert.ok(!env.GH_TOKEN, run);
                }
            }
        }
    });

    it("deploy every stack, look for its drift and rotate its keys", () => {
        const updates = Object.values(jobsOf("deploy.yml")).flatMap((job) => job.with?.stack ?? []);
        assert.deepEqual(updates.sort(), deployed);
        for (const name of ["drift", "rotate"]) {
            assert.deepEqual([...jobsOf(`${name}.yml`)[name].strategy!.matrix.stack].sort(), deployed, name);
        }
    });
});

describe("the scripts of CI", () => {
    const script = (name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
        execa(join(root, "ci", name), args, { cwd: tmpdir(), env, reject: false, all: true });
    const flags = "--non-interactive --suppress-progress --color never";
    const judged = "--policy-pack policy-pack/serve.js";
    const refs = "gh api repos/acme/platform/git/refs";

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
            ],
        ],
        ["push", ["main"], ["git pull --quiet --rebase origin main", "git push --quiet origin HEAD:main"]],
        ["deployed", ["dev", "abc"], [`${refs} --method POST --field ref=refs/tags/deployed-dev --field sha=abc`]],
        ["affected", ["HEAD"], ["npx infra affected --since HEAD --json"]],
    ] as const) {
        it(`${name} shows in a dry run what it would run`, async () => {
            const env = { GITHUB_REPOSITORY: "acme/platform" };
            const { stdout, exitCode } = await script(name, ["--dry-run", ...args], env);
            assert.equal(exitCode, 0);
            assert.deepEqual(stdout.split("\n"), expected);
        });

        it(`${name} says what it expects`, async () => {
            const { all, exitCode } = await script(name, ["a", "b", "c"]);
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
            for (const role of ["deployer", "previewer"] as const) {
                const { stdout } = await script("environment", [stack, role]);
                assert.deepEqual(stdout.split("\n"), [
                    `role=arn:aws:iam::${account}:role/${accountRoleName(role, stack)}`,
                    "region=us-east-1",
                    `backend=s3://platform-state-${account}?region=us-east-1`,
                ]);
            }
        }
        assert.equal((await script("environment", ["dev", "root"])).exitCode, 2);
    });

    it("kubeconfig keeps it where nobody else reads it, and names it", async () => {
        const place = mkdtempSync(join(tmpdir(), "platform-kubeconfig-"));
        const { stdout } = await script("kubeconfig", [], { RUNNER_TEMP: place, KUBECONFIG_TEXT: "apiVersion: v1" });
        const [, file] = /^KUBECONFIG=(.+)$/.exec(stdout)!;
        assert.equal(readFileSync(file, "utf8"), "apiVersion: v1\n");
        assert.equal(statSync(file).mode & 0o777, 0o600);
        rmSync(place, { recursive: true });
        assert.equal((await script("kubeconfig", [])).stdout, "");
    });

    describe("in a checkout", function () {
        this.timeout(60_000);
        let checkout: Checkout;
        const place = mkdtempSync(join(tmpdir(), "platform-commands-"));
        const env = { PATH: `${place}:${process.env.PATH}`, HOME: place, LC_ALL: "C.UTF-8" };
        before(async () => {
            checkout = await Checkout.create({});
        });
        after(() => {
            checkout.remove();
            rmSync(place, { recursive: true });
        });
        const command = (name: string, text: string) =>
            writeFileSync(join(place, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

        it("affected goes by what each stack has, and deploy does not go back", async () => {
            await checkout.replace("Pulumi.prod.yaml", "alertPercent: 70", "alertPercent: 60");
            await checkout.replace("docs/deploying.md", "# Deploying", "# How to deploy");
            await checkout.succeed("git tag deployed-dev HEAD; git tag deployed-prod HEAD~2", env);
            // What was never deployed is new.
            assert.equal(await checkout.succeed("ci/affected", env), 'stacks=["prod","staging"]');

            command("pulumi", 'echo "pulumi $*"');
            assert.match(await checkout.succeed("ci/deploy dev", env), /^pulumi up --stack dev /);
            const back = await checkout.run("git checkout --quiet HEAD~2 && ci/deploy dev", env);
            assert.equal(back.exitCode, 1);
            assert.match(back.all!, /^Stack dev has a newer commit, [0-9a-f]{12}: deploy that one/);
            await checkout.succeed("git checkout --quiet -", env);
        });

        it("rotate commits what it changed, and push takes what others pushed meanwhile", async () => {
            const author = "git config user.name A; git config user.email a@example.com";
            const other = `${author}; git clone --quiet origin other; cd other; ${author}; echo >> README.md; git commit --quiet --all --message B; git push --quiet origin HEAD:main`;
            command("npx", 'echo "# rotated" >> Pulumi.dev.yaml; exit 1');
            await checkout.succeed(
                "git branch --move main; git clone --quiet --bare . origin; git remote add origin origin",
                env,
            );
            await checkout.succeed(other, env);
            assert.equal((await checkout.run("ci/rotate dev", env)).exitCode, 1);
            await checkout.succeed("ci/push main", env);
            const log = await checkout.succeed("git --git-dir origin log --format=%s -2 main", env);
            assert.equal(log, "Rotate the keys of dev\nB");
        });

        it("preview writes a file that says what changes, whether it succeeds or not", async () => {
            const told = "Previewing\\nResources:\\n    = 4 to import\\n    ~ 1 to update\\n    70 unchanged";
            command("pulumi", `printf '${told}'`);
            const title = async () => {
                const { exitCode } = await checkout.run("ci/preview dev x.md", env);
                const text = readFileSync(checkout.path("x.md"), "utf8");
                assert.match(text, /\n```\n\n<\/details>\n$/);
                return [exitCode, text.split("\n")[0]];
            };
            assert.deepEqual(await title(), [0, "### dev: = 4 to import, ~ 1 to update, 70 unchanged"]);
            command("pulumi", `printf '${told}'; exit 255`);
            assert.deepEqual(await title(), [255, "### dev: the preview failed"]);
            // More than a comment takes, of which a character has two bytes; and a fence.
            command("pulumi", "printf '```'; printf 'é%.0s' $(seq 16000)");
            assert.deepEqual(await title(), [0, "### dev: nothing to change"]);
            assert.match(
                readFileSync(checkout.path("x.md"), "utf8"),
                /é\n… 1005 more characters in the log of the job\n/,
            );
        });
    });

    describe("comment", () => {
        const place = mkdtempSync(join(tmpdir(), "platform-comment-"));
        writeFileSync(join(place, "preview-dev.md"), "### dev: +1 to create\n");
        after(() => rmSync(place, { recursive: true }));

        it("has each preview, says where one is missing, and that no stack is touched", async () => {
            const some = await script("comment", [place, "dev", "prod"]);
            assert.equal(
                some.stdout,
                "<!-- previews of the stacks -->\n## What this change does\n\n### dev: +1 to create\n\n" +
                    "### prod: no preview, see the log of its job",
            );
            const none = await script("comment", [place]);
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
            const { exitCode, all } = await script("comment", ["--post", "7", place, "dev"], env);
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
