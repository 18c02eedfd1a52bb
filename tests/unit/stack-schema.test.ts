import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";

import Ajv, { type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import * as fc from "fast-check";
import { parse } from "yaml";

import { root } from "../../local/paths";
import { putKeySettings } from "../../ops/rotate/settings";
import { withSection, withSetting } from "../../ops/stack/file";
import { schemaFile } from "../../schema";
import { serviceNames } from "../../services";
import { environments, parseSettings, settingsIn } from "../../stacks/settings";
import { textOf } from "../support/markdown";
import { committedText, stackConfig, stackNames } from "../support/stack-files";

type Config = Record<string, unknown>;
interface StackFile {
    secretsprovider?: string;
    config: Config;
    [key: string]: unknown;
}

const firstLine = `# yaml-language-server: $schema=${schemaFile}\n`;

describe("schema/stack.schema.json", () => {
    let validate: ValidateFunction;

    before(() => {
        // Strict: a keyword that it does not know is a mistake.
        const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
        addFormats(ajv);
        validate = ajv.compile(JSON.parse(textOf(schemaFile)) as object);
    });

    const faults = (file: unknown): string[] =>
        validate(file) ? [] : validate.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`);
    const fileOf = (stack: (typeof stackNames)[number]) => parse(committedText(stack)) as StackFile;

    for (const stack of stackNames) {
        it(`is what Pulumi.${stack}.yaml names in its first line, and keeps`, () => {
            assert.ok(committedText(stack).startsWith(firstLine));
            assert.ok(existsSync(join(root, schemaFile)));
            assert.deepEqual(faults(fileOf(stack)), []);
        });
    }

    const llmModels = (config: Config) => config["platform:llm-models"] as Config;
    const clinicalAi = (config: Config) => config["platform:clinical-ai"] as Config;
    const wrong: readonly [string, (config: Config) => void][] = [
        ["an unknown key of the platform", (config) => (config["platform:colour"] = "red")],
        ["an unknown key of a service", (config) => (llmModels(config).colour = "red")],
        ["an unknown key deep in a section", (config) => ((clinicalAi(config).cluster as Config).colour = "red")],
        ["no region", (config) => delete config["aws:region"]],
        ["an account that is a number", (config) => (config["aws:allowedAccountIds"] = [111111111111])],
        ["an account of eleven digits", (config) => (config["aws:allowedAccountIds"] = ["11111111111"])],
        ["an unknown environment", (config) => (config["platform:environment"] = "test")],
        ["an unknown service", (config) => (config["platform:services"] = ["billing"])],
        ["a service twice", (config) => (config["platform:services"] = ["mlflow", "mlflow"])],
        ["no section where one has required settings", (config) => delete config["platform:llm-models"]],
        ["a required setting that is missing", (config) => delete llmModels(config).monthlyLimitUsd],
        ["a percentage above 100", (config) => (llmModels(config).alertPercent = 180)],
        ["a number in quotes", (config) => (llmModels(config).monthlyLimitUsd = "50")],
        ["an address that is none", (config) => (llmModels(config).alertEmails = ["nobody"])],
        ["a fraction of a day", (config) => (config["platform:mlflow"] = { noncurrentVersionDays: 1.5 })],
        ["CPU units that Fargate has not", (config) => ((config["platform:snapshotter"] as Config).cpu = 300)],
        [
            "a retention that CloudWatch has not",
            (config) => ((config["platform:snapshotter"] as Config).logRetentionDays = 31),
        ],
        ["an image by its tag", (config) => ((config["platform:snapshotter"] as Config).image = "registry/image:1")],
        ["an unknown mode", (config) => (clinicalAi(config).identity = { mode: "keys" })],
        [
            "a setting of another mode",
            (config) => (clinicalAi(config).identity = { mode: "static", clusterName: "cluster" }),
        ],
        [
            "a Vault without TLS",
            (config) => (((clinicalAi(config).cluster as Config).vault as Config).address = "http://vault.example.com"),
        ],
        [
            "three generations of a key",
            (config) =>
                (config["platform:rl-studio"] = { accessKeys: { revision: 1, generations: [1, 2, 3], published: 1 } }),
        ],
        ["a part that cannot be adopted", (config) => (config["platform:rl-studio"] = { adopt: { bucket: ["acl"] } })],
    ];
    for (const [what, change] of wrong) {
        it(`refuses ${what}, as the program does`, () => {
            const file = fileOf("dev");
            change(file.config);
            assert.notDeepEqual(faults(file), []);
            assert.throws(() => parseSettings(settingsIn(file.config)));
        });
    }

    it("refuses production's state without a KMS key", () => {
        const { secretsprovider, ...without } = fileOf("prod");
        assert.match(faults(without).join(), /must have required property 'secretsprovider'/);
        assert.match(faults({ ...without, secretsprovider: "passphrase" }).join(), /must match pattern "\^awskms/);
        assert.deepEqual(faults({ ...without, secretsprovider }), []);
    });

    it("accepts what the program accepts: stacks of any services, and keys of other namespaces", () => {
        const sections = stackConfig("dev");
        const settings = fc.record({
            "aws:region": fc.constantFrom("us-east-1", "eu-west-3", "us-gov-west-1", "cn-north-1"),
            "aws:allowedAccountIds": fc.array(fc.stringMatching(/^\d{12}$/), { minLength: 1, maxLength: 3 }),
            "platform:environment": fc.constantFrom(...environments),
            "platform:services": fc.shuffledSubarray([...serviceNames], { minLength: 1 }),
            "aws:profile": fc.string(),
            "pulumi:disable-default-providers": fc.array(fc.string()),
        });
        fc.assert(
            fc.property(settings, (general) => {
                const own = general["platform:services"].map((name) => [
                    `platform:${name}`,
                    sections[`platform:${name}`] ?? {},
                ]);
                const config = { ...general, ...(Object.fromEntries(own) as Config) };
                parseSettings(settingsIn(config));
                const file = { secretsprovider: "awskms://alias/key?region=us-east-1", config };
                assert.deepEqual(faults(file), []);
            }),
        );
    });

    it("says what each setting of a service means, with its unit", () => {
        const text = textOf(schemaFile);
        assert.match(text, /"description": "US dollars a month: 0\.01 to 1,000,000,000"/);
        assert.doesNotMatch(text, /"(unit|absent|oneRow)":|\]\(/);
    });

    it("is still named when infra rotate or infra adopt has written the file", () => {
        const rotated = withSection(committedText("dev"), "mlflow", (document, path) =>
            putKeySettings(document, path, ["accessKeys"], { revision: 2, generations: [1, 2], published: 1 }),
        );
        const adopted = withSetting(rotated, "rl-studio", "adopt", { bucket: ["bucket", "versioning"] });
        assert.notEqual(adopted, committedText("dev"));
        assert.ok(adopted.startsWith(firstLine));
        assert.deepEqual(faults(parse(adopted)), []);
    });
});
