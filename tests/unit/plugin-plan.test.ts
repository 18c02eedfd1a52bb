// What the stand-in plugin plans: literal in, literal out, no gRPC and no API.

import assert from "node:assert/strict";
import * as declare from "../../local/plugins/declare";
import { autoName, type NameRequest } from "../../local/plugins/names";
import * as plan from "../../local/plugins/plan";
import { normalisePolicy } from "../../local/plugins/policy-document";
import { tagsAllChanged } from "../../local/plugins/tags";
import { UNKNOWN, type Properties } from "../../local/plugins/wire";

const request: NameRequest = { resourceName: "Data", urn: "urn:a", seed: Buffer.from("seed") };

const thing: declare.TypePlan = {
    token: "aws:test/thing:Thing",
    inputs: {
        name: declare.text({ replace: true }),
        size: declare.number({ default: 1 }),
        mode: declare.text({ oneOf: ["a", "b"] }),
        amount: declare.decimal(),
        members: declare.set(declare.text()),
        rules: declare.list(declare.object({ id: declare.text({ required: true }), days: declare.number() })),
        policy: declare.json({}, normalisePolicy),
        start: declare.text({ computed: true }),
        force: declare.flag({ default: false, writeOnly: true }),
        tags: declare.map(),
    },
    outputs: ["arn", "secret"],
    derived: { arn: ["name"] },
    secretOutputs: ["secret"],
    once: ["secret"],
    name: { property: "name", maxLength: 20, lowercase: true },
    identity: ["name"],
    tagged: true,
};

const check = (news: Properties, olds?: Properties) => plan.check(thing, news, olds, request);
const paths = (olds: Properties, news: Properties) =>
    plan.diff(thing, olds, news).changes.map(({ path, kind, replace }) => `${kind}${replace ? "!" : ""} ${path}`);

describe("check", () => {
    it("makes a name, says so in __defaults, and makes the same from the same seed", () => {
        const { inputs, faults } = check({});
        assert.deepEqual(faults, []);
        assert.match(String(inputs["name"]), /^data-[0-9a-f]{7}$/);
        assert.deepEqual(inputs["__defaults"], ["name"]);
        assert.deepEqual(check({}).inputs, inputs);
    });

    it("keeps the old name only if it was made here", () => {
        assert.equal(check({}, { name: "old-1", __defaults: ["name"] }).inputs["name"], "old-1");
        assert.notEqual(check({}, { name: "old-1", __defaults: [] }).inputs["name"], "old-1");
    });

    it("leaves a given name alone", () => {
        assert.deepEqual(check({ name: "mine", __defaults: ["stale"] }).inputs, { name: "mine", __defaults: [] });
    });

    const refused: [string, Properties, RegExp][] = [
        ["a property that the type does not know", { name: "a", color: "red" }, /does not know the property color/],
        ["one inside a list", { name: "a", rules: [{ id: "x", hue: 1 }] }, /property rules\[0\]\.hue/],
        ["a missing one inside a list", { name: "a", rules: [{ days: 1 }] }, /required property rules\[0\]\.id/],
        ["a wrong kind", { name: "a", size: "1" }, /size must be a number/],
        ["a value that is none of the choices", { name: "a", mode: "c" }, /mode must be one of a, b/],
        ["broken JSON", { name: "a", policy: "{" }, /policy must be valid JSON text/],
        ["an amount that is no number", { name: "a", amount: "fifty" }, /amount must be a number written as text/],
    ];
    for (const [title, inputs, expected] of refused) {
        it(`refuses ${title}, naming no value`, () => {
            const faults = check(inputs).faults.join("\n");
            assert.match(faults, expected);
            assert.doesNotMatch(faults, /fifty|\bred\b/);
        });
    }

    it("lets what is unknown pass", () => {
        assert.deepEqual(check({ name: UNKNOWN, size: UNKNOWN, rules: UNKNOWN, policy: UNKNOWN }).faults, []);
    });
});

describe("autoName", () => {
    const naming: declare.AutoName = { property: "name", prefixProperty: "namePrefix", maxLength: 40 };
    const name = (inputs: Properties, wish?: NameRequest["wish"]) =>
        autoName(naming, inputs, { ...request, ...(wish === undefined ? {} : { wish }) });

    it("puts 26 characters after a prefix", () => {
        assert.match((name({ namePrefix: "mine-" }) as { name: string }).name, /^mine-[0-9a-f]{26}$/);
    });
    it("does as the project's naming says", () => {
        assert.deepEqual(name({}, { mode: "enforce", proposed: "Exact" }), { name: "Exact" });
        assert.deepEqual(name({}, { mode: "propose", proposed: "Wish" }), { name: "Wish" });
        assert.ok("fault" in name({}, { mode: "disable", proposed: "" }));
    });
    it("keeps to the length, the suffix included", () => {
        const fifo = { ...naming, maxLength: 20, suffix: () => ".fifo" };
        const made = autoName(fifo, {}, { ...request, resourceName: "a".repeat(50) }) as { name: string };
        assert.match(made.name, /^a{7}-[0-9a-f]{7}\.fifo$/);
    });
});

describe("diff", () => {
    const same: [string, Properties, Properties][] = [
        ["a default that is said", { name: "a" }, { name: "a", size: 1 }],
        ["a set in another order", { members: ["x", "y"] }, { members: ["y", "x"] }],
        ["an empty list and none", { members: [] }, {}],
        ["an amount with zeros", { amount: "50" }, { amount: "50.00" }],
        ["what AWS chose and nobody says", { start: "then" }, {}],
        ["the list of defaults", { name: "a", __defaults: ["name"] }, { name: "a", __defaults: [] }],
        ["JSON with other spaces", { policy: '{"Statement":[]}' }, { policy: '{ "Statement": [] }' }],
    ];
    for (const [title, olds, news] of same) {
        it(`sees no change in ${title}`, () => assert.deepEqual(paths(olds, news), []));
    }

    const different: [string, Properties, Properties, string[]][] = [
        ["a tag with a dot", { tags: { "a.b": "1" } }, { tags: { "a.b": "2" } }, ['update tags["a.b"]']],
        ["a tag more and one less", { tags: { a: "1" } }, { tags: { b: "1" } }, ["delete tags.a", "add tags.b"]],
        [
            "inside a list",
            { rules: [{ id: "x", days: 1 }] },
            { rules: [{ id: "x", days: 2 }] },
            ["update rules[0].days"],
        ],
        ["one more in a list", { rules: [{ id: "x" }] }, { rules: [{ id: "x" }, { id: "y" }] }, ["add rules[1]"]],
        ["one more in a set", { members: ["x"] }, { members: ["x", "y"] }, ["update members"]],
        ["the name", { name: "a" }, { name: "b" }, ["update! name"]],
        ["unknown against known", { name: "a" }, { name: UNKNOWN }, ["update! name"]],
        ["back to the default", { size: 5 }, {}, ["delete size"]],
        [
            "a policy's meaning",
            { policy: '{"Statement":[]}' },
            { policy: '{"Statement":[{"Effect":"Deny"}]}' },
            ["update policy"],
        ],
    ];
    for (const [title, olds, news, expected] of different) {
        it(`sees ${title}`, () => assert.deepEqual(paths(olds, news), expected));
    }

    it("deletes before it replaces only where an explicit name stays", () => {
        const replaced = { ...thing, inputs: { ...thing.inputs, size: declare.number({ replace: true }) } };
        const before = (news: Properties) => plan.diff(replaced, { name: "a", size: 1 }, news).deleteBeforeReplace;
        assert.equal(before({ name: "a", size: 2, __defaults: [] }), true);
        assert.equal(before({ name: "a", size: 2, __defaults: ["name"] }), false);
        assert.equal(before({ name: "b", size: 2, __defaults: [] }), false);
        assert.equal(before({ name: "a", size: 1, __defaults: [] }), false);
    });
});

describe("inputsAfterRead", () => {
    const after = (olds: Properties | undefined, live: Properties, defaults = {}) =>
        plan.inputsAfterRead(thing, olds, live, defaults);

    it("keeps what means the same as it was written, and every old key", () => {
        const olds = { name: "a", amount: "50", policy: '{ "Statement": [] }', size: 1, __defaults: ["name"] };
        const live = { name: "a", amount: "50.0", policy: '{"Statement":[]}', size: 1, start: "then" };
        assert.deepEqual(after(olds, live), olds);
    });

    it("takes what AWS holds where it differs, also deep and also added by hand", () => {
        const olds = { name: "a", rules: [{ id: "x", days: 1 }], tags: { a: "1" }, __defaults: [] };
        const live = { name: "a", rules: [{ id: "x", days: 9 }], tags: { a: "1", b: "2" }, mode: "b" };
        assert.deepEqual(after(olds, live), {
            name: "a",
            rules: [{ id: "x", days: 9 }],
            tags: { a: "1", b: "2" },
            mode: "b",
            __defaults: [],
        });
    });

    it("drops what is there no more", () => {
        assert.deepEqual(after({ name: "a", mode: "b", __defaults: [] }, { name: "a" }), { name: "a", __defaults: [] });
    });

    it("keeps what AWS never tells", () => {
        assert.deepEqual(after({ name: "a", force: true, __defaults: [] }, { name: "a" })["force"], true);
    });

    it("subtracts default tags unless the program says them too", () => {
        const live = { name: "a", tags: { owner: "us", own: "1" } };
        assert.deepEqual(after({ name: "a", tags: { own: "1" } }, live, { owner: "us" })["tags"], { own: "1" });
        assert.deepEqual(after({ name: "a", tags: { owner: "us", own: "1" } }, live, { owner: "us" })["tags"], {
            owner: "us",
            own: "1",
        });
        assert.deepEqual(after({ name: "a", tags: { own: "1" } }, live, { owner: "them" })["tags"], live.tags);
    });

    it("gives an import every input that is not the default, its name as one made here", () => {
        const live = { name: "a", size: 1, mode: "b", start: "then", tags: {}, arn: "arn" };
        assert.deepEqual(after(undefined, live), { name: "a", mode: "b", start: "then", __defaults: ["name"] });
    });
});

describe("outputs", () => {
    it("after a read: JSON as it was written, the secret carried over, write-only kept, tagsAll from AWS", () => {
        const inputs = { name: "a", policy: '{ "Statement": [] }', tags: { own: "1" } };
        const live = { name: "a", arn: "arn", policy: '{"Statement":[]}', tags: { own: "1", owner: "us" } };
        assert.deepEqual(plan.outputsAfterRead(thing, inputs, live, { secret: "s", other: "x" }), {
            name: "a",
            arn: "arn",
            policy: '{ "Statement": [] }',
            tags: { own: "1" },
            tagsAll: { own: "1", owner: "us" },
            force: false,
            secret: "s",
        });
    });

    it("of a previewed creation: what nobody can know is unknown", () => {
        assert.deepEqual(plan.plannedCreate(thing, { name: "a", tags: { own: "1" } }, { owner: "us" }), {
            name: "a",
            size: 1,
            start: UNKNOWN,
            force: false,
            tags: { own: "1" },
            tagsAll: { own: "1", owner: "us" },
            arn: UNKNOWN,
            secret: UNKNOWN,
        });
    });

    it("of a previewed update: only what is made of a change is unknown", () => {
        const old = { name: "a", size: 1, arn: "arn", secret: "s" };
        const planned = (news: Properties) => plan.plannedUpdate(thing, { name: "a" }, news, old, {});
        assert.deepEqual(planned({ name: "a", size: 2 }), { ...old, size: 2, force: false, tagsAll: {} });
        assert.equal(planned({ name: "b" })["arn"], UNKNOWN);
    });

    it("are secret where an input that they are made of is", () => {
        assert.deepEqual(plan.secretOutputs(thing, new Set(["tags"])), new Set(["tags", "secret", "tagsAll"]));
        assert.deepEqual(plan.secretOutputs(thing, new Set(["name"])), new Set(["name", "secret", "arn"]));
        assert.deepEqual(plan.secretOutputs(thing, new Set()), new Set(["secret"]));
    });
});

describe("tagsAllChanged", () => {
    it("sees a default tag that came, went or changed", () => {
        const state = { tagsAll: { own: "1", owner: "us" } };
        assert.equal(tagsAllChanged({ owner: "us" }, { tags: { own: "1" } }, state), false);
        assert.equal(tagsAllChanged({ owner: "them" }, { tags: { own: "1" } }, state), true);
        assert.equal(tagsAllChanged({}, { tags: { own: "1" } }, state), true);
        assert.equal(tagsAllChanged({ owner: "them" }, { tags: UNKNOWN }, state), false);
    });
});
