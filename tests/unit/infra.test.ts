import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { type Command } from "commander";
import execa from "execa";

import { givenRows, stackBuckets } from "../../ops/buckets/rows";
import { shortName } from "../../ops/cli/command";
import { shells } from "../../ops/cli/completion";
import { confirm, requireConsent } from "../../ops/cli/confirm";
import { type Host } from "../../ops/cli/host";
import { createProgram } from "../../ops/cli/program";
import { commands } from "../../ops/commands";
import { registerBuckets } from "../../ops/commands/buckets";
import { registerCompletion } from "../../ops/commands/completion";
import { InfraError } from "../../ops/common/errors";
import { tlsOptions } from "../../ops/postgres/client";
import { parseDatabaseUrl } from "../../ops/postgres/url";
import { openAudit } from "../../ops/stack/audit";
import { stackOutputs } from "../../ops/stack/outputs";
import { repositoryHost } from "../../ops/stack/repository-host";
import { requireDeployed } from "../../ops/stack/services";
import { configValues, readStackSettings, stackNames } from "../../ops/stack/settings";
import { stackConfig } from "../support/stack-files";

/** Stands for the local cloud. */
const localHost: Host = {
    ...repositoryHost,
    program: "npm run local -- infra",
    onlyStack: "local",
    upCommand: () => "npm run local",
};

const buckets = { source: "clinical-ai-source-dev", destination: "clinical-ai-destination-dev" };

describe("the URL of a database", () => {
    const plain = {
        host: "db.example.com",
        port: 5432,
        database: "clinical",
        user: "operator",
        password: "p@ss/word",
        sslMode: "verify-full",
        sslRootCert: undefined,
    };

    it("is taken apart; the password is decoded", () =>
        assert.deepEqual(parseDatabaseUrl("postgresql://operator:p%40ss%2Fword@db.example.com/clinical"), plain));

    it("of another host than this one means verify-full, unless it says otherwise", () => {
        const mode = (host: string, parameters = "") =>
            parseDatabaseUrl(`postgres://u:p@${host}/d${parameters}`).sslMode;
        assert.deepEqual(
            ["10.0.0.1", "localhost.example.com", "127.0.0.2"].map((host) => mode(host)),
            ["verify-full", "verify-full", "verify-full"],
        );
        assert.deepEqual(
            ["localhost", "127.0.0.1", "[::1]"].map((host) => mode(host)),
            Array(3).fill("disable"),
        );
        assert.equal(mode("db.example.com", "?sslmode=require"), "require");
        assert.equal(mode("localhost", "?sslmode=verify-full"), "verify-full");
    });

    it("believes no certificate of another authority than the one that is named, whatever the mode", () => {
        const seen = (sslMode: "require" | "verify-ca" | "verify-full", sslRootCert?: string) => {
            const options = tlsOptions({ sslMode, sslRootCert });
            return options && [options.rejectUnauthorized, options.checkServerIdentity !== undefined];
        };
        assert.deepEqual(seen("require"), [false, false]);
        assert.deepEqual(seen("require", __filename), [true, true], "as verify-ca");
        assert.deepEqual(seen("verify-ca", __filename), [true, true]);
        assert.deepEqual(seen("verify-full", __filename), [true, false]);
        assert.equal(tlsOptions({ sslMode: "disable" }), false);
    });

    const faulty: [url: string, fault: RegExp][] = [
        ["clinical", /is no PostgreSQL URL/],
        ["mysql://u:hunter2@h/d", /is no PostgreSQL URL/],
        ["postgres://h/d", /names no user/],
        ["postgres://u:hunter2@/d", /is no PostgreSQL URL|names no host/],
        ["postgres://u:hunter2@h", /names no database/],
        ["postgres://u:hunter2@h/d?sslmode=prefer", /an sslmode other than disable, require, verify-ca, verify-full/],
        ["postgres://u:hunter2@h/d?options=-c", /a parameter other than sslmode and sslrootcert/],
        ["postgres://u:hunter2%zz@h/d", /% that is not followed/],
        // Passwords that are not encoded: parts of them pass for a host, a port, a database, a parameter.
        ["postgres://u:hunt/er2@h/d", /is no PostgreSQL URL|names no user/],
        ["postgres://u:12/hunter2@h/d", /names no user/],
        ["postgres://u:p@hunter2/x@h/d", /a character out of place/],
        ["postgres://u:p@hunter2?x@h/d", /names no database/],
        ["postgres://u:p@hunter2/d?x@h/d", /a parameter other than/],
        ["postgres://u:p@hunter2/d#x@h/d", /a character out of place/],
    ];
    for (const [url, fault] of faulty) {
        it(`is refused and no part of it repeated: ${url}`, () =>
            assert.throws(
                () => parseDatabaseUrl(url),
                (error: InfraError) =>
                    error.exitCode === 2 && fault.test(error.reason) && !/hunt|er2|@h\b/.test(error.message),
            ));
    }
});

describe("the settings of a stack without Pulumi", () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "platform-settings-"))));
    afterEach(() => rmSync(folder, { recursive: true }));
    const validConfig =
        "config:\n  aws:region: us-east-1\n  aws:allowedAccountIds: ['111111111111']\n" +
        "  platform:environment: dev\n  platform:services: [mlflow]\n";
    const write = (stack: string, text: string) => writeFileSync(join(folder, `Pulumi.${stack}.yaml`), text);

    it("of every committed stack are read", () => {
        for (const stack of stackNames()) {
            const { region, services } = readStackSettings(stack);
            assert.deepEqual(
                { region, services },
                {
                    region: stackConfig(stack as "dev")["aws:region"],
                    services: stackConfig(stack as "dev")["platform:services"],
                },
            );
        }
        assert.ok(stackNames().includes("prod"));
    });

    it("are read from JSON text, as `pulumi config set` writes it", () => {
        write(
            "text",
            "config:\n  aws:region: us-east-1\n  aws:allowedAccountIds: '[\"111111111111\"]'\n" +
                "  platform:environment: dev\n  platform:services: '[\"clinical-ai\"]'\n" +
                '  platform:clinical-ai: \'{"database":{"sources":{"a":"destination"}}}\'\n',
        );
        const settings = readStackSettings("text", folder);
        assert.deepEqual(settings["clinical-ai"]?.database, {
            sources: { a: "destination" },
            destinations: {},
            connectors: {},
        });
    });

    it("say of each row of the database which bucket it names: source or destination", () => {
        write(
            "dev",
            "config: { platform:environment: dev, 'platform:clinical-ai': { database: { sources: { a: b } } } }",
        );
        assert.throws(
            () => readStackSettings("dev", folder),
            /clinical-ai\.database\.sources\.a: got "b"; expected one of/,
        );
    });

    it("that are missing name the stacks there are; no path leads out of the folder", () => {
        write("dev", "config: {}");
        write("prod", "config: {}");
        for (const stack of ["none", "../dev", "dev/../dev"]) {
            assert.throws(
                () => readStackSettings(stack, folder),
                /There is no stack .*\nThe stacks there are: dev, prod\./,
            );
        }
    });

    it("are those of a stack by its short name; of others' projects and organisations there is none", () => {
        for (const stack of ["dev", "platform/dev", "organization/platform/dev"]) {
            assert.equal(shortName(stack), "dev");
        }
        for (const stack of ["acme/platform/dev", "organization/other/dev", "../dev"]) {
            assert.equal(shortName(stack), stack);
        }
    });

    it("that only the engine can read are refused by name", () => {
        write("dev", `environment: [dev]\n${validConfig}`);
        assert.throws(() => readStackSettings("dev", folder), /`environment:` names values that only the engine sees/);
        write("dev", `${validConfig}  platform:mlflow: {secure: v1:abc}\n`);
        assert.throws(() => readStackSettings("dev", folder), /platform:mlflow: settings hold no secrets/);
        write("dev", `${validConfig}  platfrom:mlflow: {}\n`);
        assert.throws(() => readStackSettings("dev", folder), /platfrom:mlflow: did you mean platform:mlflow\?/);
    });

    it("may be the project's, which the stack's go before", () => {
        const project = {
            "platform:environment": "staging",
            "platform:services": ["mlflow"],
            "aws:region": "eu-west-1",
        };
        const values: Record<string, unknown> = configValues({ config: { "platform:environment": "dev" } }, project);
        assert.deepEqual([values.environment, values.services, values.region], ["dev", ["mlflow"], "eu-west-1"]);
    });

    it("with faults are refused with all of them, and so is what is no YAML", () => {
        write("dev", "config: { platform:environment: test, aws:allowedAccountIds: '[1' }");
        assert.throws(
            () => readStackSettings("dev", folder),
            /^Error: Pulumi\.dev\.yaml: \d faults[^]*allowedAccountIds: got "\[1"[^]*environment: got "test"|environment: got "test"[^]*allowedAccountIds: got "\[1"/,
        );
        for (const text of [
            "config: [",
            "config: { platform:environment: *nowhere }",
            "config: { platform:services: &all [*all] }",
        ]) {
            write("dev", text);
            assert.throws(() => readStackSettings("dev", folder), InfraError);
        }
    });

    it("are in a file: a folder and a link that leads nowhere are no stacks", () => {
        write("dev", "config: {}");
        mkdirSync(join(folder, "Pulumi.folder.yaml"));
        symlinkSync("nowhere", join(folder, "Pulumi.link.yaml"));
        for (const stack of ["folder", "link"]) {
            assert.throws(() => readStackSettings(stack, folder), /There is no stack .*\nThe stacks there are: dev\./);
        }
    });
});

describe("rows given on the command line", () => {
    it("are split at the last =, and put in one order", () => {
        const given = {
            connector: ["7=clinical-ai-source-dev"],
            source: ["b=c=clinical-ai-destination-dev", "a=clinical-ai-source-dev"],
        };
        assert.deepEqual(givenRows(given, buckets), [
            { kind: "source", name: "a", bucket: "clinical-ai-source-dev" },
            { kind: "source", name: "b=c", bucket: "clinical-ai-destination-dev" },
            { kind: "connector", name: "7", bucket: "clinical-ai-source-dev" },
        ]);
    });

    it("that are no pair, are given twice or name another's bucket are refused in one message", () => {
        const given = {
            source: ["a", "b=clinical-ai-source-dev", "b=clinical-ai-destination-dev", "c=clinical-ai-source"],
        };
        assert.throws(
            () => givenRows(given, buckets),
            /--source "a": expected NAME=BUCKET\n.*"b" is given twice\n.*"c": "clinical-ai-source" is another's/,
        );
    });

    it("may name the buckets of the stack's environment: in production without a suffix", () => {
        assert.deepEqual(stackBuckets(readStackSettings("dev")), buckets);
        assert.deepEqual(stackBuckets(readStackSettings("prod")), {
            source: "clinical-ai-source",
            destination: "clinical-ai-destination",
        });
    });
});

describe("the outputs of a stack", () => {
    const outputs = (exitCode: number, aborted: boolean) => {
        const pulumi = async () => ({ exitCode, stdout: "{}", stderr: "" });
        const interrupted = aborted ? AbortSignal.abort() : new AbortController().signal;
        return stackOutputs({ stack: "dev", host: { ...repositoryHost, pulumi }, interrupted });
    };

    it("that Ctrl-C kept the engine from giving are no fault of the engine's", async () => {
        assert.deepEqual(await outputs(0, false), {});
        await assert.rejects(outputs(255, false), { exitCode: 3 });
        await assert.rejects(outputs(255, true), { exitCode: 130 });
    });
});

describe("asking before a change", () => {
    const ask = async (answer: string | undefined, interrupted = new AbortController().signal, yes = false) => {
        const input = new PassThrough();
        const output = new PassThrough();
        const asked = confirm("Change 2 rows?", { yes, dryRun: false, interrupted }, { input, output });
        input.end(answer);
        await asked;
        return String(output.read());
    };

    it("takes y and yes", async () => {
        assert.equal(await ask("y\n"), "Change 2 rows? [y/N] ");
        await ask(" YES\n");
    });

    it("takes nothing else, and not the end of the input", async () => {
        for (const answer of ["\n", "n\n", "yep\n", undefined]) {
            await assert.rejects(ask(answer), { exitCode: 130, reason: "Not confirmed; nothing was changed." });
        }
    });

    it("stops at Ctrl-C", async () => {
        const controller = new AbortController();
        const options = { yes: false, dryRun: false, interrupted: controller.signal };
        const asked = confirm("Change?", options, { input: new PassThrough(), output: new PassThrough() });
        controller.abort();
        await assert.rejects(asked, { exitCode: 130, reason: "Stopped; nothing was changed." });
    });

    it("needs a terminal, unless nothing is changed or --yes is given", () => {
        const interrupted = new AbortController().signal;
        const streams = (isTTY: boolean) => ({
            input: Object.assign(new PassThrough(), { isTTY }),
            output: Object.assign(new PassThrough(), { isTTY: true }),
        });
        const refuses = (given: { yes: boolean; dryRun: boolean }, isTTY: boolean) => {
            try {
                requireConsent({ ...given, interrupted }, streams(isTTY));
                return false;
            } catch (error) {
                return (error as InfraError).exitCode === 2;
            }
        };
        assert.equal(refuses({ yes: false, dryRun: false }, false), true);
        assert.equal(refuses({ yes: false, dryRun: false }, true), false);
        assert.equal(refuses({ yes: true, dryRun: false }, false), false);
        assert.equal(refuses({ yes: false, dryRun: true }, false), false);
    });
});

describe("completion", () => {
    const program = createProgram([registerBuckets, registerCompletion], repositoryHost);
    const bash = (...words: string[]) =>
        execFileSync(
            "bash",
            [
                "-c",
                `${shells.bash(program, ["dev", "prod"])}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _infra; echo "\${COMPREPLY[*]}"`,
                "bash",
                ...words,
            ],
            {
                encoding: "utf8",
            },
        ).trim();

    it("of bash follows the words down to the command", () => {
        assert.equal(bash("infra", "b"), "buckets");
        assert.equal(bash("infra", "buckets", ""), "show diff set --help");
        assert.equal(bash("infra", "buckets", "set", "--d"), "--dry-run --destination --database-url");
        assert.equal(bash("infra", "buckets", "show", "--stack", "dev", "--j"), "--json");
        assert.equal(bash("infra", "completion", ""), "bash zsh fish --help");
    });

    it("offers stacks after --stack", () => {
        assert.equal(bash("infra", "buckets", "show", "--stack", ""), "dev prod");
        assert.equal(bash("infra", "buckets", "show", "--stack", "p"), "prod");
        assert.ok(shells.zsh(program, ["dev", "prod"]).includes("compadd -- dev prod\n"));
        assert.ok(shells.fish(program, ["dev", "prod"]).includes(" -l stack -x -a 'dev prod'\n"));
    });

    it("completes the word infra, whatever the program is called that prints it", () => {
        const local = createProgram([registerBuckets, registerCompletion], localHost);
        for (const script of Object.values(shells)) assert.equal(script(local, ["dev"]), script(program, ["dev"]));
    });

    it("of zsh and fish has the same words", () => {
        assert.ok(shells.zsh(program, []).includes(`"infra buckets") compadd -- show diff set --help ;;`));
        const fish = `complete -c infra -f -n '__infra_at "infra buckets"'`;
        assert.ok(shells.fish(program, []).includes(`\n${fish} -a 'show diff set'\n${fish} -l help\n`));
    });
});

describe("the record of changes", () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "platform-audit-"))));
    afterEach(() => rmSync(folder, { recursive: true }));
    const entry = { command: "verify", stack: "dev", outcome: "done", target: "llm", changes: [] } as const;

    it("is its owner's alone, also where others could read it before", () => {
        const file = join(folder, "audit.jsonl");
        writeFileSync(file, "", { mode: 0o644 });
        openAudit(file).append(entry);
        assert.equal(statSync(file).mode & 0o777, 0o600);
        assert.equal(readFileSync(file, "utf8").split("\n").length, 2);
    });

    it("is no link to another file", () => {
        const file = join(folder, "audit.jsonl");
        symlinkSync(join(folder, "elsewhere"), file);
        assert.throws(() => openAudit(file), { exitCode: 3, reason: /\(ELOOP\); nothing was changed/ });
        assert.equal(existsSync(join(folder, "elsewhere")), false);
    });
});

describe("an option that a command does not have", () => {
    it("is refused without its value, which may be a secret", async () => {
        const args = ["key", "a/b", "r", "--stack", "dev", "--json", "--database-url=postgres://u:hunter2@h/d"];
        const tool = join(__dirname, "..", "..", "bin", "infra.js");
        const { exitCode, stdout, stderr } = await execa(process.execPath, [tool, ...args], { reject: false });
        assert.equal(exitCode, 2);
        for (const said of [stdout, stderr]) {
            assert.match(said, /unknown option '--database-url=…'/);
            assert.doesNotMatch(said, /hunter2/);
        }
    });
});

describe("the help of every command", () => {
    const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
    const helpOf = (command: Command) => {
        let help = "";
        command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
        return help;
    };
    for (const host of [repositoryHost, localHost]) {
        for (const command of all(createProgram(commands, host))) {
            it(`${host.program}: ${command.name()} shows examples, as they are typed there`, () => {
                const examples = /\nExamples:\n(( {2}.*\n)+)/.exec(helpOf(command))?.[1].trimEnd().split("\n") ?? [];
                assert.ok(examples.length > 0);
                for (const example of examples) {
                    assert.ok(example.startsWith(`  ${host.program} `), example);
                    if (host.onlyStack !== undefined) assert.doesNotMatch(example, /--stack|-profile/);
                }
            });
        }
    }

    it("of a stack says what all of them take", () => {
        const [group] = createProgram([registerBuckets], repositoryHost).commands;
        for (const command of group.commands) assert.match(helpOf(command), /--stack <stack>[^]*--json/);
    });
});

describe("services that are not deployed", () => {
    it("are deployed by what deploys this host's stacks", () => {
        assert.throws(() => requireDeployed({ stack: "local", host: localHost }, ["mlflow"], {}), /: npm run local$/);
    });
});
