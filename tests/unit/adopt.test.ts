import assert from "node:assert/strict";

import { type S3Client } from "@aws-sdk/client-s3";

import { lifecycleRules } from "../../components/secure-bucket/policy";
import { compareParts, engineChanges } from "../../ops/adopt/compare";
import {
    accessItems,
    creations,
    type Declared,
    declaredItems,
    declaredTargets,
    destructive,
    type Item,
    parsePreview,
    type Part,
    ruleItems,
    statementItems,
    type Step,
    tagItems,
} from "../../ops/adopt/declared";
import { countExpiring, ExpiryCount, expiryDays, total, type Version, versionsOf } from "../../ops/adopt/expiry";
import { type Finding } from "../../ops/adopt/find";
import { findingRefusals, lossRefusals, previewRefusals } from "../../ops/adopt/report";
import { adoptSettings, isSame } from "../../ops/adopt/settings";

const target = { kind: "bucket", setting: "bucket", name: "rollouts" } as const;

/** What an update would change of one part, as `[setting, from, to, losesData]`. */
function changes(part: Part, found: readonly Item[] | undefined, declared: readonly Item[]) {
    const parts = new Map(found ? [[part, found]] : []);
    return compareParts(target, parts, new Map([[part, declared]]), [part]).map(({ setting, from, to, losesData }) => [
        setting,
        from,
        to,
        losesData,
    ]);
}

describe("what an update would overwrite", () => {
    it("is nothing where everything is as declared", () => {
        const items = declaredItems("bucket", "versioning", { versioningConfiguration: { status: "Enabled" } });
        assert.deepEqual(changes("versioning", items, items), []);
    });

    it("of versioning, encryption, ownership and public access is each setting, and no data is lost", () => {
        const enabled = declaredItems("bucket", "versioning", { versioningConfiguration: { status: "Enabled" } });
        assert.deepEqual(changes("versioning", [{ name: "status", value: "Suspended" }], enabled), [
            ["status", "Suspended", "Enabled", false],
        ]);
        const aes = declaredItems("bucket", "encryption", {
            rules: [{ __defaults: [], applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
        });
        assert.deepEqual(changes("encryption", [{ name: "algorithm", value: "aws:kms with key k" }], aes), [
            ["algorithm", "aws:kms with key k", "AES256", false],
        ]);
        const blocks = declaredItems("bucket", "publicAccessBlock", {
            blockPublicAcls: true,
            blockPublicPolicy: true,
            ignorePublicAcls: true,
            restrictPublicBuckets: true,
        });
        assert.deepEqual(changes("publicAccessBlock", accessItems({ BlockPublicAcls: true }), blocks), [
            ["IgnorePublicAcls", "off", "on", false],
            ["BlockPublicPolicy", "off", "on", false],
            ["RestrictPublicBuckets", "off", "on", false],
        ]);
    });

    it("of tags is each tag by its key, and no data is lost", () =>
        assert.deepEqual(
            changes("bucket", tagItems({ team: "rl", env: "old" }), tagItems({ env: "dev", other: "rl" })),
            [
                ["tag team", "rl", null, false],
                ["tag env", "old", "dev", false],
                ["tag other", null, "rl", false],
            ],
        ));

    const declaredRules = declaredItems("bucket", "lifecycle", {
        __defaults: [],
        rules: lifecycleRules({ expireAfterDays: 365, noncurrentVersionDays: 30 }).map((rule) => ({
            __defaults: [],
            ...rule,
        })),
    });

    it("of a lifecycle is each rule that goes or changes: data is lost; of one that comes none is", () =>
        assert.deepEqual(
            changes(
                "lifecycle",
                ruleItems([
                    { ID: "old", Status: "Enabled", Filter: { Prefix: "tmp/" }, Expiration: { Days: 9 } },
                    { ID: "expire", Status: "Enabled", Filter: { Prefix: "" }, Expiration: { Days: 900 } },
                ]),
                declaredRules,
            ),
            [
                ["rule old", '{"Prefix":"tmp/"}: expire after 9 days', null, true],
                [
                    "rule expire",
                    "all objects: expire after 900 days",
                    "all objects: abort uploads after 7 days, expire after 365 days, noncurrent versions after 30 days",
                    true,
                ],
                ["rule remove-expired-delete-markers", null, "all objects: remove expired delete markers", false],
            ],
        ));

    it("of a lifecycle that says the same under other names and in another order is nothing", () =>
        assert.deepEqual(
            changes(
                "lifecycle",
                ruleItems([
                    { ID: "b", Status: "Enabled", Filter: {}, Expiration: { ExpiredObjectDeleteMarker: true } },
                    {
                        ID: "a",
                        Status: "Enabled",
                        Filter: { Prefix: "" },
                        Expiration: { Days: 365 },
                        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
                        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
                    },
                ]),
                declaredRules,
            ),
            [],
        ));

    it("of a policy is each statement that goes, whatever its order and names", () => {
        const deny = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: ["a", "b"] };
        const document = (...Statement: object[]) => statementItems(JSON.stringify({ Statement }));
        assert.deepEqual(
            changes(
                "policy",
                document(
                    { Sid: "Partner", Effect: "Allow", Principal: { AWS: "x" }, Action: "s3:GetObject", Resource: "a" },
                    { ...deny, Resource: ["b", "a"], Sid: "Old" },
                ),
                document({ ...deny, Sid: "New" }),
            ),
            [["statement Partner", "Allow s3:GetObject on a to AWS x", null, true]],
        );
    });

    it("of a policy of one statement that is no list is read too", () =>
        assert.deepEqual(
            statementItems(JSON.stringify({ Statement: { Effect: "Allow", Action: "a:b", Resource: "*" } })),
            [{ name: "statement 1", value: "Allow a:b on *" }],
        ));

    it("of a part that does not exist is what comes", () =>
        assert.deepEqual(changes("versioning", undefined, [{ name: "status", value: "Enabled" }]), [
            ["status", null, "Enabled", false],
        ]));
});

describe("what a lifecycle would remove now", () => {
    const now = new Date("2026-06-15T12:00:00Z");
    const days = { objects: 365, noncurrentVersions: 30, uploads: 7 };
    const version = (key: string, modified: string, other: Partial<Version> = {}): Version => ({
        key,
        latest: true,
        marker: false,
        modified: new Date(modified),
        size: 10,
        ...other,
    });
    const counted = (versions: Version[], uploads: string[] = [], given: object = days) => {
        const count = new ExpiryCount(given, now);
        count.addVersions(versions);
        count.addUploads(uploads.map((time) => new Date(time)));
        return count.result();
    };
    const rows = (versions: Version[]) =>
        counted(versions).map(({ what, count, bytes, of }) => [what, count, bytes, of]);

    it("is what is older than the days, rounded up to the next midnight UTC", () => {
        // 365 days after the first is 15 June, and S3 removes it at the midnight after that: not yet.
        assert.deepEqual(rows([version("a", "2025-06-15T00:00:01Z")])[0], ["objects", 0, 0, 1]);
        assert.deepEqual(rows([version("a", "2025-06-14T23:59:59Z")])[0], ["objects", 1, 10, 1]);
        assert.deepEqual(rows([version("a", "2025-06-14T00:00:00Z")])[0], ["objects", 1, 10, 1]);
    });

    it("counts a noncurrent version from when the next newer one was made, and not from its own age", () => {
        const old = { latest: false, size: 3 };
        assert.deepEqual(
            rows([
                version("a", "2026-06-10T00:00:00Z"),
                version("a", "2020-01-01T00:00:00Z", old),
                version("b", "2026-01-01T00:00:00Z"),
                version("b", "2025-12-31T00:00:00Z", old),
                version("b", "2020-01-01T00:00:00Z", old),
            ]),
            [
                ["objects", 0, 0, 2],
                // Of a's version only the successor's age counts; of b both successors are old.
                ["noncurrent versions", 2, 6, 3],
                ["unfinished uploads", 0, null, 0],
            ],
        );
    });

    it("counts a deleted object from its marker, and no marker", () => {
        const deleted = (marker: string) => [
            version("a", marker, { marker: true, size: 0 }),
            version("a", "2020-01-01T00:00:00Z", { latest: false }),
        ];
        assert.deepEqual(rows(deleted("2026-06-10T00:00:00Z"))[1], ["noncurrent versions", 0, 0, 1]);
        assert.deepEqual(rows(deleted("2026-05-10T00:00:00Z"))[1], ["noncurrent versions", 1, 10, 1]);
        assert.deepEqual(rows(deleted("2020-06-10T00:00:00Z"))[0], ["objects", 0, 0, 0]);
    });

    it("is counted over the border of two pages", () => {
        const count = new ExpiryCount(days, now);
        count.addVersions([version("a", "2026-06-14T00:00:00Z")]);
        count.addVersions([version("a", "2020-01-01T00:00:00Z", { latest: false })]);
        assert.equal(count.result()[1].count, 0);
    });

    it("has unfinished uploads, whose bytes nobody says", () =>
        assert.deepEqual(counted([], ["2026-06-01T00:00:00Z", "2026-06-14T00:00:00Z"])[2], {
            what: "unfinished uploads",
            afterDays: 7,
            count: 1,
            bytes: null,
            of: 2,
        }));

    it("follows the declared rules; what no rule is about is not counted", () => {
        assert.deepEqual(expiryDays(lifecycleRules({ expireAfterDays: 365, noncurrentVersionDays: 30 })), days);
        assert.deepEqual(
            counted(
                [version("a", "2000-01-01T00:00:00Z")],
                [],
                expiryDays(lifecycleRules({ noncurrentVersionDays: 4 })),
            ),
            [
                { what: "noncurrent versions", afterDays: 4, count: 0, bytes: 0, of: 0 },
                { what: "unfinished uploads", afterDays: 7, count: 0, bytes: null, of: 0 },
            ],
        );
    });

    it("is summed up", () =>
        assert.deepEqual(total(counted([version("a", "2020-01-01T00:00:00Z")], ["2020-01-01T00:00:00Z"])), {
            objects: 2,
            bytes: 10,
        }));

    it("is listed page after page, versions and uploads, until Ctrl-C", async () => {
        const asked: object[] = [];
        const old = new Date("2020-01-01T00:00:00Z");
        const answers = [
            { IsTruncated: true, NextKeyMarker: "a", NextVersionIdMarker: "1", Versions: [entry("a", old)] },
            { IsTruncated: false, Versions: [entry("b", old)] },
            { IsTruncated: true, NextKeyMarker: "u", NextUploadIdMarker: "2", Uploads: [{ Initiated: old }] },
            { IsTruncated: false, Uploads: [{ Initiated: old }] },
        ];
        const s3 = {
            send: ({ input }: { input: object }) => {
                asked.push(input);
                return Promise.resolve(answers.shift());
            },
        } as unknown as S3Client;
        const bucket = { name: "rollouts", accountId: "111111111111" };
        const result = await countExpiring(s3, bucket, days, new AbortController().signal, now);
        assert.deepEqual(
            result.map(({ count, of }) => [count, of]),
            [
                [2, 2],
                [0, 0],
                [2, 2],
            ],
        );
        const common = { Bucket: "rollouts", ExpectedBucketOwner: "111111111111" };
        assert.deepEqual(asked, [
            common,
            { ...common, KeyMarker: "a", VersionIdMarker: "1" },
            common,
            { ...common, KeyMarker: "u", UploadIdMarker: "2" },
        ]);
        await assert.rejects(countExpiring(s3, bucket, days, AbortSignal.abort(), now), { exitCode: 130 });
    });

    const entry = (Key: string, LastModified: Date) => ({ Key, IsLatest: true, LastModified, Size: 1 });

    it("is read from S3's two lists as one: by key in the order of bytes, the newest first", () => {
        const at = (LastModified: Date) => ({ LastModified, Size: 1 });
        const early = new Date("2026-01-01T00:00:00Z");
        const late = new Date("2026-02-01T00:00:00Z");
        const versions = versionsOf({
            $metadata: {},
            Versions: [
                { Key: "b", IsLatest: true, ...at(early) },
                { Key: "ä", IsLatest: true, ...at(early) },
                { Key: "a", IsLatest: false, ...at(early) },
                { Key: "a", IsLatest: false, ...at(late) },
            ],
            DeleteMarkers: [{ Key: "a", IsLatest: true, LastModified: late }],
        });
        assert.deepEqual(
            versions.map(({ key, latest, marker, modified }) => [key, latest, marker, modified]),
            [
                ["a", true, true, late],
                ["a", false, false, late],
                ["a", false, false, early],
                ["b", true, false, early],
                ["ä", true, false, early],
            ],
        );
    });
});

const urn = (name: string) => `urn:pulumi:dev::platform::some:type::${name}`;
const step = (op: string, type: string, name: string, inputs: object): Step => ({
    op,
    urn: urn(name),
    newState: { type, inputs: { ...inputs } },
});
const policy = JSON.stringify({ Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }] });
const steps: Step[] = [
    step("create", "aws:s3/bucket:Bucket", "b", { bucket: "rollouts", tags: { team: "rl" } }),
    step("create", "aws:s3/bucket:Bucket", "o", { bucket: "other-service", tags: {} }),
    step("same", "aws:s3/bucketVersioning:BucketVersioning", "v", {
        bucket: "rollouts",
        versioningConfiguration: { status: "Enabled" },
    }),
    step("update", "aws:iam/user:User", "u", { name: "worker" }),
    step("create", "aws:iam/userPolicy:UserPolicy", "p", { user: "worker", name: "worker-policy", policy }),
    {
        ...step("same", "aws:iam/accessKey:AccessKey", "k", { user: "worker" }),
        oldState: { type: "aws:iam/accessKey:AccessKey", id: "AKIA1" },
    },
    step("create", "aws:iam/accessKey:AccessKey", "k2", { user: "worker" }),
    step("create", "aws:iam/role:Role", "r", { name: "task" }),
    step("create", "aws:iam/role:Role", "r2", { name: "task-of-another" }),
    step("same", "aws:iam/group:Group", "g", { name: "agents" }),
];
const resources = [
    { kind: "bucket", name: "rollouts", adopt: "bucket" },
    { kind: "user", name: "worker", adopt: "user" },
] as const;

describe("what a service declares", () => {
    const targets = declaredTargets({ steps, errors: [] }, resources);

    it("is found in the preview by its names, with what the stack has and what it has not", () =>
        assert.deepEqual(
            targets.map(({ name, managed, missing, keys }) => [name, managed, [...missing.keys()], keys]),
            [
                ["rollouts", ["versioning"], ["bucket"], { ids: [], count: 0 }],
                ["worker", ["user"], ["policy"], { ids: ["AKIA1"], count: 2 }],
            ],
        ));

    it("has its settings in words", () =>
        assert.deepEqual(targets[0].parts.get("bucket"), [{ name: "tag team", value: "rl" }]));

    it("and cannot be adopted is found by its name, where an update would create it", () =>
        assert.deepEqual(creations({ steps, errors: [] }, ["task", "agents"]), [
            { type: "aws:iam/role:Role", name: "task" },
        ]));
});

const declared: Declared = {
    ...target,
    parts: new Map<Part, Item[]>([
        ["bucket", []],
        ["versioning", []],
        ["lifecycle", []],
        ["policy", []],
    ]),
    missing: new Map<Part, { urn: string; inputs: object }>([
        ["bucket", { urn: urn("b"), inputs: {} }],
        ["versioning", { urn: urn("v"), inputs: {} }],
    ]) as Declared["missing"],
    managed: ["lifecycle", "policy"],
    keys: { ids: [], count: 0 },
};
const finding: Finding = { declared, found: new Map<Part, Item[]>([["bucket", []]]) };

describe("the setting adopt", () => {
    it("names what exists, keeps of what it named what is the stack's, and drops what does not exist", () =>
        assert.deepEqual(adoptSettings({ bucket: ["versioning", "policy"], user: ["user"] }, [finding]), {
            bucket: ["bucket", "policy"],
        }));

    it("is the same in another order, and with nothing for a key", () => {
        assert.ok(isSame({ bucket: ["policy", "bucket"], user: [] }, { bucket: ["bucket", "policy"] }));
        assert.ok(!isSame({ bucket: ["policy"] }, { bucket: ["bucket"] }));
    });
});

describe("adoption is refused", () => {
    const user = (keyIds: string[], keys: Declared["keys"], boundaryArn?: string): Finding => ({
        declared: {
            ...declared,
            kind: "user",
            name: "worker",
            keys,
            missing: new Map([["user", { urn: urn("u"), inputs: {} }]]),
        },
        found: new Map(),
        user: { parts: new Map(), keyIds, boundaryArn, otherRights: [], otherPolicies: [] },
    });

    it("where a user's own inline policies leave the stack's no room: IAM counts all, without white space", () => {
        const { declared: target, user: found, ...rest } = user([], { ids: [], count: 1 });
        const own = { urn: urn("p"), inputs: { policy: `{"a": "${"x".repeat(90)}"}` } };
        const refusals = (characters: number, missing: Declared["missing"] = new Map([["policy", own]])) =>
            findingRefusals({
                ...rest,
                declared: { ...target, missing },
                user: { ...found!, otherPolicies: [{ name: "o", document: `${"y".repeat(characters)} \n ` }] },
            });
        assert.deepEqual(refusals(2048 - 98), []);
        const [{ reason, fix }] = refusals(2048 - 97);
        assert.match(reason, /have 2,049 characters in all, and IAM allows a user 2,048/);
        assert.match(fix, /o \(1,951 characters\)/);
        // What the stack has already stays as it is.
        assert.deepEqual(refusals(5000, new Map()), []);
    });

    it("where a user has no room for the stack's key, and only there", () => {
        assert.deepEqual(findingRefusals(user(["A"], { ids: [], count: 1 })), []);
        const [refusal] = findingRefusals(user(["A", "B"], { ids: [], count: 1 }));
        assert.match(refusal.reason, /2 access keys of its own and the stack makes 1; IAM allows a user 2/);
        // A rotation needs both places.
        assert.equal(findingRefusals(user(["A"], { ids: [], count: 2 })).length, 1);
        // The stack's own key is no other's.
        assert.deepEqual(findingRefusals(user(["A", "B"], { ids: ["B"], count: 1 })), []);
    });

    it("where an update would take a user's permissions boundary away", () =>
        assert.match(findingRefusals(user([], { ids: [], count: 1 }, "arn:b"))[0].reason, /bounded by arn:b/));

    it("where the preview deletes or replaces something, wherever in the stack", () => {
        for (const op of [
            "delete",
            "replace",
            "create-replacement",
            "delete-replaced",
            "import-replacement",
            "discard",
        ]) {
            assert.equal(destructive({ steps: [step(op, "t", "x", {})], errors: [] }).length, 1, op);
        }
        for (const op of ["create", "same", "update", "import", "read", "refresh"]) {
            assert.equal(destructive({ steps: [step(op, "t", "x", {})], errors: [] }).length, 0, op);
        }
        const imported = step("import", "t", "b", {});
        assert.deepEqual(previewRefusals({ steps: [imported], errors: [] }, [finding]), []);
        const [refusal] = previewRefusals({ steps: [imported, step("delete", "t", "x", {})], errors: [] }, [finding]);
        assert.deepEqual([refusal.resource, refusal.reason], ["x", "the update would delete it"]);
    });

    it("where the preview fails, or does not import what exists", () => {
        assert.deepEqual(
            previewRefusals({ steps: [], errors: [{ message: "no" }] }, [finding]).map(({ reason }) => reason),
            ["no"],
        );
        assert.match(previewRefusals({ steps: [], errors: [] }, [finding])[0].reason, /does not import it/);
    });

    it("where objects expire, or a rule or statement goes", () => {
        const overwrite = {
            resource: "bucket b",
            part: "policy",
            setting: "statement P",
            from: "x",
            to: null,
        } as const;
        const expiring = { bucket: "b", what: "objects", afterDays: 365, of: 9 } as const;
        assert.deepEqual(lossRefusals([{ ...overwrite, losesData: false }], [{ ...expiring, count: 0, bytes: 0 }]), []);
        assert.deepEqual(
            lossRefusals(
                [{ ...overwrite, losesData: true }],
                [
                    { ...expiring, count: 1200, bytes: 1 },
                    { ...expiring, what: "unfinished uploads", count: 3, bytes: null },
                ],
            ).map(({ reason }) => reason),
            ["the lifecycle would remove 1,203 objects (1 byte) now", "the policy's statement P would be removed"],
        );
    });
});

describe("a preview", () => {
    it("is read with the errors that say something", () => {
        const diagnostics = [
            { severity: "warning", message: "warning: old\n" },
            { severity: "error", urn: urn("b"), message: "error: Preview failed: resource 'x' does not exist\n" },
            { severity: "error", message: "error: preview failed\n" },
        ];
        assert.deepEqual(parsePreview(JSON.stringify({ steps, diagnostics })), {
            steps,
            errors: [{ resource: "b", message: "Preview failed: resource 'x' does not exist" }],
        });
        assert.deepEqual(parsePreview("{}"), { steps: [], errors: [] });
        assert.equal(parsePreview("error: no stack"), undefined);
    });

    it("tells of changes that the comparison does not know", () => {
        const update: Step = {
            ...step("update", "t", "b", { forceDestroy: false }),
            oldState: { type: "t", inputs: {} },
            detailedDiff: { forceDestroy: {} },
        };
        const preview = { steps: [step("import", "t", "b", {}), update], errors: [] };
        assert.deepEqual(
            engineChanges(preview, [finding], []).map(({ setting, from, to }) => [setting, from, to]),
            [["forceDestroy", null, "false"]],
        );
        const known = {
            resource: "bucket rollouts",
            part: "bucket",
            setting: "",
            from: "",
            to: "",
            losesData: false,
        } as const;
        assert.deepEqual(engineChanges(preview, [finding], [known]), []);
    });
});
