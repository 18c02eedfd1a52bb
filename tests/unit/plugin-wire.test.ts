// The wire format of the stand-in plugins: literal in, literal out.

import assert from "node:assert/strict";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { clean, hasUnknown, receive, send, UNKNOWN } from "../../local/plugins/wire";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const secret = (value: string) => ({ [SIGNATURE]: SECRET, value });

describe("receive", () => {
    it("reads plain values as they are", () => {
        const struct = Struct.fromJavaScript({ text: "a", number: 1, flag: true, none: null, list: [1, "b"] });
        assert.deepEqual(receive(struct), {
            values: { text: "a", number: 1, flag: true, none: null, list: [1, "b"] },
            secrets: new Set(),
        });
    });

    it("unwraps a secret at any depth and names the property that held it", () => {
        const struct = Struct.fromJavaScript({ open: "a", tags: { deep: [{ key: secret("hidden") }] } });
        assert.deepEqual(receive(struct), {
            values: { open: "a", tags: { deep: [{ key: "hidden" }] } },
            secrets: new Set(["tags"]),
        });
    });

    it("reads every sentinel as unknown", () => {
        const sentinels = [
            UNKNOWN_TEXT,
            "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
            "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
            "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
            "030794c1-ac77-496b-92df-f27374a8bd58",
            "e48ece36-62e2-4504-bad9-02848725956a",
            "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
        ];
        assert.deepEqual(
            receive(Struct.fromJavaScript({ all: sentinels })).values["all"],
            sentinels.map(() => UNKNOWN),
        );
    });

    it("reads an output value: its value, its secrecy, unknown without one", () => {
        const struct = Struct.fromJavaScript({
            known: { [SIGNATURE]: OUTPUT, value: "a", secret: true },
            unknown: { [SIGNATURE]: OUTPUT },
        });
        assert.deepEqual(receive(struct), { values: { known: "a", unknown: UNKNOWN }, secrets: new Set(["known"]) });
    });

    it("refuses an asset", () => {
        const asset = { [SIGNATURE]: "c44067f5952c0a294b673a41bacd8c17", text: "a" };
        assert.throws(() => receive(Struct.fromJavaScript({ asset })), /Assets and archives/);
    });
});

describe("send", () => {
    it("wraps a secret property whole and writes the sentinel for unknown", () => {
        assert.deepEqual(send({ key: "hidden", id: UNKNOWN, open: ["a"] }, ["key", "absent"]).toJavaScript(), {
            key: { [SIGNATURE]: SECRET, value: "hidden" },
            id: UNKNOWN_TEXT,
            open: ["a"],
        });
    });

    it("gives back what it was given", () => {
        const values = { a: { b: [1, UNKNOWN, null] }, c: "d" };
        assert.deepEqual(receive(send(values, ["c"])), { values, secrets: new Set(["c"]) });
    });
});

describe("clean", () => {
    const cases: [string, unknown, unknown][] = [
        ["undefined is left out", { a: undefined, b: [undefined, 1] }, { b: [1] }],
        ["a date is its ISO text", new Date(0), "1970-01-01T00:00:00.000Z"],
        ["an invalid date is left out", { a: new Date(NaN) }, {}],
        ["NaN and infinity are left out", { a: NaN, b: Infinity, c: 0 }, { c: 0 }],
        ["a small bigint is a number", 12n, 12],
        ["a large bigint is text", 12345678901234567890n, "12345678901234567890"],
        ["bytes are base64", Buffer.from("abc"), "YWJj"],
        ["a function is left out", { a: () => 1 }, {}],
        ["null stays", { a: null }, { a: null }],
    ];
    for (const [title, given, expected] of cases) {
        it(title, () => assert.deepEqual(clean(given), expected));
    }
});

describe("hasUnknown", () => {
    it("looks to the bottom", () => {
        assert.equal(hasUnknown({ a: [{ b: UNKNOWN }] }), true);
        assert.equal(hasUnknown({ a: [{ b: null }] }), false);
    });
});
