import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { type ActionSet, objectActions, prefixFault } from "../../components/bucket-access";
import { taskPolicy } from "../../components/ecs-task-role/policy";
import { type PolicyDocument } from "../../components/policy-document";
import {
    type AccessKeySettings,
    accessKeysFaults,
    formatAccessKeys,
    parseAccessKeys,
    refuseOlder,
} from "../../components/scoped-identity/access-keys";
import { identityPolicy } from "../../components/scoped-identity/policy";
import { bucketNameFault } from "../../components/secure-bucket/bucket-name";
import { bucketPolicy, lifecycleRules, type UploadRule } from "../../components/secure-bucket/policy";
import { kvDataPath, pathFault, readOnly } from "../../components/vault-secret-pipeline/policy";

const bucketArn = "arn:aws:s3:::data";

/** Strings in which every character that could widen a policy occurs often, and some that are fine. */
const anyPrefix = fc.oneof(
    fc.string(),
    fc
        .array(fc.constantFrom("a", "b-", "/", "*", "?", "$", "${", "}", ".", "\n"), { maxLength: 8 })
        .map((all) => all.join("")),
    fc
        .array(fc.stringMatching(/^[A-Za-z0-9_.=-]{1,8}$/), { minLength: 1, maxLength: 4 })
        .map((all) => all.join("/") + "/"),
);

const goodPrefix = anyPrefix.filter((prefix) => prefixFault(prefix) === undefined);

const actionSets = fc.subarray<ActionSet>(["list", "read", "write", "delete", "tag", "multipart"], { minLength: 1 });

/** Everything that a document names, as the literal text before its only wildcard, which is the last character. */
function reach(document: PolicyDocument): string[] {
    return document.Statement.flatMap(({ Resource, Condition }) => {
        const patterns = Condition ? [Condition.StringLike["s3:prefix"]].flat() : [Resource!].flat();
        return patterns.map((pattern) => {
            assert.match(pattern, /^[^*?$]*\*$/, "a wildcard or a variable ahead of the end");
            return pattern.slice(0, -1);
        });
    });
}

describe("policies of any prefix", () => {
    it("an accepted prefix never lets an identity out of it", () => {
        fc.assert(
            fc.property(goodPrefix, actionSets, (prefix, actions) => {
                for (const start of reach(identityPolicy([{ bucketArn, prefix, actions }]))) {
                    assert.equal([prefix, `${bucketArn}/${prefix}`].includes(start), true, start);
                }
            }),
        );
    });

    it("an accepted prefix never lets a task out of it", () => {
        fc.assert(
            fc.property(goodPrefix, (prefix) => {
                assert.deepEqual(reach(taskPolicy(bucketArn, prefix)), [prefix, `${bucketArn}/${prefix}`]);
            }),
        );
    });

    it("a prefix that begins with a slash, does not end with one, or holds a wildcard or a variable is refused", () => {
        fc.assert(
            fc.property(anyPrefix, (prefix) => {
                const widens = prefix.startsWith("/") || !prefix.endsWith("/") || /[*?$]/.test(prefix);
                if (widens) assert.notEqual(prefixFault(prefix), undefined);
            }),
        );
    });

    it("a neighbour that begins with the same letters is outside of an accepted prefix", () => {
        fc.assert(
            fc.property(goodPrefix, fc.stringMatching(/^[a-z0-9]{1,5}$/), (prefix, letters) => {
                const neighbour = `${bucketArn}/${prefix.slice(0, -1)}${letters}/key`;
                for (const start of reach(identityPolicy([{ bucketArn, prefix, actions: ["read"] }]))) {
                    assert.equal(neighbour.startsWith(start), false);
                }
            }),
        );
    });

    it("an identity is granted exactly the actions of its sets, none of them a wildcard", () => {
        fc.assert(
            fc.property(fc.option(goodPrefix, { nil: undefined }), actionSets, (prefix, actions) => {
                const granted = identityPolicy([{ bucketArn, prefix, actions }]).Statement.flatMap(
                    ({ Action }) => Action,
                );
                const expected = actions.flatMap((set): readonly string[] =>
                    set === "list" ? ["s3:ListBucket"] : objectActions[set],
                );
                assert.deepEqual([...granted].sort(), [...expected].sort());
                assert.equal(
                    granted.some((action) => /[*?]/.test(action)),
                    false,
                );
            }),
        );
    });

    it("statement ids are unique, whatever the grants", () => {
        fc.assert(
            fc.property(fc.array(actionSets, { maxLength: 12 }), (sets) => {
                const sids = identityPolicy(sets.map((actions) => ({ bucketArn, actions }))).Statement.map(
                    ({ Sid }) => Sid,
                );
                assert.equal(new Set(sids).size, sids.length);
                for (const sid of sids) assert.match(sid, /^[A-Za-z0-9]+$/);
            }),
        );
    });

    it("a bucket policy allows nothing and names only its own bucket", () => {
        fc.assert(
            fc.property(
                fc.stringMatching(/^[a-z0-9]{3,20}$/),
                fc.constantFrom<UploadRule>("denyWrong", "requireHeader"),
                (name, rule) => {
                    const arn = `arn:aws:s3:::${name}`;
                    for (const { Effect, Resource } of bucketPolicy(arn, rule).Statement) {
                        assert.equal(Effect, "Deny");
                        for (const resource of [Resource!].flat()) {
                            assert.equal([arn, `${arn}/*`].includes(resource), true);
                        }
                    }
                },
            ),
        );
    });
});

describe("lifecycle rules of any days", () => {
    it("never put days next to expiredObjectDeleteMarker, which S3 refuses", () => {
        const days = fc.integer({ min: 1, max: 3650 });
        const optional = fc.option(days, { nil: undefined });
        fc.assert(
            fc.property(optional, days, optional, (expireAfterDays, noncurrentVersionDays, abortMultipartAfterDays) => {
                const rules = lifecycleRules({ expireAfterDays, noncurrentVersionDays, abortMultipartAfterDays });
                const markers = rules.filter(
                    ({ expiration }) => expiration && "expiredObjectDeleteMarker" in expiration,
                );
                assert.deepEqual(
                    markers.map(({ expiration }) => expiration),
                    [{ expiredObjectDeleteMarker: true }],
                );
                for (const { filter } of rules) assert.deepEqual(filter, {});
                assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
            }),
        );
    });
});

describe("bucketNameFault of any name", () => {
    it("accepts exactly what S3's rules, written once more, accept", () => {
        const label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
        const alphabet = fc.constantFrom("a", "z", "0", "9", "-", ".", "A", "_", "xn--", "--x-s3", ".mrap", "1.1.1.1");
        const names = fc.oneof(
            fc.string(),
            fc.array(alphabet, { maxLength: 8 }).map((all) => all.join("")),
            fc.stringMatching(/^[a-z0-9.-]{1,66}$/),
            fc.stringMatching(new RegExp(`^${label}(?:\\.${label}){0,3}$`)),
        );
        const reserved = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$|^\d+(\.\d+){3}$/;
        fc.assert(
            fc.property(names, (name) => {
                const accepted =
                    [...name].length >= 3 &&
                    [...name].length <= 63 &&
                    [...name].every((character) => "abcdefghijklmnopqrstuvwxyz0123456789.-".includes(character)) &&
                    !".-".includes(name[0]) &&
                    !".-".includes(name.at(-1)!) &&
                    name.split(".").every((part) => part !== "") &&
                    !reserved.test(name);
                assert.equal(bucketNameFault(name) === undefined, accepted, name);
            }),
            { numRuns: 2000 },
        );
    });
});

describe("access keys of any settings", () => {
    const settings: fc.Arbitrary<AccessKeySettings> = fc
        .uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 2 })
        .map((generations) => generations.sort((left, right) => left - right))
        .chain((generations) =>
            fc
                .tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom(...generations))
                .map(([revision, published]) => ({ revision, generations, published })),
        );

    /** One step of a rotation forward. */
    const step = ({ revision, generations, published }: AccessKeySettings): AccessKeySettings => {
        const next = { revision: revision + 1, generations, published };
        if (generations.length === 1) return { ...next, generations: [generations[0], generations[0] + 1] };
        if (published !== generations[1]) return { ...next, published: generations[1] };
        return { ...next, generations: [generations[1]] };
    };

    it("are valid, and the tag gives them back", () => {
        fc.assert(
            fc.property(settings, (value) => {
                assert.deepEqual(accessKeysFaults(value), []);
                assert.deepEqual(parseAccessKeys(formatAccessKeys(value)), value);
            }),
        );
    });

    it("go one way only: of two different settings at most one follows the other", () => {
        fc.assert(
            fc.property(settings, settings, (left, right) => {
                if (formatAccessKeys(left) === formatAccessKeys(right)) {
                    assert.equal(refuseOlder(left, right), undefined);
                } else {
                    assert.equal(
                        [refuseOlder(left, right), refuseOlder(right, left)].filter((fault) => !fault).length <= 1,
                        true,
                    );
                }
            }),
            { numRuns: 2000 },
        );
    });

    it("go forward step by step, and never back to any step before", () => {
        fc.assert(
            fc.property(settings, fc.integer({ min: 1, max: 12 }), (first, steps) => {
                let last = first;
                for (let done = 0; done < steps; done++) {
                    const next = step(last);
                    assert.equal(refuseOlder(last, next), undefined);
                    assert.match(refuseOlder(next, last)!, /is older than/);
                    assert.match(refuseOlder(next, first)!, /is older than/);
                    last = next;
                }
            }),
        );
    });

    it("never need a third key while a change is applied", () => {
        fc.assert(
            fc.property(settings, settings, (last, next) => {
                if (refuseOlder(last, next) !== undefined) return;
                assert.equal(new Set([...last.generations, ...next.generations]).size <= 2, true);
            }),
            { numRuns: 2000 },
        );
    });

    it("are reached from any others by the steps that the refusals name", () => {
        const named = /apply generations (\d+)(?: and (\d+))?(?: alone)? first$/;
        fc.assert(
            fc.property(settings, settings, (from, to) => {
                let last = from;
                for (let steps = 0; steps < 4; steps++) {
                    const fault = refuseOlder(last, { ...to, revision: last.revision + 1 });
                    if (fault === undefined) return;
                    const generations = named.exec(fault)!.slice(1).filter(Boolean).map(Number);
                    const next = { revision: last.revision + 1, generations, published: generations[0] };
                    assert.deepEqual(accessKeysFaults(next), []);
                    assert.equal(refuseOlder(last, next), undefined);
                    last = next;
                }
                assert.fail(`no way from ${formatAccessKeys(from)} to ${formatAccessKeys(to)}`);
            }),
            { numRuns: 2000 },
        );
    });
});

describe("Vault policies of any path", () => {
    /** Paths in which every character that means something in a policy or in HCL occurs often. */
    const anyPath = fc.oneof(
        fc.string(),
        fc
            .array(fc.constantFrom("a", "b-", "/", "*", "+", '"', "\\", "{{", "${", "\n", ".."), { maxLength: 6 })
            .map((all) => all.join("")),
        fc
            .array(fc.stringMatching(/^[A-Za-z0-9_.-]{1,8}$/), { minLength: 1, maxLength: 4 })
            .map((all) => all.join("/")),
    );
    const path = anyPath.filter((given) => pathFault(given) === undefined);

    it("an accepted mount and path open exactly one path, for reading only", () => {
        fc.assert(
            fc.property(path, path, (mount, secret) => {
                const policy = readOnly(kvDataPath(mount, secret));
                const [, opened] = /^path "([^"\\*+{}]+)" \{\n {2}capabilities = \["read"\]\n\}\n$/.exec(policy)!;
                assert.equal(opened, `${mount}/data/${secret}`);
            }),
        );
    });
});
