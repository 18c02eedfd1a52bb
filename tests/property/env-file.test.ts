import assert from "node:assert/strict";

import { parse } from "dotenv";
import fc from "fast-check";

import { mergeVariables, quoted } from "../../ops/env-file";
import { EnvFileFault } from "../../ops/env-file/quote";
import { parseVariables } from "../../ops/env-file/reader";

/** Names that are ours in these tests; foreign ones begin with another letter. */
const own = fc.constantFrom("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_BUCKET_NAME");
const foreignName = fc.stringMatching(/^[a-z][A-Za-z0-9_.-]{0,8}$/).filter((name) => name !== "export");

/** As AWS makes them. */
const awsSecret = fc.stringMatching(/^[A-Za-z0-9/+]{40}$/);
/** With what is special to readers of such files, shells and JavaScript in it. */
const anyText = fc.string({
    unit: fc.constantFrom(..."ab$#=:'\"`\\ \t\n{}!%&;é\u2028🔑nr"),
    maxLength: 12,
});
const writable = anyText.filter((value) => {
    try {
        return quoted("NAME", value) !== "";
    } catch {
        return false;
    }
});
const value = fc.oneof(awsSecret, writable);

const blanks = fc.constantFrom("", " ", "\t", "  ");
const lineEnd = fc.constantFrom("\n", "\r\n");

/** A piece of a file that is nobody's but the user's: with its line end, and in any style. */
const foreign = (end: string) =>
    fc.oneof(
        fc.constant(end),
        fc.stringMatching(/^[ \t]*#[ A-Za-z0-9='"`]{0,20}$/).map((text) => text + end),
        fc
            .tuple(blanks, fc.constantFrom("", "export "), foreignName, awsSecret, fc.constantFrom("", " # why"))
            .map(([indent, prefix, name, text, comment]) => `${indent}${prefix}${name}=${text}${comment}${end}`),
        // A value of several lines, one of which looks like one of ours.
        fc
            .tuple(foreignName, fc.constantFrom("'", '"'), own)
            .map(([name, quote, ours]) => `${name}=${quote}first${end}${ours}=fake${end}${quote}${end}`),
        fc.constant(`no assignment at all${end}`),
        // The same in a comment.
        own.map((name) => `# ${name}=old${end}`),
    );

/** An assignment of ours as some user or tool wrote it. */
const ours = (end: string) =>
    fc
        .record({
            name: own,
            before: fc.constantFrom("", "export ", "  "),
            separator: fc.constantFrom("=", " = "),
            old: fc.oneof(awsSecret, fc.constantFrom("", "''", '"two words"', `'two${end}lines'`, "`tick`", "s#")),
            after: fc.constantFrom("", " # mine", "\t"),
            end: fc.constant(end),
        })
        // Where there is no value, white space belongs before it, and what is behind it is one.
        .filter(({ old, after }) => old !== "" || after === "");

describe("the file of variables", () => {
    it("gives back exactly what was written, for any value that it can hold", () =>
        fc.assert(
            fc.property(fc.oneof(awsSecret, anyText, fc.string({ unit: "binary" })), (secret) => {
                let text: string;
                try {
                    text = mergeVariables("before=1\n", { AWS_SECRET_ACCESS_KEY: secret, S3_BUCKET_NAME: "b" });
                } catch (error) {
                    assert.ok(error instanceof EnvFileFault);
                    assert.ok(secret === "" || !error.message.includes(secret) || secret.length < 3);
                    return;
                }
                const expected = { before: "1", AWS_SECRET_ACCESS_KEY: secret, S3_BUCKET_NAME: "b" };
                assert.deepEqual(parseVariables(text), expected);
                // A value in two lines is read differently by each reader, so it has to be escaped, and then reads alike.
                assert.deepEqual({ ...parse(text) }, expected);
            }),
            { numRuns: 1000 },
        ));

    it("refuses only values with characters that no quotes can hold", () =>
        fc.assert(
            fc.property(anyText, (text) => {
                const quotes = ["'", '"'].filter((quote) => text.includes(quote)).length;
                fc.pre(quotes < 2 && !text.includes("\\") && !text.includes("${"));
                assert.doesNotThrow(() => quoted("NAME", text));
            }),
            { numRuns: 1000 },
        ));

    it("keeps every byte that is not a value of ours, and writes each of ours in its place", () => {
        const file = lineEnd.chain((end) =>
            fc.record({
                pieces: fc.array(fc.oneof(foreign(end), ours(end)), { maxLength: 8 }),
                // Whether the last line has none.
                open: fc.boolean(),
            }),
        );
        fc.assert(
            fc.property(file, fc.dictionary(own, value, { minKeys: 1 }), ({ pieces, open }, variables) => {
                const written = (piece: Exclude<(typeof pieces)[number], string>, text: string) =>
                    piece.before + piece.name + piece.separator + text + piece.after + piece.end;
                const before = pieces.map((piece) => (typeof piece === "string" ? piece : written(piece, piece.old)));
                const after = pieces.map((piece) => {
                    if (typeof piece === "string") return piece;
                    const { name, old } = piece;
                    const wanted = (variables as Record<string, string>)[name];
                    const holds = wanted === undefined || parseVariables(`x=${old}`).x === wanted;
                    return written(piece, holds ? old : quoted(name, wanted));
                });
                const there = pieces.flatMap((piece) => (typeof piece === "string" ? [] : [piece.name]));
                const added = Object.entries(variables)
                    .filter(([name]) => !there.some((other) => other === name))
                    .map(([name, text]) => `${name}=${quoted(name, text)}`);
                const cut = (text: string) => (open ? text.replace(/\r?\n$/, "") : text);
                const given = cut(before.join(""));
                // The last line is ended only where others come after it; a file without any line end has none to keep.
                const usual = /\r?\n/.exec(given)?.[0] ?? "\n";
                const kept = cut(after.join(""));
                const gap = added.length === 0 || kept === "" || kept.endsWith("\n") ? "" : usual;
                const expected = kept + gap + added.map((line) => line + usual).join("");
                const merged = mergeVariables(given, variables);
                assert.equal(merged, expected);
                assert.equal(mergeVariables(merged, variables), merged, "a second time changes nothing");
            }),
            { numRuns: 300 },
        );
    });

    it("of any text at all keeps what is read of the others, or is refused as it is", () => {
        const text = fc.string({
            unit: fc.oneof(
                fc.constantFrom(..."ab=:'\"`#\\ \n\r\t"),
                fc.constantFrom("export ", "\r\n", "S3_BUCKET_NAME", "S3_BUCKET_NAME="),
            ),
            maxLength: 30,
        });
        let refused = 0;
        let runs = 0;
        fc.assert(
            fc.property(text, awsSecret, (before, secret) => {
                runs++;
                try {
                    const merged = mergeVariables(before, { S3_BUCKET_NAME: secret });
                    assert.deepEqual(parseVariables(merged), { ...parseVariables(before), S3_BUCKET_NAME: secret });
                    assert.equal(mergeVariables(merged, { S3_BUCKET_NAME: secret }), merged);
                } catch (error) {
                    if (!(error instanceof EnvFileFault)) throw error;
                    refused++;
                }
            }),
            { numRuns: 3000 },
        );
        assert.ok(refused < runs / 5, `${refused} of ${runs} refused`);
    });
});
