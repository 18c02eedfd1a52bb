import { strict as assert } from "node:assert";
import { bucketArnFault, prefixFault } from "../../components/bucket-access";
import { identityNameFault, policyNameFault } from "../../components/naming";
import { policyDocument, type PolicyStatement } from "../../components/policy-document";
import {
    accessKeysFaults,
    type AccessKeySettings,
    formatAccessKeys,
    parseAccessKeys,
    refuseOlder,
    refuseOlderThanTag,
} from "../../components/scoped-identity/access-keys";
import { documentFault, identityPolicy } from "../../components/scoped-identity/policy";

const bucketArn = "arn:aws:s3:::artifacts";

describe("identityPolicy", () => {
    it("a grant on a whole bucket lists and touches objects without a prefix (A2)", () => {
        assert.deepEqual(identityPolicy([{ bucketArn, actions: ["list", "read", "write", "delete"] }]), {
            Version: "2012-10-17",
            Statement: [
                { Sid: "AllowList", Effect: "Allow", Action: ["s3:ListBucket"], Resource: ["arn:aws:s3:::artifacts"] },
                {
                    Sid: "AllowObjectAccess",
                    Effect: "Allow",
                    Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                    Resource: ["arn:aws:s3:::artifacts/*"],
                },
            ],
        });
    });

    it("a grant on a prefix reaches nothing outside of it, by listing neither (D1)", () => {
        const actions = ["multipart", "delete", "tag", "write", "read", "list"] as const;
        assert.deepEqual(identityPolicy([{ bucketArn, prefix: "mlflow-artifacts/", actions }]), {
            Version: "2012-10-17",
            Statement: [
                {
                    Sid: "AllowList",
                    Effect: "Allow",
                    Action: ["s3:ListBucket"],
                    Resource: ["arn:aws:s3:::artifacts"],
                    Condition: { StringLike: { "s3:prefix": ["mlflow-artifacts/*"] } },
                },
                {
                    Sid: "AllowObjectAccess",
                    Effect: "Allow",
                    Action: [
                        "s3:GetObject",
                        "s3:PutObject",
                        "s3:DeleteObject",
                        "s3:PutObjectTagging",
                        "s3:AbortMultipartUpload",
                        "s3:ListMultipartUploadParts",
                    ],
                    Resource: ["arn:aws:s3:::artifacts/mlflow-artifacts/*"],
                },
            ],
        });
    });

    it("a grant that does not list has no statement about the bucket, and one that only lists none about objects", () => {
        const document = identityPolicy([
            { bucketArn, actions: ["read", "read"] },
            { bucketArn: "arn:aws:s3:::other", actions: ["list"] },
        ]);
        assert.deepEqual(document.Statement, [
            {
                Sid: "AllowObjectAccess",
                Effect: "Allow",
                Action: ["s3:GetObject"],
                Resource: ["arn:aws:s3:::artifacts/*"],
            },
            { Sid: "AllowList2", Effect: "Allow", Action: ["s3:ListBucket"], Resource: ["arn:aws:s3:::other"] },
        ]);
    });

    it("other statements stand as they are", () => {
        const statement: PolicyStatement = { Sid: "AllowInvoke", Effect: "Allow", Action: ["bedrock:InvokeModel"] };
        assert.deepEqual(identityPolicy([], [statement]).Statement, [statement]);
    });
});

describe("prefixFault", () => {
    for (const prefix of ["mlflow-artifacts/", "repo-scans/snapshotter/", "a/b/c/", "run=1/"]) {
        it(`"${prefix}" is accepted`, () => assert.equal(prefixFault(prefix), undefined));
    }
    for (const prefix of ["", "/", "/a/", "a", "a//b/", "a*/", "a?/", "${aws:username}/", "a b/", "a/\n"]) {
        it(`${JSON.stringify(prefix)} is refused: the policy would be wider, or mean nothing`, () => {
            const expected = `segments of letters, digits and !_.'()=- that each end with "/", such as "artifacts/2024/"`;
            assert.equal(prefixFault(prefix), expected);
        });
    }
});

describe("bucketArnFault", () => {
    for (const arn of ["arn:aws:s3:::artifacts", "arn:aws-cn:s3:::a.b", "arn:aws-us-gov:s3:::artifacts"]) {
        it(`${arn} is accepted`, () => assert.equal(bucketArnFault(arn), undefined));
    }
    for (const arn of ["*", "arn:aws:s3:::*", "arn:aws:s3:::artifacts/*", "arn:*:s3:::artifacts", "artifacts", ""]) {
        it(`"${arn}" is refused`, () => assert.equal(bucketArnFault(arn), "the ARN of one bucket"));
    }
});

describe("names of identities and policies", () => {
    it("IAM's characters are accepted up to 64 and 128 of them", () => {
        assert.equal(identityNameFault("deployer-ddf_llm+=,.@" + "x".repeat(43)), undefined);
        assert.equal(policyNameFault("deployer-ddf_llm+=,.@" + "x".repeat(107)), undefined);
    });

    it("other characters, no character and too many are refused", () => {
        for (const name of ["", "a b", "a/b", "é", "x".repeat(65), "a\n"]) {
            assert.equal(identityNameFault(name), "1 to 64 letters, digits and +=,.@_-", name);
        }
        for (const name of ["", "a b", "a:b", "x".repeat(129)]) {
            assert.equal(policyNameFault(name), "1 to 128 letters, digits and +=,.@_-", name);
        }
    });
});

describe("documentFault", () => {
    const statement = (fields: Partial<PolicyStatement>): PolicyStatement => ({
        Sid: "One",
        Effect: "Allow",
        Action: "s3:GetObject",
        Resource: "*",
        ...fields,
    });

    it("a document that names its actions and fits is accepted, and so is a wildcard in what is denied", () => {
        const document = policyDocument(statement({}), statement({ Sid: "Two", Effect: "Deny", Action: "s3:*" }));
        assert.equal(documentFault(document, 2048), undefined);
    });

    it("a wildcard in an allowed action is refused", () => {
        for (const Action of ["s3:*", "*", ["s3:GetObject", "s3:Put*"], "s3:?etObject"]) {
            assert.equal(
                documentFault(policyDocument(statement({ Action })), 2048),
                'actions without a wildcard in what is allowed, but "One" has one',
            );
        }
    });

    it("two statements of the same id are refused", () => {
        assert.equal(
            documentFault(policyDocument(statement({}), statement({})), 2048),
            'statements with different ids, but "One" occurs twice',
        );
    });

    it("a document beyond IAM's limit is refused; white space does not count", () => {
        const document = policyDocument(statement({ Resource: "a b" }));
        const characters =
            '{"Version":"2012-10-17","Statement":[{"Sid":"One","Effect":"Allow",' +
            '"Action":"s3:GetObject","Resource":"ab"}]}';
        assert.equal(documentFault(document, characters.length), undefined);
        assert.equal(
            documentFault(document, characters.length - 1),
            `at most ${characters.length - 1} characters, IAM's limit for inline policies, but it has ${characters.length}`,
        );
    });
});

describe("accessKeysFaults", () => {
    it("one or two ascending generations of which one is published are accepted", () => {
        assert.deepEqual(accessKeysFaults({ revision: 1, generations: [1], published: 1 }), []);
        assert.deepEqual(accessKeysFaults({ revision: 9, generations: [7, 9], published: 7 }), []);
    });

    for (const generations of [[], [1, 2, 3], [2, 1], [1, 1], [0], [-1], [1.5], [NaN], [2 ** 53]]) {
        it(`generations ${JSON.stringify(generations)} are refused`, () => {
            assert.deepEqual(accessKeysFaults({ revision: 1, generations, published: generations[0] ?? 1 }), [
                {
                    property: "generations",
                    got: generations,
                    expected: "one or two different whole numbers from 1, ascending (IAM allows a user two keys)",
                },
            ]);
        });
    }

    for (const revision of [0, -1, 1.5, NaN, 2 ** 53]) {
        it(`revision ${revision} is refused`, () => {
            assert.deepEqual(accessKeysFaults({ revision, generations: [1], published: 1 }), [
                { property: "revision", got: revision, expected: "a whole number from 1" },
            ]);
        });
    }

    it("a published generation that does not exist is refused", () => {
        assert.deepEqual(accessKeysFaults({ revision: 1, generations: [1, 2], published: 3 }), [
            { property: "published", got: 3, expected: "one of 1, 2" },
        ]);
    });
});

describe("the tag of access keys", () => {
    it("holds one or two generations in characters that IAM allows", () => {
        const tag = formatAccessKeys({ revision: 3, generations: [1, 2], published: 2 });
        assert.equal(tag, "revision=3 generations=1+2 published=2");
        assert.match(tag, /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u);
        assert.equal(
            formatAccessKeys({ revision: 7, generations: [3], published: 3 }),
            "revision=7 generations=3 published=3",
        );
    });

    it("is read back, and nothing else is", () => {
        assert.deepEqual(parseAccessKeys("revision=3 generations=1+2 published=2"), {
            revision: 3,
            generations: [1, 2],
            published: 2,
        });
        assert.deepEqual(parseAccessKeys("revision=7 generations=3 published=3"), {
            revision: 7,
            generations: [3],
            published: 3,
        });
        for (const tag of [
            "",
            "generations=1 published=1",
            "revision=0 generations=1 published=1",
            "revision=1 generations=1",
            "revision=1 generations=1+2+3 published=1",
            "revision=1 generations=2+1 published=1",
            "revision=1 generations=1 published=2",
            "revision=1 generations=1 published=1 ",
        ]) {
            assert.equal(parseAccessKeys(tag), undefined, tag);
        }
    });
});

const keys = (revision: number, published: number, ...generations: number[]): AccessKeySettings => ({
    revision,
    generations,
    published,
});

describe("refuseOlder", () => {
    const chains: [string, AccessKeySettings[]][] = [
        ["a rotation", [keys(1, 1, 1), keys(2, 1, 1, 2), keys(3, 2, 1, 2), keys(4, 2, 2), keys(5, 2, 2, 3)]],
        ["the way back", [keys(3, 2, 1, 2), keys(4, 1, 1, 2), keys(5, 1, 1), keys(6, 1, 1, 2)]],
    ];
    for (const [title, chain] of chains) {
        for (const [index, next] of chain.entries()) {
            const last = chain[Math.max(index - 1, 0)];
            it(`${title}: ${formatAccessKeys(last)} → ${formatAccessKeys(next)}`, () => {
                assert.equal(refuseOlder(last, next), undefined);
                if (index > 0) assert.match(refuseOlder(next, last)!, /is older than/);
            });
        }
    }

    it("a revision may be left out where two keys are enough", () => {
        assert.equal(refuseOlder(keys(1, 1, 1), keys(9, 2, 1, 2)), undefined);
        assert.equal(refuseOlder(keys(1, 1, 1), keys(2, 2, 2)), undefined);
    });

    it("a lower revision is older, whatever it says", () => {
        assert.equal(
            refuseOlder(keys(3, 2, 1, 2), keys(1, 1, 1)),
            "accessKeys of revision 1 is older than revision 3, which was applied last " +
                "(generations 1 and 2, published 2)",
        );
        assert.match(refuseOlder(keys(3, 2, 1, 2), keys(2, 2, 1, 2))!, /is older than/);
    });

    it("a change needs a revision of its own", () => {
        for (const next of [keys(3, 1, 1, 2), keys(3, 2, 2), keys(3, 2, 2, 3)]) {
            assert.equal(
                refuseOlder(keys(3, 2, 1, 2), next),
                "accessKeys changed, expected a revision above 3",
                formatAccessKeys(next),
            );
        }
    });

    const steps: [AccessKeySettings, AccessKeySettings, string][] = [
        [keys(3, 2, 1, 2), keys(4, 2, 2, 3), "2 alone"],
        [keys(3, 2, 1, 2), keys(4, 1, 1, 3), "1 alone"],
        [keys(3, 2, 1, 2), keys(4, 3, 3), "2 alone"],
        [keys(3, 1, 1, 2), keys(4, 4, 3, 4), "1 alone"],
        [keys(3, 1, 1), keys(4, 2, 2, 3), "1 and 2"],
        [keys(3, 5, 5), keys(4, 4, 3, 4), "4 and 5"],
    ];
    for (const [last, next, step] of steps) {
        it(`${formatAccessKeys(last)} → ${formatAccessKeys(next)} would need three keys at a time`, () => {
            const sentence = refuseOlder(last, next)!;
            const end = `expected one step at a time: IAM allows a user two keys, so apply generations ${step} first`;
            assert.equal(sentence.endsWith(end), true, sentence);
        });
    }

    it("both settings are named where a step is missing", () => {
        assert.equal(
            refuseOlder(keys(3, 2, 1, 2), keys(4, 2, 2, 3)),
            "accessKeys has generations 2 and 3, published 2 after generations 1 and 2, published 2, " +
                "expected one step at a time: IAM allows a user two keys, so apply generations 2 alone first",
        );
    });
});

describe("refuseOlderThanTag", () => {
    const next = keys(1, 1, 1);

    it("a user without the tag takes any settings, and settings can be removed", () => {
        assert.equal(refuseOlderThanTag(undefined, next), undefined);
        assert.equal(refuseOlderThanTag("revision=2 generations=2 published=2", undefined), undefined);
    });

    it("older settings are refused", () => {
        assert.match(refuseOlderThanTag("revision=2 generations=2 published=2", next)!, /is older than/);
    });

    it("a tag that cannot be read is refused rather than overwritten", () => {
        assert.equal(
            refuseOlderThanTag("two", next),
            'tag platform:access-keys is "two", expected the settings that were applied last, such as ' +
                '"revision=1 generations=1 published=1": put the tag right, then refresh',
        );
        assert.match(refuseOlderThanTag(7, next)!, /^tag platform:access-keys is 7/);
    });
});
