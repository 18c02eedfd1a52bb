import assert from "node:assert/strict";

import * as fc from "fast-check";
import { parse, parseDocument } from "yaml";

import { withSetting } from "../../ops/stack/file";

const services = ["rl-studio", "mlflow", "snapshotter"] as const;

const lists = fc.dictionary(
    fc.constantFrom("bucket", "user", "sourceBucket"),
    fc.uniqueArray(fc.constantFrom("bucket", "versioning", "policy", "user"), { minLength: 1 }),
    { noNullPrototype: true },
);

/** A stack file as people write it: comments anywhere, uneven spaces, sections in any style or none. */
const stackFiles = fc
    .record({
        indent: fc.constantFrom(2, 4),
        head: fc.constantFrom("", "# head\n", "secretsprovider:   'awskms://x'  # why\n\n"),
        tail: fc.constantFrom("", "\n# the end", "\nencryptedkey:  abc\n"),
        before: fc.constantFrom("", "  # of the section\n", "\n"),
        sections: fc.shuffledSubarray([...services]),
        styles: fc.array(fc.constantFrom("block", "flow", "empty", "null", "json", "adopts"), {
            minLength: services.length,
            maxLength: services.length,
        }),
    })
    .map(({ indent, head, tail, before, sections, styles }) => {
        const pad = " ".repeat(indent);
        const section = (name: string, index: number) => {
            const value = {
                block: `\n${pad}${pad}# why seven\n${pad}${pad}days:   7 # of ${name}\n${pad}${pad}list:\n${pad}${pad}${pad}- a`,
                flow: " { days: 7, list: [a,b] }",
                empty: " {}",
                null: "",
                json: ` '{"days":7}'`,
                adopts: `\n${pad}${pad}adopt:\n${pad}${pad}${pad}bucket: [bucket,policy] # by hand\n${pad}${pad}days: 7`,
            }[styles[index] as "block"];
            return `${before}${pad}platform:${name}:${value}\n`;
        };
        return `${head}config:\n${pad}aws:region:    us-east-1   # here\n${sections.map(section).join("")}${tail}`;
    });

/** A stack file whose sections are made of each other, by aliases and merge keys, in any order. */
const aliasedFiles = fc
    .array(
        fc.record({
            style: fc.constantFrom("own", "alias", "merge", "part", "merges"),
            of: fc.nat(2),
            days: fc.nat(9),
            inside: fc.boolean(),
        }),
        { minLength: services.length, maxLength: services.length },
    )
    .map((sections) => {
        const lines = sections.map(({ style, of, days, inside }, index) => {
            const earlier = index === 0 ? undefined : of % index;
            const nested = inside ? `adopt: &part${index} {user: [user]}` : `part: &part${index} {days: ${days}}`;
            const own = `&all${index} {days: ${days}, ${nested}}`;
            const value = {
                own,
                alias: `*all${earlier}`,
                merge: `&all${index} {<<: *all${earlier}, ${nested}}`,
                part: `&all${index} {part: *part${earlier}, more: &part${index} [*all${earlier}]}`,
                merges: `&all${index} {<<: [*all${earlier}, {days: 10}], ${nested}}`,
            }[earlier === undefined ? "own" : style];
            return `  platform:${services[index]}: ${value}\n`;
        });
        return `config:\n${lines.join("")}`;
    })
    .filter((text) => parseDocument(text, { merge: true }).errors.length === 0 && canBeRead(text));

function canBeRead(text: string): boolean {
    try {
        return parse(text, { merge: true }) !== undefined;
    } catch {
        // Of an alias of an alias: it has no anchor of its own.
        return false;
    }
}

/** What a file says, with a service's section as an object and without the setting. */
function otherThan(text: string, service: string): unknown {
    const { config, ...rest } = parse(text, { merge: true }) as { config: Record<string, unknown> };
    const key = `platform:${service}`;
    return { ...rest, config: { ...config, [key]: { ...sectionOf(config[key]), adopt: undefined } } };
}

function sectionOf(value: unknown): Record<string, unknown> {
    return (typeof value === "string" ? JSON.parse(value) : (value ?? {})) as Record<string, unknown>;
}

const comments = (text: string) => [...text.matchAll(/# .*/g)].map(([comment]) => comment).sort();

describe("a setting of a service in a stack's file", () => {
    it("is what it was set to, and nothing else says anything else", () => {
        fc.assert(
            fc.property(
                fc.oneof(stackFiles, aliasedFiles),
                fc.constantFrom(...services),
                lists,
                (text, service, value) => {
                    const after = withSetting(text, service, "adopt", value);
                    assert.deepEqual(otherThan(after, service), otherThan(text, service));
                    const { config } = parse(after, { merge: true }) as { config: Record<string, unknown> };
                    const { adopt } = sectionOf(config[`platform:${service}`]);
                    assert.deepEqual(adopt, Object.keys(value).length === 0 ? undefined : value);
                },
            ),
        );
    });

    it("leaves every line outside of the service's section as it is", () => {
        fc.assert(
            fc.property(stackFiles, fc.constantFrom(...services), lists, (text, service, value) => {
                const after = withSetting(text, service, "adopt", value);
                assert.deepEqual(linesOutside(after, service), linesOutside(text, service));
            }),
        );
    });

    it("keeps every comment but those of lists that are replaced", () => {
        fc.assert(
            fc.property(stackFiles, fc.constantFrom(...services), lists, (text, service, value) => {
                const kept = comments(withSetting(text, service, "adopt", value));
                for (const comment of comments(text)) {
                    if (comment !== "# by hand") assert.ok(kept.includes(comment), comment);
                }
            }),
        );
    });

    it("that is what it should be already changes no letter of the file", () => {
        fc.assert(
            fc.property(stackFiles, fc.constantFrom(...services), lists, (text, service, value) => {
                const once = withSetting(text, service, "adopt", value);
                assert.equal(withSetting(once, service, "adopt", value), once);
            }),
        );
    });
});

/** Lines up to the next key of the same depth are the section's. */
function linesOutside(text: string, service: string): string[] {
    let inside = false;
    return text.split("\n").filter((line) => {
        const key = /^( *)([\w:-]+):/.exec(line);
        if (key && key[2].startsWith("platform:")) inside = key[2] === `platform:${service}`;
        else if (key && key[1] === "") inside = false;
        else if (!/^ {3,}/.test(line) && !key) inside = inside && !/^ *#|^$/.test(line);
        return !inside && line.trim() !== "";
    });
}
