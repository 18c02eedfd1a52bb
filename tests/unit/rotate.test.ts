import assert from "node:assert/strict";

import { parseDocument } from "yaml";

import { type AccessKeySettings } from "../../components/scoped-identity/access-keys";
import { inTime } from "../../ops/common/output";
import { evidenceOf } from "../../ops/rotate/evidence";
import { dueOf, goalOf, nextStep } from "../../ops/rotate/plan";
import { type Clock, proveKey, withoutAnswer } from "../../ops/rotate/proof";
import { keySettings, keySettingsIn, putKeySettings } from "../../ops/rotate/settings";
import { type Situation, type UserKey } from "../../ops/rotate/situation";
import { keysInState, outputsInState } from "../../ops/rotate/state";
import { parseSettings } from "../../stacks/settings";

const now = new Date("2026-11-24T12:00:00.000Z");
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
const since = ago(60).toISOString();

const key = (generation: number, more: Partial<UserKey> = {}): UserKey => ({
    id: `AKIA${generation}`,
    generation,
    active: true,
    created: ago(3600),
    ...more,
});

/** Where a rotation stands after each of its steps. */
const settings = {
    rest: { revision: 1, generations: [1], published: 1 },
    created: { revision: 2, generations: [1, 2], published: 1, since },
    published: { revision: 3, generations: [1, 2], published: 2, retiring: { generation: 1, inactive: false }, since },
    inactive: { revision: 4, generations: [1, 2], published: 2, retiring: { generation: 1, inactive: true }, since },
    done: { revision: 5, generations: [2], published: 2, since },
    back: { revision: 4, generations: [1, 2], published: 1, retiring: { generation: 2, inactive: false }, since },
} satisfies Record<string, AccessKeySettings>;

function situation(at: AccessKeySettings, more: Partial<Situation> = {}): Situation {
    return {
        now,
        fileName: "Pulumi.dev.yaml",
        settings: at,
        applied: at,
        keys: at.generations.map((generation) =>
            key(generation, { active: !(at.retiring?.inactive && at.retiring.generation === generation) }),
        ),
        publishedAsDeclared: true,
        publishedWorks: true,
        evidence: [],
        confirmed: false,
        graceSeconds: 30,
        ...more,
    };
}

describe("the next step of a rotation", () => {
    const begin = { newGeneration: 2 };
    /** The step of a run that begins here. */
    const next = (at: AccessKeySettings, more: Partial<Situation> = {}, rollback = false) => {
        const here = situation(at, more);
        return nextStep(here, goalOf(here, rollback));
    };
    it("after a kill while key 1 was made inactive hands key 2 to a file first: else it would wait for its reader", () => {
        const { inactive: at, published: applied } = settings;
        const killed = {
            applied,
            keys: [key(1), key(2)],
            staleFiles: [".env"],
            confirmed: true,
            evidence: [{ what: "key 1 not used", holds: false }],
        };
        assert.deepEqual(next(at, killed), { kind: "handOut", files: [".env"], why: "write key 2 to .env" });
        assert.equal(next(at, { ...killed, staleFiles: [] }).kind, "wait");
        assert.notEqual(next(at, { ...killed, publishedAsDeclared: false }).kind, "handOut");
    });

    const applies = (at: AccessKeySettings, more: Partial<Situation> = {}, rollback = false) => {
        const step = next(at, more, rollback);
        assert.equal(step.kind === "apply" || step.kind === "prove", true, JSON.stringify(step));
        if (step.kind !== "apply" && step.kind !== "prove") throw new Error();
        const { since: made, ...rest } = step.settings;
        assert.equal(made, now.toISOString(), "what it waits for is counted from now");
        return { kind: step.kind, ...rest };
    };

    it("creates a second key beside the first, unpublished", () =>
        assert.deepEqual(applies(settings.rest), { kind: "apply", revision: 2, generations: [1, 2], published: 1 }));

    it("proves the second key, then publishes it", () =>
        assert.deepEqual(applies(settings.created), {
            kind: "prove",
            revision: 3,
            generations: [1, 2],
            published: 2,
            retiring: { generation: 1, inactive: false },
        }));

    it("makes the old key inactive once all evidence holds", () =>
        assert.deepEqual(applies(settings.published, { evidence: [{ what: "quiet", holds: true }] }), {
            kind: "apply",
            revision: 4,
            generations: [1, 2],
            published: 2,
            retiring: { generation: 1, inactive: true },
        }));

    it("deletes the old key after the grace period", () =>
        assert.deepEqual(applies(settings.inactive), {
            kind: "apply",
            revision: 5,
            generations: [2],
            published: 2,
            retiring: undefined,
        }));

    it("is done when the new key is alone", () => {
        assert.deepEqual(nextStep(situation(settings.done), begin), { kind: "done" });
        assert.deepEqual(nextStep(situation(settings.done), "finish"), { kind: "done" });
    });

    it("waits until the old key has been quiet, and says since when", () => {
        const notBefore = new Date(now.getTime() + 5000);
        const evidence = [{ what: "quiet", holds: false, notBefore }];
        assert.deepEqual(nextStep(situation(settings.published, { evidence }), "finish"), {
            kind: "wait",
            what: "quiet",
            until: notBefore,
        });
    });

    it("has no time to name where it waits for others", () => {
        const evidence = [
            { what: "pods", holds: false },
            { what: "quiet", holds: false, notBefore: now },
        ];
        assert.deepEqual(nextStep(situation(settings.published, { evidence }), "finish"), {
            kind: "wait",
            what: "pods; quiet",
        });
    });

    it("waits for the grace period, counted from when the key became inactive", () => {
        const step = nextStep(situation(settings.inactive, { graceSeconds: 61 }), "finish");
        assert.deepEqual([step.kind, step.kind === "wait" && step.until], ["wait", new Date(now.getTime() + 1000)]);
    });

    it("counts the grace period from now where nobody knows since when", () => {
        const step = nextStep(situation({ ...settings.inactive, since: undefined }), "finish");
        assert.equal(step.kind === "apply" && step.settings.revision, 4, "nothing but the date");
    });

    it("does not retire a key while somebody unseen may use it, unless told that nobody does", () => {
        const unseen = "whatever reads .env";
        const step = nextStep(situation(settings.published, { unseen }), "finish");
        assert.equal(step.kind, "stop");
        assert.match(step.kind === "stop" ? step.reason + step.fix : "", /whatever reads \.env.*--confirm-consumers/s);
        assert.equal(applies(settings.published, { unseen, confirmed: true }).kind, "apply");
    });

    for (const at of ["published", "inactive"] as const) {
        it(`keeps the old key when the published one does not work (${at})`, () => {
            const step = nextStep(
                situation(settings[at], { publishedWorks: false, publishedFault: "denied" }),
                "finish",
            );
            assert.match(step.kind === "stop" ? step.reason : "", /published key 2 does not work: denied/);
        });
    }

    it("stops at a key that the stack does not know, and says what it is", () => {
        const foreign: UserKey = { id: "AKIAX", active: true, created: ago(10), lastUsed: ago(5) };
        for (const at of Object.values(settings)) {
            const step = next(at, { keys: [key(1), foreign] });
            assert.match(
                step.kind === "stop" ? step.reason : "",
                /AKIAX \(active, made 2026-11-24T11:59:50\.000Z, last used 2026-11-24T11:59:55/,
            );
        }
    });

    it("stops where somebody else has applied a newer revision, or another one of the same number", () => {
        for (const applied of [settings.inactive, { ...settings.created, revision: 3 }]) {
            const step = nextStep(situation(settings.published, { applied }), "finish");
            assert.match(step.kind === "stop" ? step.reason : "", /which Pulumi\.dev\.yaml does not have/);
        }
    });

    const halfDone: [what: string, at: AccessKeySettings, more: Partial<Situation>][] = [
        ["written and not applied", settings.created, { applied: settings.rest, keys: [key(1)] }],
        ["applied, the key not created", settings.created, { keys: [key(1)] }],
        ["applied, the key not deleted", settings.done, { keys: [key(1), key(2)] }],
        ["applied, the key still active", settings.inactive, { keys: [key(1), key(2)] }],
        ["never applied", settings.rest, { applied: undefined }],
    ];
    for (const [what, at, more] of halfDone) {
        it(`is to finish what was ${what}, under the same revision`, () => {
            const { kind, ...step } = applies(at, more);
            assert.deepEqual([kind, { ...step, since }], ["apply", { ...at, since }]);
        });
    }

    for (const [what, at, keys] of [
        ["deletes", settings.done, [key(1), key(2)]],
        ["deletes (inactive by then)", settings.done, [key(1, { active: false }), key(2)]],
        ["makes inactive", settings.inactive, [key(1), key(2)]],
    ] as const) {
        it(`does not finish what ${what} a key while the published one does not work`, () => {
            const step = nextStep(situation(at, { keys, publishedWorks: false }), "finish");
            assert.match(step.kind === "stop" ? step.reason : "", /published key 2 does not work/);
        });
    }

    for (const applied of [settings.created, settings.published]) {
        it(`proves a key again whose publication was begun and not finished (revision ${applied.revision})`, () => {
            const { kind, ...step } = applies(settings.published, { applied, publishedAsDeclared: false });
            assert.deepEqual([kind, { ...step, since }], ["prove", settings.published]);
        });
    }

    it("publishes no key that is only now to be made", () => {
        const byHand = { ...settings.published, retiring: undefined };
        const here = { applied: settings.rest, keys: [key(1)], publishedAsDeclared: false, publishedWorks: false };
        const step = next(byHand, here);
        assert.match(step.kind === "stop" ? step.reason + step.fix : "", /Key 2.* does not exist.*Publish key 1/s);
        assert.equal(applies(byHand, here, true).published, 1);
    });

    it("asks for evidence again where a key was to be made inactive and was not", () => {
        const here = { keys: [key(1), key(2)] };
        const evidence = [{ what: "pods", holds: false }];
        assert.deepEqual(next(settings.inactive, { ...here, evidence }), { kind: "wait", what: "pods" });
        assert.equal(next(settings.inactive, { ...here, unseen: "whatever reads .env" }).kind, "stop");
    });

    it("counts the silence of a key from anew where making it inactive was not applied", () => {
        const at = { ...settings.inactive, since: undefined };
        const quiet = { what: "quiet", holds: false, notBefore: new Date(now.getTime() + 60_000) };
        const { kind, ...step } = applies(at, {
            applied: settings.published,
            keys: [key(1), key(2)],
            evidence: [quiet],
        });
        assert.deepEqual([kind, { ...step, since }], ["apply", { ...settings.published, revision: 5, since }]);
    });

    it("says what was seen before it makes a key inactive, and who has confirmed", () => {
        const evidence = [{ what: "quiet for 60 s", holds: true }];
        const step = next(settings.published, { evidence, unseen: "whatever reads .env", confirmed: true });
        assert.deepEqual(step.kind === "apply" && step.evidence, [
            "quiet for 60 s",
            "confirmed by you: whatever reads .env",
        ]);
    });

    it("tells what to write where somebody's commit is lost", () => {
        const step = next(settings.created, { applied: settings.inactive });
        assert.match(
            step.kind === "stop" ? step.fix : "",
            /\{ revision: 4, generations: \[1, 2\], published: 2, retiring: \{ generation: 1, inactive: true \} \}/,
        );
    });

    it("notes since when the key is published where nobody knows", () => {
        const step = nextStep(situation({ ...settings.published, since: undefined }), "finish");
        assert.deepEqual(step.kind === "apply" && step.settings, { ...settings.published, since: now.toISOString() });
    });

    it("takes a second key that was published by hand for the one to keep", () => {
        const byHand = { ...settings.published, retiring: undefined };
        const retiring = { generation: 1, inactive: false };
        assert.deepEqual(applies(byHand).retiring, retiring);
        assert.deepEqual(applies(byHand, {}, true).published, 1);
    });

    it("finishes what was begun, and then does not begin again", () => {
        assert.equal(goalOf(situation(settings.published), false), "finish");
        assert.deepEqual(goalOf(situation(settings.done), false), { newGeneration: 3 });
        assert.equal(goalOf(situation(settings.done, { keys: [key(1), key(2)] }), false), "finish");
    });

    describe("back", () => {
        it("before it was published deletes the new key", () =>
            assert.deepEqual(applies(settings.created, {}, true), {
                kind: "apply",
                revision: 3,
                generations: [1],
                published: 1,
            }));

        it("proves the old key, publishes it and retires the new one", () =>
            assert.deepEqual(
                { ...applies(settings.published, {}, true), since },
                { kind: "prove", ...settings.back, since },
            ));

        it("makes an inactive key active again first", () =>
            assert.deepEqual(applies(settings.inactive, {}, true), {
                kind: "apply",
                revision: 5,
                generations: [1, 2],
                published: 2,
                retiring: { generation: 1, inactive: false },
            }));

        it("first makes active what was written as active and is not, before it is tried", () => {
            const at = { ...settings.published, revision: 5 };
            const keys = [key(1, { active: false }), key(2)];
            const { kind, ...step } = applies(at, { applied: settings.inactive, keys }, true);
            assert.deepEqual([kind, { ...step, since }], ["apply", at]);
        });

        it("works also while the published key does not", () =>
            assert.equal(applies(settings.published, { publishedWorks: false }, true).published, 1));

        it("that was begun goes on the same way with and without being told", () => {
            for (const rollback of [true, false]) {
                assert.deepEqual(applies(settings.back, {}, rollback).retiring, { generation: 2, inactive: true });
            }
        });

        it("keeps a key whose deletion was written and not done, and makes it active", () => {
            const keys = [key(1, { active: false }), key(2)];
            for (const applied of [settings.inactive, settings.done]) {
                assert.deepEqual(applies(settings.done, { keys, applied }, true), {
                    kind: "apply",
                    revision: 6,
                    generations: [1, 2],
                    published: 2,
                    retiring: { generation: 1, inactive: false },
                });
            }
        });

        it("does not first make inactive what is to come back", () =>
            assert.deepEqual(applies(settings.inactive, { applied: settings.published }, true).retiring, {
                generation: 1,
                inactive: false,
            }));

        it("that was ended before its last step is finished", () => {
            const undone = { ...settings.created, revision: 3, generations: [1] };
            assert.equal(applies(undone, { keys: [key(1), key(2)] }, true).kind, "apply");
        });

        it("is refused once the old key is deleted", () => {
            const step = next(settings.done, {}, true);
            assert.match(step.kind === "stop" ? step.reason : "", /nothing to go back to/);
        });
    });
});

describe("evidence that nobody uses a key", () => {
    const seen = {
        now,
        since: ago(60),
        quietSeconds: 30,
        timeoutSeconds: 50,
        granularitySeconds: 1,
        published: { generation: 2, id: "AKIA2" },
        retiring: { generation: 1 },
    };
    const holds = (more: object) => evidenceOf({ ...seen, ...more }).map((one) => one.holds);

    it("is the new key's use after its publication, and the old one's silence for the whole window", () => {
        assert.deepEqual(holds({ lastUse: { published: ago(1), retiring: ago(31) } }), [true, true]);
        assert.deepEqual(holds({ lastUse: { published: ago(61), retiring: ago(29) } }), [false, false]);
        assert.deepEqual(holds({ lastUse: {} }), [false, true]);
    });

    it("lasts the whole window from the publication, though the old key was used long before", () =>
        assert.deepEqual(holds({ since: ago(29), lastUse: { published: ago(1), retiring: ago(9999) } }), [
            true,
            false,
        ]));

    it("allows for uses that the platform has not noted", () => {
        const coarse = (published: number, retiring: number, more: object = {}) => {
            const lastUse = { published: ago(published), retiring: ago(retiring) };
            return evidenceOf({ ...seen, ...more, granularitySeconds: 900, lastUse });
        };
        const [used, quiet] = coarse(61, 40);
        assert.deepEqual(used.notBefore, new Date(ago(60).getTime() + 900_000), "its own try may be all that is noted");
        assert.deepEqual(quiet.notBefore, new Date(ago(40).getTime() + 930_000));
        const [late] = coarse(1001, 2000, { since: ago(1000) });
        assert.deepEqual([late.holds, late.notBefore], [false, undefined], "nobody has used it");
    });

    it("does not come by itself where somebody goes on using the old key", () => {
        const [, quiet] = evidenceOf({ ...seen, lastUse: { published: ago(1), retiring: ago(9) } });
        assert.deepEqual([quiet.holds, quiet.notBefore], [false, undefined]);
    });

    it("is the time alone where the platform does not tell, and says so", () => {
        const [one, ...more] = evidenceOf(seen);
        assert.deepEqual([one.holds, more.length], [true, 0]);
        assert.match(one.what, /IAM here does not tell its last use/);
        assert.deepEqual(evidenceOf({ ...seen, since: ago(29) })[0].notBefore, new Date(now.getTime() + 1000));
    });

    it("is the Secret and every pod, one that is ending too", () => {
        const pods = (keyInSecret: string | undefined, oldPods: string[]) =>
            evidenceOf({ ...seen, pods: { keyInSecret, oldPods, pods: 2 } })
                .slice(0, 2)
                .map((one) => one.holds);
        assert.deepEqual(pods("AKIA2", []), [true, true]);
        assert.deepEqual(pods("AKIA1", ["worker-1"]), [false, false]);
        assert.deepEqual(pods(undefined, []), [false, true]);
    });
});

describe("the proof that a new key works", () => {
    /** A clock of its own: a try takes no time, a pause all of its. */
    const clockAt = (): Clock & { seconds: () => number } => {
        let time = 0;
        return {
            now: () => new Date(time),
            sleep: (milliseconds) => {
                time += milliseconds;
                return Promise.resolve();
            },
            seconds: () => time / 1000,
        };
    };
    const times = { validSeconds: 60, timeoutSeconds: 300 };
    const never = new AbortController().signal;

    it("says nothing where AWS has not answered of the key", () => {
        const faults = [
            "ECONNREFUSED",
            "500 InternalError",
            "503 SlowDown",
            "429 ThrottlingException",
            "400 Throttling",
        ];
        for (const fault of faults) assert.ok(withoutAnswer(`could not be reached (${fault})`), fault);
        for (const fault of ["could not be reached (403 InvalidAccessKeyId)", "denied (AccessDenied)"]) {
            assert.ok(!withoutAnswer(fault), fault);
        }
    });

    it("is every try's success for the whole time", async () => {
        const clock = clockAt();
        assert.equal(await proveKey(() => Promise.resolve(undefined), times, clock, never), undefined);
        assert.equal(clock.seconds(), 60);
    });

    it("begins anew with every refusal", async () => {
        const clock = clockAt();
        const flapping = () =>
            Promise.resolve(clock.seconds() < 50 && clock.seconds() % 4 === 0 ? "refused" : undefined);
        assert.equal(await proveKey(flapping, times, clock, never), undefined);
        assert.ok(clock.seconds() >= 108, `${clock.seconds()}`);
    });

    it("ends with the last refusal when the time is over", async () => {
        const clock = clockAt();
        assert.equal(
            await proveKey(() => Promise.resolve("InvalidAccessKeyId"), times, clock, never),
            "InvalidAccessKeyId",
        );
        assert.ok(clock.seconds() <= 302);
    });

    it("is no proof when it was stopped", async () => {
        const stopped = AbortSignal.abort();
        assert.equal(await proveKey(() => Promise.resolve(undefined), times, clockAt(), stopped), "stopped");
    });
});

describe("a service's keys", () => {
    it("are due at the age that the service allows, and while a rotation is under way", () => {
        const keys = [key(1, { created: ago(30 * 86_400) })];
        assert.match(dueOf(situation(settings.rest, { keys }), 30) ?? "", /30 days old, at most 30/);
        assert.equal(dueOf(situation(settings.rest, { keys }), 31), undefined);
        assert.equal(dueOf(situation(settings.created, { keys }), 31), "a rotation is under way");
        assert.equal(
            dueOf(situation(settings.done, { keys: [key(1, { active: false }), key(2)] }), 31),
            "a rotation is under way",
            "its last step was written and not applied",
        );
    });

    it("are found in the engine's state by user and generation", () => {
        const mark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
        const exported = {
            accessKeyId: "AKIA1",
            accessKeyIds: ["AKIA1"],
            region: "us-east-1",
            bucketName: "b",
            prefix: "p/",
            artifactRoot: "s3://b/p",
            userName: "u",
        };
        const resource = (name: string, user: string, secret: unknown) => ({
            type: "aws:iam/accessKey:AccessKey",
            urn: `urn:pulumi:dev::platform::x::${name}`,
            id: "AKIA7",
            inputs: { user },
            outputs: { secret },
        });
        const state = {
            version: 3,
            deployment: {
                resources: [
                    resource("a-access-key-7", "one", { ...mark, plaintext: '"hidden"' }),
                    resource("b-access-key-1", "other", "x"),
                    {
                        type: "pulumi:pulumi:Stack",
                        urn: "",
                        outputs: { mlflow: { ...exported, secretAccessKey: { ...mark, plaintext: '"deep"' } } },
                    },
                ],
            },
        };
        assert.deepEqual(keysInState(state, "one"), [
            { generation: 7, active: true, accessKeyId: "AKIA7", secretAccessKey: "hidden" },
        ]);
        assert.deepEqual(outputsInState(state), { mlflow: { ...exported, secretAccessKey: "deep" } });
        // Not decrypted, it is no key of anybody.
        (state.deployment.resources[2].outputs as { mlflow: object }).mlflow = {
            ...exported,
            secretAccessKey: { ...mark, ciphertext: "x" },
        };
        assert.equal(outputsInState(state).mlflow!.secretAccessKey, "[secret]");
    });
});

describe("the settings of a service's keys", () => {
    const file = (text: string) => parseDocument(`# the stack\nconfig:\n  aws:region: us-east-1 # where\n${text}`);

    it("are written where they belong, and everything else stays", () => {
        const document = file("  platform:rl-studio:\n    noncurrentVersionDays: 7 # a week\n");
        putKeySettings(document, ["config", "platform:rl-studio"], ["accessKeys"], settings.published);
        assert.equal(
            document.toString(),
            [
                "# the stack",
                "config:",
                "  aws:region: us-east-1 # where",
                "  platform:rl-studio:",
                "    noncurrentVersionDays: 7 # a week",
                "    accessKeys:",
                "      revision: 3",
                "      generations: [ 1, 2 ]",
                "      published: 2",
                "      retiring:",
                "        generation: 1",
                "        inactive: false",
                `      since: "${since}"`,
                "",
            ].join("\n"),
        );
        assert.deepEqual(keySettingsIn(document, ["config", "platform:rl-studio"], ["accessKeys"]), settings.published);
    });

    for (const section of [
        "",
        "  platform:clinical-ai:\n",
        "  platform:clinical-ai:\n    identity:\n      mode: static\n",
        `  platform:clinical-ai: '{"identity":{"mode":"static"}}'\n`,
    ]) {
        it(`are written into ${JSON.stringify(section)} so that the stack's settings take them`, () => {
            const document = file(section);
            putKeySettings(document, ["config", "platform:clinical-ai"], ["identity", "accessKeys"], settings.created);
            const { config } = document.toJS() as { config: Record<string, unknown> };
            const parsed = parseSettings({
                environment: "dev",
                region: "us-east-1",
                allowedAccountIds: ["111111111111"],
                services: ["clinical-ai"],
                "clinical-ai": config["platform:clinical-ai"],
            });
            assert.deepEqual(keySettings(parsed, "clinical-ai", ["identity", "accessKeys"]), settings.created);
        });
    }

    it("are none in a mode without static keys", () => {
        const parsed = parseSettings({
            environment: "dev",
            region: "us-east-1",
            allowedAccountIds: ["111111111111"],
            services: ["clinical-ai"],
            "clinical-ai": { identity: { mode: "podIdentity", clusterName: "main" } },
        });
        assert.equal(keySettings(parsed, "clinical-ai", ["identity", "accessKeys"]), undefined);
    });
});

describe("the time that is left of a wait", () => {
    it("is said as people say it", () => {
        const words = [0, 900, 59_001, 61_000, 3_600_000, 86_400_000].map(inTime);
        assert.deepEqual(words, ["0 s", "1 s", "1 min 0 s", "1 min 1 s", "1 h 0 min", "24 h 0 min"]);
    });
});
