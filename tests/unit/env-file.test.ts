import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
    chmodSync,
    chownSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    realpathSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { root } from "../../local/paths";
import { InfraError } from "../../ops/common/errors";
import {
    mergeVariables,
    quoted,
    readEnvFile,
    requireSecretsPlace,
    type Variables,
    variableStates,
    writeEnvFile,
} from "../../ops/env-file";
import { parseVariables, unreadLines } from "../../ops/env-file/reader";
import { valuedVariables, variablesOf } from "../../ops/env-file/service";
import { type ServiceOutputs } from "../../services";

describe("variables merged into a file's text", () => {
    const cases: [does: string, text: string, variables: Variables, expected: string][] = [
        ["make a file", "", { A: "1", B: "2" }, "A=1\nB=2\n"],
        ["come after a last line without end", "x=1", { A: "1" }, "x=1\nA=1\n"],
        ["come with the file's line ends", "x=1\r\ny=2\r\n", { A: "1" }, "x=1\r\ny=2\r\nA=1\r\n"],
        [
            "keep indent, export, blanks and comment",
            "  export A = old  # why\nx=1",
            { A: "new" },
            "  export A = new  # why\nx=1",
        ],
        ["keep line ends around a value", "A=old\r\nx=1\r\n", { A: "new" }, "A=new\r\nx=1\r\n"],
        ["replace every assignment", "A=1\nx=1\nA=2\n", { A: "3" }, "A=3\nx=1\nA=3\n"],
        ["replace the stale one of two", "A=1\nA=2\n", { A: "2" }, "A=2\nA=2\n"],
        ["replace a value of several lines", 'A="old\nA=older\n" # c\nx=1\n', { A: "new" }, "A=new # c\nx=1\n"],
        ["leave the line below an empty value alone", "A=\n'old'\nx=1\n", { A: "new" }, "A=new\n'old'\nx=1\n"],
        [
            "fill in an empty value, and one where a comment is",
            "A=\nB=  # c\nC=#c\nD\n",
            { A: "1", B: "2", C: "3", D: "4" },
            "A=1\nB=  2 # c\nC=3 #c\nD=4\n",
        ],
        ["keep a comment apart that was right behind quotes", "A='old'#c\n", { A: "new" }, "A=new #c\n"],
        ["replace a value with a # in it, whole", "A=o#l#d # c\n", { A: "new" }, "A=new # c\n"],
        ["leave a value that is put together from theirs", "A=1\nx=${A}\n", { A: "2" }, "A=2\nx=${A}\n"],
        ["know a value that is put together", "x=1\nA=${x}2\n", { A: "12" }, "x=1\nA=${x}2\n"],
        ["pass over a name with a colon", "A: old\nB:", { A: "1" }, "A: old\nB:\nA=1\n"],
        ["keep the quotes of a value that is right", "A='1'\nB=2\n", { A: "1", B: "3" }, "A='1'\nB=3\n"],
        ["leave comments alone", "# A=old\n#A=older\n", { A: "new" }, "# A=old\n#A=older\nA=new\n"],
        ["leave a look-alike in another's value alone", "x='\nA=fake\n'\n", { A: "1" }, "x='\nA=fake\n'\nA=1\n"],
        ["leave names that begin alike alone", "AA=1\nA.B=2\nxA=3\n", { A: "1" }, "AA=1\nA.B=2\nxA=3\nA=1\n"],
        [
            "leave names that every object has alone",
            "toString=1\n__proto__=2\n",
            { A: "1" },
            "toString=1\n__proto__=2\nA=1\n",
        ],
        [
            "go without the session token of their set, line and all, wherever it stands",
            "x=1\r\n export  AWS_SESSION_TOKEN = 'a\r\nb' # c\r\n\r\n# d\r\nAWS_ACCESS_KEY_ID=1\r\nAWS_SESSION_TOKEN=",
            { AWS_ACCESS_KEY_ID: "1" },
            "x=1\r\n\r\n# d\r\nAWS_ACCESS_KEY_ID=1\r\n",
        ],
        [
            "leave the session token of another set, and one that is to be there",
            "AWS_SESSION_TOKEN=1\nM_SESSION_TOKEN=1\n",
            { M_ACCESS_KEY_ID: "1", M_SESSION_TOKEN: "2" },
            "AWS_SESSION_TOKEN=1\nM_SESSION_TOKEN=2\nM_ACCESS_KEY_ID=1\n",
        ],
        ["leave what is no assignment alone", "hello\n=1\n'\n", { A: "1" }, "hello\n=1\n'\nA=1\n"],
    ];
    for (const [does, text, variables, expected] of cases) {
        it(does, () => {
            assert.equal(mergeVariables(text, variables), expected);
            assert.equal(mergeVariables(expected, variables), expected, "a second time changes nothing");
        });
    }

    it("are refused by a quote that is not closed: behind the variables it would be", () => {
        assert.throws(
            () => mergeVariables('x="\n', { A: "1\n2", B: "hunter2" }),
            (error: Error) => {
                assert.match(
                    `${error.constructor.name}: ${error.message}`,
                    /^EnvFileFault: it cannot be changed without/,
                );
                return !error.message.includes("hunter2");
            },
        );
    });

    it("are current where every assignment has the value", () => {
        const states = variableStates("A='1'\nB=old\nB=2\nD=", { A: "1", B: "2", C: "3", D: "4" });
        assert.deepEqual(states, { A: "current", B: "differs", C: "missing", D: "differs" });
    });

    it("are not current beside a session token, with which AWS would refuse the key", () => {
        const key = { AWS_ACCESS_KEY_ID: "1" };
        assert.deepEqual(variableStates("AWS_ACCESS_KEY_ID=1\nAWS_SESSION_TOKEN=t\n", key), {
            AWS_ACCESS_KEY_ID: "current",
            AWS_SESSION_TOKEN: "differs",
        });
        assert.deepEqual(variableStates("AWS_ACCESS_KEY_ID=1\nM_SESSION_TOKEN=t\n", key), {
            AWS_ACCESS_KEY_ID: "current",
        });
    });
});

describe("a text of variables", () => {
    it("is read as python-dotenv reads it", () => {
        const path = join(root, "tests", "support", "python-dotenv.json");
        const cases = JSON.parse(readFileSync(path, "utf8")) as [text: string, values: Record<string, string>][];
        assert.ok(cases.length > 100);
        for (const [text, values] of cases) assert.deepEqual(parseVariables(text), values, JSON.stringify(text));
    });

    it("is put together from the environment too, which comes before the file", () => {
        const text = "A=1\nB=${A}\nC=${X}${Y:-y}";
        assert.deepEqual(parseVariables(text, { A: "2", X: "3" }), { A: "1", B: "2", C: "3y" });
    });

    it("has lines that set nothing", () => {
        assert.deepEqual(unreadLines("# a\n\nA=1\r\nB=\"1\r\n  C: 2\n =3\n'x"), [4, 5, 6, 7]);
        assert.deepEqual(unreadLines("A='\nB: 1\n'\nexport C=\n  "), []);
    });
});

describe("a value in a file of variables", () => {
    const literals: [value: string, literal: string][] = [
        ["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY==", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY=="],
        ["s3://bucket/mlflow-artifacts", "s3://bucket/mlflow-artifacts"],
        ["", "''"],
        ["a b", "'a b'"],
        ["a#b$c", "'a#b$c'"],
        ["it's", '"it\'s"'],
        ['a\n"', "'a\n\"'"],
        ["a\nb\r", '"a\\nb\\r"'],
        ["C:\\new", "'C:\\new'"],
    ];
    for (const [value, literal] of literals) {
        it(`${JSON.stringify(value)} is written as ${literal}`, () => assert.equal(quoted("A", value), literal));
    }

    for (const value of ["'\"", "it's \\", "a\\\\b", "${A}", "a\0b", "\ud800"]) {
        it(`${JSON.stringify(value)} is refused, without being named`, () => {
            assert.throws(() => quoted("A", value), /^Error: the value of A has characters that no quotes can hold$/);
        });
    }
});

describe("a file of variables", () => {
    let folder: string;
    let path: string;
    beforeEach(() => {
        folder = realpathSync(mkdtempSync(join(tmpdir(), "env-file-")));
        path = join(folder, ".env");
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const mode = () => (statSync(path).mode & 0o777).toString(8);
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, stdio: "ignore" });
    /** What it is refused with; and that it is refused before anything is changed. */
    async function refusal(work: () => Promise<unknown>): Promise<string> {
        const before = readdirSync(folder);
        const error = await work().then(
            () => assert.fail("not refused"),
            (thrown: unknown) => thrown,
        );
        if (!(error instanceof InfraError)) throw error;
        assert.deepEqual(readdirSync(folder), before);
        assert.doesNotMatch(error.message, /hunter2/);
        return `${error.exitCode} ${error.message.replaceAll(folder, "…")}`;
    }
    const write = () => writeEnvFile(path, { A: "hunter2" });

    it("that is new is its owner's alone, and nothing else is left beside it", async () => {
        await write();
        assert.deepEqual([readFileSync(path, "utf8"), mode(), readdirSync(folder)], ["A=hunter2\n", "600", [".env"]]);
        assert.deepEqual(readEnvFile(path), { mode: 0o600, text: "A=hunter2\n", values: { A: "hunter2" } });
    });

    it("that others may read is tightened, with or without a change", async () => {
        for (const text of ["x=1\n", "A=hunter2\n"]) {
            writeFileSync(path, text);
            chmodSync(path, 0o644);
            await write();
            assert.equal(mode(), "600");
        }
    });

    it("that is right is not touched", async () => {
        writeFileSync(path, "A=hunter2\n", { mode: 0o600 });
        const before = statSync(path);
        await write();
        assert.deepEqual([statSync(path).ino, statSync(path).mtimeMs], [before.ino, before.mtimeMs]);
    });

    it("that is not there has no variables", () => assert.deepEqual(readEnvFile(path), { text: "", values: {} }));

    it("is rid of what a killed writer left, and only of that", async () => {
        for (const name of [".env.4194305.tmp", `.env.${process.pid}.tmp`, ".env.1.tmp", ".env.local", ".env.tmp"]) {
            writeFileSync(join(folder, name), "");
        }
        await write();
        assert.deepEqual(readdirSync(folder).sort(), [".env", ".env.1.tmp", ".env.local", ".env.tmp"]);
    });

    it("is not written through a link that waits under the temporary name", async () => {
        writeFileSync(join(folder, "other"), "kept");
        symlinkSync(join(folder, "other"), `${path}.${process.pid}.tmp`);
        await write();
        assert.deepEqual(
            [readFileSync(join(folder, "other"), "utf8"), readFileSync(path, "utf8")],
            ["kept", "A=hunter2\n"],
        );
    });

    it("is no symbolic link, whether it leads somewhere or not", async () => {
        symlinkSync(join(folder, "target"), path);
        const expected = "2 …/.env is a symbolic link.\nName the file that it leads to.";
        assert.equal(await refusal(write), expected);
        writeFileSync(join(folder, "target"), "x=1\n");
        assert.equal(await refusal(write), expected);
        assert.equal(await refusal(async () => readEnvFile(path)), expected);
        assert.equal(readFileSync(join(folder, "target"), "utf8"), "x=1\n");
    });

    it("is no folder, no pipe, and in a folder that exists", async () => {
        mkdirSync(path);
        assert.match(await refusal(write), /^2 ….\.env is no file\./);
        rmSync(path, { recursive: true });
        execFileSync("mkfifo", [path]);
        assert.match(await refusal(write), /^2 ….\.env is no file\./);
        path = join(folder, "nowhere", ".env");
        assert.equal(await refusal(write), "2 There is no folder …/nowhere.\nMake it, or name a file elsewhere.");
        writeFileSync(join(folder, "file"), "");
        path = join(folder, "file", ".env");
        assert.match(await refusal(write), /^2 There is no folder …\/file\./);
    });

    it("is text", async () => {
        for (const content of [Buffer.from("x=\xe9\n", "latin1"), Buffer.from("x=1\n", "utf16le")]) {
            writeFileSync(path, content);
            assert.match(await refusal(write), /^2 ….\.env is no text in UTF-8\./);
            assert.deepEqual(readFileSync(path), content);
        }
    });

    it("has no byte order mark: the service would not know its first variable", async () => {
        writeFileSync(path, "\uFEFFA=hunter2\n", { mode: 0o600 });
        assert.match(
            await refusal(write),
            /^2 ….\.env begins with a byte order mark, .*\nSave it as UTF-8 without one/,
        );
    });

    it("is nobody else's", async function () {
        // Only root can give a file away.
        if (process.getuid?.() !== 0) this.skip();
        writeFileSync(path, "x=1\n");
        chownSync(path, 12345, 12345);
        assert.match(await refusal(write), /^2 ….\.env belongs to another user\./);
    });

    it("in a folder that does not let itself be written stays as it is", async function () {
        // Root may write everywhere.
        if (process.getuid?.() === 0) this.skip();
        writeFileSync(path, "x=1\n", { mode: 0o600 });
        chmodSync(folder, 0o500);
        const refused = await refusal(write);
        chmodSync(folder, 0o700);
        assert.match(refused, /^3 ….\.env could not be used \(EACCES\); nothing was changed\./);
    });

    it("whose other lines would be read differently is refused with the reason", async () => {
        writeFileSync(path, 'x="', { mode: 0o600 });
        const refused = await refusal(() => writeEnvFile(path, { A: "hunter2\n" }));
        assert.match(refused, /^1 ….\.env was not changed: it cannot be changed without/);
        assert.equal(readFileSync(path, "utf8"), 'x="');
    });

    describe("in a git work tree", () => {
        beforeEach(() => git("init", "--quiet"));
        const notIgnored =
            "2 …/.env is in a git work tree and not ignored: its secrets would be committed.\n" +
            "Add .env to …/.gitignore, and take it out of git with `git rm --cached` if it was committed before; " +
            "or name a file elsewhere.";

        it("is refused unless it is ignored", async () => {
            assert.equal(await refusal(write), notIgnored);
            writeFileSync(join(folder, ".gitignore"), ".env\n");
            await write();
            assert.equal(mode(), "600");
        });

        it("is refused where it is ignored too late: git has it already", async () => {
            writeFileSync(path, "x=1\n");
            git("add", ".env");
            writeFileSync(join(folder, ".gitignore"), ".env\n");
            assert.equal(await refusal(write), notIgnored);
            git("rm", "--cached", "--quiet", ".env");
            await write();
        });

        it("is refused in a folder of it that is reached by a link from outside", async () => {
            const outside = mkdtempSync(join(tmpdir(), "env-file-"));
            mkdirSync(join(folder, "backend"));
            symlinkSync(join(folder, "backend"), join(outside, "link"));
            try {
                const place = join(outside, "link", ".env");
                assert.match(await refusal(() => requireSecretsPlace(place)), /is in a git work tree and not ignored/);
            } finally {
                rmSync(outside, { recursive: true });
            }
        });

        it("is judged by that work tree, whatever GIT_… variables name", async () => {
            const elsewhere = mkdtempSync(join(tmpdir(), "env-file-"));
            execFileSync("git", ["init", "--quiet"], { cwd: elsewhere });
            writeFileSync(join(elsewhere, ".git", "info", "exclude"), ".env\n");
            process.env.GIT_DIR = join(elsewhere, ".git");
            try {
                assert.equal(await refusal(write), notIgnored);
            } finally {
                delete process.env.GIT_DIR;
                rmSync(elsewhere, { recursive: true });
            }
        });

        it("is refused where git cannot be asked", async () => {
            const path = process.env.PATH;
            process.env.PATH = folder;
            try {
                assert.match(
                    await refusal(write),
                    /^3 Whether git would commit ….\.env could not be found out: there is no git on PATH\n/,
                );
            } finally {
                process.env.PATH = path;
            }
        });
    });
});

describe("the variables of the services", () => {
    const services = ["rl-studio", "snapshotter", "mlflow", "llm-models"] as const;
    const names = Object.fromEntries(
        services.map((service) => [service, variablesOf(service).map(({ name }) => name)]),
    );

    it("are those that the services read (A4, C6, D2, E12)", () => {
        const aws = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"];
        assert.deepEqual(names, {
            "rl-studio": [...aws, "S3_BUCKET_NAME"],
            snapshotter: [...aws, "S3_BUCKET_NAME"],
            mlflow: [
                "MLFLOW_ARTIFACT_ROOT",
                "MLFLOW_AWS_ACCESS_KEY_ID",
                "MLFLOW_AWS_SECRET_ACCESS_KEY",
                "MLFLOW_AWS_DEFAULT_REGION",
            ],
            "llm-models": [...aws, "AWS_BUDGET_LIMIT", "AWS_COST_ALERT_THRESHOLD"],
        });
    });

    it("of clinical-ai are in no file", () => {
        assert.throws(
            () => variablesOf("clinical-ai"),
            /There is no file of variables for clinical-ai: .+come through Vault and are never written to a file\.$/,
        );
    });

    const outputs = {
        region: "us-east-1",
        accessKeyId: "AKIAEXAMPLE",
        secretAccessKey: "hunter2",
        monthlyLimitUsd: 50,
        alertPercent: 80,
    } as ServiceOutputs["llm-models"];

    it("have the values of the stack's outputs; the secret key is the one secret", () => {
        assert.deepEqual(
            valuedVariables("llm-models", outputs).map(
                ({ name, value, secret }) => `${name}=${value}${secret ? " secret" : ""}`,
            ),
            [
                "AWS_ACCESS_KEY_ID=AKIAEXAMPLE",
                "AWS_SECRET_ACCESS_KEY=hunter2 secret",
                "AWS_DEFAULT_REGION=us-east-1",
                "AWS_BUDGET_LIMIT=50",
                "AWS_COST_ALERT_THRESHOLD=80",
            ],
        );
    });

    it("are refused where the stack exports one of them not, instead of being written as undefined", () => {
        assert.throws(
            () => valuedVariables("llm-models", { ...outputs, alertPercent: undefined as never }),
            /The stack exports no alertPercent for llm-models, which is the value of AWS_COST_ALERT_THRESHOLD\./,
        );
    });

    it("of mlflow are exactly those of .env.mlflow.example, which has no key and takes them in place (D2)", () => {
        const example = readFileSync(join(root, ".env.mlflow.example"), "utf8");
        assert.deepEqual(Object.keys(parseVariables(example)), names.mlflow);
        const { MLFLOW_AWS_ACCESS_KEY_ID: id, MLFLOW_AWS_SECRET_ACCESS_KEY: secret } = parseVariables(example);
        assert.deepEqual([id, secret], ["", ""]);
        const values = Object.fromEntries(names.mlflow.map((name) => [name, "value"]));
        assert.equal(mergeVariables(example, values).split("\n").length, example.split("\n").length);
    });
});
