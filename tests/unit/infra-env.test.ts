import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { createProgram } from "../../ops/cli/program";
import { registerEndpoints } from "../../ops/commands/endpoints";
import { registerEnv } from "../../ops/commands/env";
import { dayOf, registerKey } from "../../ops/commands/key";
import { InfraError } from "../../ops/common/errors";
import { writeEnvFile } from "../../ops/env-file";
import { changesInWords, compareFile, differencesInWords, type EnvOptions, wanted } from "../../ops/env-file/command";
import { repositoryHost } from "../../ops/stack/repository-host";
import { type GateUrls, llmModelsEndpoints } from "../../services/llm-models/endpoints";

describe("what infra env is to do", () => {
    const path = resolve("backend/.env");
    it("is written, checked or printed", () => {
        assert.deepEqual(wanted({ out: "backend/.env" }, false), { kind: "write", path });
        assert.deepEqual(wanted({ out: "backend/.env", check: true }, false), { kind: "check", path });
        assert.deepEqual(wanted({ print: true, reveal: true }, false), { kind: "print" });
        assert.deepEqual(wanted({ out: path, reveal: true }, true), { kind: "write", path });
    });

    const choices =
        "Choose one: --out FILE writes the file, --out FILE --check compares it, --print shows the variables.";
    const refused: [options: EnvOptions, reason: string][] = [
        [{}, "No file is named."],
        [{ check: true }, "--check needs the file to check."],
        [{ out: ".env", reveal: true }, "--reveal goes with --print or --json: words never show a secret."],
        [{ reveal: true }, "--reveal goes with --print or --json: words never show a secret."],
    ];
    for (const [options, reason] of refused) {
        it(`is refused for ${JSON.stringify(options)}, with the choices`, () =>
            assert.throws(() => wanted(options, false), new InfraError(2, reason, choices)));
    }
});

describe("a file beside the stack", () => {
    it("is not current with a session token beside the key; it goes, and is never shown", async () => {
        const folder = mkdtempSync(join(tmpdir(), "platform-infra-env-"));
        try {
            const path = join(folder, ".env");
            writeFileSync(path, "A_ACCESS_KEY_ID=1\nA_SESSION_TOKEN=hunter2\n", { mode: 0o600 });
            const comparison = compareFile(path, [{ name: "A_ACCESS_KEY_ID", value: "1", secret: false }]);
            assert.equal(comparison.current, false);
            assert.deepEqual(comparison.variables[1], {
                name: "A_SESSION_TOKEN",
                value: null,
                secret: true,
                state: "differs",
            });
            assert.equal(differencesInWords(comparison), "  A_SESSION_TOKEN differs");
            assert.equal(changesInWords(comparison), "  A_SESSION_TOKEN removed");
            await writeEnvFile(path, { A_ACCESS_KEY_ID: "1" });
            assert.equal(readFileSync(path, "utf8"), "A_ACCESS_KEY_ID=1\n");
        } finally {
            rmSync(folder, { recursive: true });
        }
    });
});

describe("a day", () => {
    it("begins in UTC", () => assert.equal(dayOf("2024-02-29").toISOString(), "2024-02-29T00:00:00.000Z"));

    for (const text of [
        "2025-02-29",
        "2025-02-30",
        "2025-13-01",
        "2025-1-1",
        "20250101",
        "2025-01-01T10:00Z",
        "",
        "today",
    ]) {
        it(`is not ${JSON.stringify(text)}`, () =>
            assert.throws(
                () => dayOf(text),
                new InfraError(2, `--date: got ${JSON.stringify(text)}, expected a day such as 2025-03-09.`),
            ));
    }
});

describe("the endpoints file (E12)", () => {
    const file = (region: string) =>
        llmModelsEndpoints({ environment: "staging", region, monthlyLimitUsd: 100, alertPercent: 75 });

    it("has the local models, Bedrock, the limit and the threshold", () =>
        assert.deepEqual(file("eu-west-1"), {
            environment: "staging",
            endpoints: {
                local: { url: "http://localhost:11434", authentication: "none" },
                aws: {
                    url: "https://bedrock-runtime.eu-west-1.amazonaws.com",
                    authentication: "aws-sigv4",
                    region: "eu-west-1",
                },
            },
            monthlyLimitUsd: 100,
            alertPercent: 75,
        }));

    it("has the gate where there is one, signed for Lambda, and its other address for gate keys", () => {
        const gated = (gate: GateUrls) =>
            llmModelsEndpoints({ environment: "dev", region: "eu-west-1", monthlyLimitUsd: 50, alertPercent: 80, gate })
                .endpoints;
        const aws = {
            url: "https://signed.example/",
            authentication: "aws-sigv4",
            signingService: "lambda",
            region: "eu-west-1",
        };
        const local = { url: "http://localhost:11434", authentication: "none" };
        assert.deepEqual(gated({ url: "https://signed.example/" }), { local, aws });
        assert.deepEqual(gated({ url: "https://signed.example/", keysUrl: "https://keys.example/" }), {
            local,
            aws,
            gateKeys: { url: "https://keys.example/", authentication: "bearer" },
        });
    });

    const urls: [region: string, url: string][] = [
        ["us-gov-west-1", "https://bedrock-runtime.us-gov-west-1.amazonaws.com"],
        ["cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"],
    ];
    for (const [region, url] of urls) {
        it(`has the address of ${region}`, () => assert.equal(file(region).endpoints.aws.url, url));
    }
});

describe("the help of infra env, endpoints and key", () => {
    const program = createProgram([registerEnv, registerEndpoints, registerKey], repositoryHost);
    for (const command of program.commands) {
        it(`${command.name()} says what it takes and shows an example`, () => {
            let help = "";
            command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
            assert.match(help, /--stack <stack>[^]*--json[^]*Examples:\n {2}infra /);
            assert.equal(help.includes("--dry-run"), command.name() !== "key");
        });
    }
});
