import assert from "node:assert/strict";

import { exitCodes, InfraError } from "../../ops/common/errors";
import { stackDocument } from "../../ops/stack/document";
import { withSection, withSetting } from "../../ops/stack/file";

const read = (text: string) => stackDocument(text, "Pulumi.dev.yaml").toJS() as { config: Record<string, unknown> };

/** What a text is refused with, all of it a wrong command line's. */
function refusal(text: string): string {
    try {
        read(text);
    } catch (error) {
        assert.ok(error instanceof InfraError, String(error));
        assert.equal(error.exitCode, exitCodes.usage);
        return error.message;
    }
    return "none";
}

describe("a stack file", () => {
    it("that is no stack file is refused with line and column", () => {
        for (const [text, expected] of [
            ["config:\n  a: 1\n  a: 2\n", /^Pulumi\.dev\.yaml:3:3: Map keys must be unique\.\nLeave one/],
            ["config:\n\ta: 1\n", /^Pulumi\.dev\.yaml:2:1: Tabs are not allowed as indentation\.\nIndent with blanks/],
            ["config:\n  a: 1\n---\nconfig: {}\n", /^Pulumi\.dev\.yaml:3:1: .* multiple documents.*\nA stack has one/],
            ["config:\n  a: [1\n", /^Pulumi\.dev\.yaml:\d:\d: /],
            ["config: {a: *b}\n", /^Pulumi\.dev\.yaml: Unresolved alias/],
            ["config: &a {b: *a}\n", /^Pulumi\.dev\.yaml: Converting circular structure/],
        ] as const) {
            assert.match(refusal(text), expected);
        }
        for (const text of ["", "- a\n", "config\n", "config:\n", "config: [a]\n", "# only a comment\n"]) {
            assert.match(refusal(text), /^Pulumi\.dev\.yaml has no section `config:` with settings in it\./, text);
        }
    });

    it("that the engine reads otherwise is refused: quotes say what is meant", () => {
        // What Go's yaml.v3 makes of them: 8, 1000, 2738152, 15, 3, 10.5, a moment.
        const scalars = [
            "010",
            "1_000",
            "012345670",
            "0o17",
            "0b11",
            "1_0.5",
            "2024-01-01",
            "2024-01-01T10:00:00Z",
            "-07",
        ];
        for (const scalar of scalars) {
            for (const text of [
                `config:\n  a: ${scalar}\n`,
                `config:\n  a: [${scalar}]\n`,
                `config:\n  ${scalar}: a\n`,
            ]) {
                assert.match(
                    refusal(text),
                    /^Pulumi\.dev\.yaml:2:\d: the engine does not read .*\nPut it in quotes/,
                    text,
                );
            }
            assert.deepEqual(read(`config:\n  a: "${scalar}"\n`).config, { a: scalar });
        }
        const same = ["10", "0", "089", "1.5", "1e3", "v0_1", "12:30", "yes", "2024-01-01-x"];
        for (const scalar of same) assert.equal(refusal(`config:\n  a: ${scalar}\n`), "none", scalar);
    });

    it("has the pairs of its merge keys, as for the engine", () => {
        const text = "config:\n  a: &a {x: 1, y: 1}\n  b:\n    <<: *a\n    y: 2\n";
        assert.deepEqual(read(text).config.b, { x: 1, y: 2 });
    });
});

describe("a section that shares its value by an alias", () => {
    const setting = { bucket: ["policy"] };
    const head = "config:\n  aws:region: us-east-1 # here\n";
    const days = "{ days: 7 }";

    it("is written out where it is an alias; what it stood for stays as it is", () => {
        const text = `${head}  platform:rl-studio: &days\n    days:   7 # why\n  platform:mlflow: *days\n`;
        assert.equal(
            withSetting(text, "mlflow", "adopt", setting),
            `${head}  platform:rl-studio: &days\n    days:   7 # why\n` +
                "  platform:mlflow:\n    days: 7 # why\n    adopt:\n      bucket:\n        - policy\n",
        );
    });

    it("is written out elsewhere where others are aliases of it, or of a part of it", () => {
        const text =
            `${head}  platform:rl-studio: &all\n    part: &part ${days}\n` +
            "  platform:mlflow: *all\n  platform:snapshotter:\n    own: *part\n";
        const after = read(withSetting(text, "rl-studio", "adopt", setting)).config;
        assert.deepEqual(after, {
            "aws:region": "us-east-1",
            "platform:rl-studio": { part: { days: 7 }, adopt: setting },
            "platform:mlflow": { part: { days: 7 } },
            "platform:snapshotter": { own: { days: 7 } },
        });
    });

    it("is written out with what it merges, so that a part of it can be changed", () => {
        const text =
            `${head}  platform:rl-studio: &days\n    identity: { mode: irsa, role: r }\n` +
            "  platform:mlflow:\n    <<: *days\n    days: 8\n";
        const after = withSection(text, "mlflow", (document, path) => {
            document.setIn([...path, "identity", "mode"], "static");
        });
        assert.deepEqual(read(after).config["platform:mlflow"], { days: 8, identity: { mode: "static", role: "r" } });
        assert.deepEqual(read(after).config["platform:rl-studio"], { identity: { mode: "irsa", role: "r" } });
    });

    it("is written out where the whole configuration merges it", () => {
        const text = "common: &c { platform:mlflow: { days: 7 } }\nconfig:\n  <<: *c\n  aws:region: us-east-1\n";
        const after = read(withSetting(text, "mlflow", "adopt", setting));
        assert.deepEqual(after.config["platform:mlflow"], { days: 7, adopt: setting });
        assert.deepEqual((after as unknown as { common: unknown }).common, { "platform:mlflow": { days: 7 } });
    });

    it("is left alone where nothing is to be changed", () => {
        const text = `${head}  platform:rl-studio: &days ${days}\n  platform:mlflow: *days\n`;
        assert.equal(withSetting(text, "mlflow", "adopt", {}), text);
    });
});
