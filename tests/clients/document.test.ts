import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";

import manifest from "../../package.json";
import { root } from "../../local/paths";
import { clientEnvironment } from "../support/client-environment";
import { gateDocument, gateExamples } from "../support/gate-document";
import { type GateServer, roleCredentials, startGateServer } from "../support/gate-server";
import { type PythonClients, pythonClients, requirements } from "../support/python-clients";

/** Which environment each example of the document needs. */
const environments = {
    "AWS SDK for JavaScript": "The environment for the Amazon Bedrock API",
    boto3: "The environment for the Amazon Bedrock API",
    "AWS CLI": "The environment for the Amazon Bedrock API",
    "openai for Node.js": "The environment for the OpenAI API",
    "openai for Python": "The environment for the OpenAI API",
    "AI SDK": "The environment for the Amazon Bedrock API",
    "AWS SDK for JavaScript, signed": "The environment for signed requests",
    "boto3, signed": "The environment for signed requests",
    "AI SDK, signed": "The environment for signed requests",
} as const;

/** How a shell runs an example that is written in a file, by its language. */
const commands: Readonly<Record<string, string>> = {
    js: "node example.mjs",
    python: "python example.py",
    sh: ". ./example.sh",
};
const files: Readonly<Record<string, string>> = { js: "example.mjs", python: "example.py", sh: "example.sh" };

describe("The document of the gate", () => {
    const examples = gateExamples();
    let gate: GateServer;
    let folder: string;
    let python: PythonClients | undefined;
    before(async function () {
        // The first time the clients in Python are installed.
        this.timeout(300_000);
        python = await pythonClients();
        gate = await startGateServer();
        folder = mkdtempSync(join(tmpdir(), "gate-document-"));
        symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    });
    after(async () => {
        await gate.close();
        rmSync(folder, { recursive: true });
    });

    it("has no example that is not run", () => {
        const run = new Set<string>([...Object.keys(environments), ...Object.values(environments)]);
        assert.deepEqual([...examples.keys()].sort(), [...run].sort());
    });

    /** Runs code in an environment as the document has both, but for the key and the URLs of the reader's own. */
    async function run(environment: string, language: string, code: string, timeout = 0) {
        const text = examples
            .get(environment)!
            .code.replaceAll("gate-EXAMPLEKEY", await gate.key())
            .replaceAll("https://keys.lambda-url.us-west-2.on.aws", gate.secureUrl)
            .replaceAll("https://signed.lambda-url.us-west-2.on.aws", gate.secureSignedUrl);
        writeFileSync(join(folder, files[language]), code);
        return execa("sh", ["-c", `${text}\n${commands[language]}`], {
            cwd: folder,
            env: clientEnvironment({
                PATH: [...(python ? [python.commands] : []), process.env.PATH].join(":"),
                // The test's own authority, for each way in which a client is told of one.
                NODE_EXTRA_CA_CERTS: gate.certificate,
                AWS_CA_BUNDLE: gate.certificate,
                SSL_CERT_FILE: gate.certificate,
                ...(environment.includes("signed") ? roleVariables : {}),
            }),
            extendEnv: false,
            reject: false,
            timeout,
        });
    }

    for (const [title, environment] of Object.entries(environments)) {
        it(`${title}: runs as it is printed`, async function () {
            const { language, code } = examples.get(title)!;
            if (!python && (language === "python" || title === "AWS CLI")) return this.skip();
            const { stdout, stderr } = await run(environment, language, code);
            assert.equal(stderr, "");
            assert.match(stdout, /^(word ?){16}$/);
        });
    }

    it("names the line for HTTP/1.1: an endpoint that speaks nothing else is not reached without it", async () => {
        const { code } = examples.get("AWS SDK for JavaScript")!;
        const without = code.replace("{ requestHandler: new NodeHttpHandler() }", "");
        assert.notEqual(without, code);
        const { exitCode } = await run(environments["AWS SDK for JavaScript"], "js", without, 10_000);
        assert.notEqual(exitCode, 0);
    });

    it("has the versions that are tested", () => {
        const pinned = readFileSync(requirements, "utf8");
        const versions: Readonly<Record<string, string>> = { ...manifest.dependencies, ...manifest.devDependencies };
        const rows = [...gateDocument().matchAll(/^\| [^|]+\| `([^`]+)`(?: \((PyPI|npm)\))? +\| ([\d.]+) +\|/gm)];
        assert.equal(rows.length, 7);
        for (const [, name, registry, version] of rows) {
            const found = new RegExp(`^${name}==([\\d.]+)`, "m").exec(pinned)?.[1];
            assert.equal(version, registry === "PyPI" ? found : (versions[name] ?? found), name);
        }
    });
});

const roleVariables = {
    AWS_ACCESS_KEY_ID: roleCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: roleCredentials.secretAccessKey,
    AWS_SESSION_TOKEN: roleCredentials.sessionToken,
};
