import assert from "node:assert/strict";

import { decide } from "../../ops/access/decide";
import { NotModelled } from "../../ops/access/not-modelled";
import { type AccessRequest, type Identity, type NamedPolicy, type World } from "../../ops/access/world";
import { type Statement } from "../../services/grants";

const account = "111122223333";
const other = "444455556666";
const user = `arn:aws:iam::${account}:user/reader`;
const role = `arn:aws:iam::${account}:role/worker`;
const stranger = `arn:aws:iam::${other}:user/stranger`;
const topic = `arn:aws:sns:us-east-1:${account}:alerts`;
const key = `arn:aws:kms:us-east-1:${account}:key/1`;

const policy = (name: string, ...Statement: Statement[]): NamedPolicy => ({ name, document: { Statement } });
const allow = (rest: Partial<Statement> = {}): Statement => ({ Effect: "Allow", Action: "*", Resource: "*", ...rest });
const deny = (rest: Partial<Statement> = {}): Statement => ({ ...allow(rest), Effect: "Deny" });
const own = (...statements: Statement[]) => policy("own", ...statements);

interface Parts {
    readonly own?: readonly Statement[];
    readonly strangers?: readonly Statement[];
    readonly boundary?: readonly Statement[];
    readonly trust?: readonly Statement[];
    /** By ARN; that of a bucket is the account's. */
    readonly resources?: Readonly<Record<string, readonly Statement[]>>;
}

function world(parts: Parts): World {
    const identity = (arn: string, kind: Identity["kind"], statements: readonly Statement[] = []): Identity => ({
        arn,
        kind,
        policies: [own(...statements)],
        ...(parts.boundary ? { boundary: policy("boundary", ...parts.boundary) } : {}),
        ...(kind === "role" && parts.trust ? { trust: policy("trust", ...parts.trust) } : {}),
    });
    return {
        identities: [
            identity(user, "user", parts.own),
            identity(role, "role", parts.own),
            identity(stranger, "user", parts.strangers),
        ],
        resources: Object.entries(parts.resources ?? {}).map(([arn, statements]) => ({
            arn,
            account,
            policy: policy("resource", ...statements),
        })),
    };
}

type Asked = Partial<AccessRequest>;

const asked = (rest: Asked): AccessRequest => ({ principal: user, action: "sns:Publish", resource: topic, ...rest });
const decideFor = (parts: Parts, rest: Asked = {}) => decide(world(parts), asked(rest));

/** Each line of AWS's documentation that the evaluator follows, as a case: what is there, what is asked, the answer. */
const rules: readonly [rule: string, parts: Parts, rest: Asked, allowed: boolean][] = [
    ["what nothing allows is denied", {}, {}, false],
    ["an allow of an identity suffices in its account", { own: [allow()] }, {}, true],
    ["an allow of a resource suffices there, too", grants({ AWS: user }), {}, true],
    ["one that names another identity does not", grants({ AWS: role }), {}, false],
    ["one that names the account leaves it to the identity", grants({ AWS: account }), {}, false],
    [
        "and the identity's allow then does",
        { ...grants({ AWS: `arn:aws:iam::${account}:root` }), own: [allow()] },
        {},
        true,
    ],
    ["a deny of the identity wins", { ...grants({ AWS: user }), own: [allow(), deny()] }, {}, false],
    ["a deny of the resource wins", { own: [allow()], resources: { [topic]: [deny({ Principal: "*" })] } }, {}, false],
    [
        "as one that names the account",
        { own: [allow()], resources: { [topic]: [deny({ Principal: { AWS: account } })] } },
        {},
        false,
    ],
    ["a deny of the boundary wins", { own: [allow()], boundary: [allow(), deny()] }, {}, false],
    ["a boundary allows nothing by itself", { boundary: [allow()] }, {}, false],
    ["and bounds what is allowed", { own: [allow()], boundary: [allow({ Action: "s3:*" })] }, {}, false],
    ["to what both allow", { own: [allow()], boundary: [allow({ Action: "sns:*" })] }, {}, true],
    [
        "so do policies of a session",
        { own: [allow()] },
        { session: [policy("session", allow({ Action: "s3:*" }))] },
        false,
    ],
    ["which lets through what it allows, too", { own: [allow()] }, { session: [policy("session", allow())] }, true],
    ["and allows nothing by itself", {}, { session: [policy("session", allow())] }, false],
    [
        "another account's identity needs both: it has its own alone",
        { strangers: [allow()] },
        { principal: stranger },
        false,
    ],
    ["the resource's alone", grants({ AWS: stranger }), { principal: stranger }, false],
    ["both", { ...grants({ AWS: stranger }), strangers: [allow()] }, { principal: stranger }, true],
    [
        "its account is enough of a name",
        { ...grants({ AWS: other }), strangers: [allow()] },
        { principal: stranger },
        true,
    ],
    [
        "a bucket is its owner's, though its ARN has no account",
        { strangers: [allow()], resources: { "arn:aws:s3:::b": [] } },
        { principal: stranger, action: "s3:GetObject", resource: "arn:aws:s3:::b/key" },
        false,
    ],
    [
        "what AWS has for every account takes the identity's allow",
        { own: [allow()] },
        { action: "iam:GetPolicy", resource: "arn:aws:iam::aws:policy/ReadOnlyAccess" },
        true,
    ],
    ["anonymous needs the resource's policy", { own: [allow()] }, { principal: "anonymous" }, false],
    ["and that names anyone", grants("*"), { principal: "anonymous" }, true],
    ["in both ways to write it", grants({ AWS: "*" }), { principal: "anonymous" }, true],
    ["an account's name is not anonymous", grants({ AWS: account }), { principal: "anonymous" }, false],
    [
        "a service needs the resource's policy",
        grants({ Service: "budgets.amazonaws.com" }),
        { principal: "budgets.amazonaws.com" },
        true,
    ],
    [
        "that names it and no other",
        grants({ Service: "budgets.amazonaws.com" }),
        { principal: "events.amazonaws.com" },
        false,
    ],
    [
        "a bucket's policy holds for its objects",
        { resources: { "arn:aws:s3:::b": [allow({ Principal: "*" })] } },
        { principal: "anonymous", action: "s3:GetObject", resource: "arn:aws:s3:::b/a/key" },
        true,
    ],
    [
        "and not for those of one whose name begins alike",
        { resources: { "arn:aws:s3:::b": [allow({ Principal: "*" })] } },
        { principal: "anonymous", action: "s3:GetObject", resource: "arn:aws:s3:::b-2/key" },
        false,
    ],
    ["to assume a role takes its trust", { own: [allow()] }, assume(), false],
    ["which suffices if it names the identity", { trust: [trusts({ AWS: user })] }, assume(), true],
    ["and not if it names the account", { trust: [trusts({ AWS: account })] }, assume(), false],
    ["unless the identity may, too", { own: [allow()], trust: [trusts({ AWS: account })] }, assume(), true],
    [
        "a role's trust says nothing of handing it over",
        { trust: [allow({ Principal: "*" })] },
        assume("iam:PassRole"),
        false,
    ],
    ["a key's policy decides over it", { own: [allow()] }, { action: "kms:Decrypt", resource: key }, false],
    [
        "by naming the identity",
        { resources: { [key]: [allow({ Principal: { AWS: user } })] } },
        { action: "kms:Decrypt", resource: key },
        true,
    ],
    [
        "or the account, and then the identity's",
        { own: [allow()], resources: { [key]: [allow({ Principal: { AWS: account } })] } },
        { action: "kms:Decrypt", resource: key },
        true,
    ],
    [
        "which alone is too little",
        { resources: { [key]: [allow({ Principal: { AWS: account } })] } },
        { action: "kms:Decrypt", resource: key },
        false,
    ],
    ["actions are compared without case", { own: [allow({ Action: "SNS:pub*" })] }, {}, true],
    ["a wildcard in an action is any text", { own: [allow({ Action: "s*:P?blish" })] }, {}, true],
    ["and no more than what it stands for", { own: [allow({ Action: "sns:Publis" })] }, {}, false],
    ["resources are compared with case", { own: [allow({ Resource: topic.replace("alerts", "Alerts") })] }, {}, false],
    [
        "a wildcard in a resource reaches beyond a colon",
        { own: [allow({ Resource: "arn:aws:sns:*:alerts" })] },
        {},
        true,
    ],
    [
        "what an action without a resource level asks for is *",
        { own: [allow({ Resource: "arn:aws:sns:*" })] },
        { resource: "*" },
        false,
    ],
];

function grants(Principal: Statement["Principal"]): Parts {
    return { resources: { [topic]: [allow({ Principal })] } };
}

function trusts(Principal: Statement["Principal"]): Statement {
    return { Effect: "Allow", Principal, Action: "sts:AssumeRole" };
}

function assume(action = "sts:AssumeRole"): Asked {
    return { action, resource: role };
}

/** Conditions: the operator with its keys, the context of the request, whether it is met. */
const conditions: readonly [NonNullable<Statement["Condition"]>, NonNullable<AccessRequest["context"]>, boolean][] = [
    [{ StringEquals: { "a:k": "x" } }, { "A:K": "x" }, true],
    [{ StringEquals: { "a:k": "x" } }, { "a:k": "X" }, false],
    [{ StringEquals: { "a:k": ["x", "y"] } }, { "a:k": "y" }, true],
    [{ StringEquals: { "a:k": "x*" } }, { "a:k": "xy" }, false],
    [{ StringEquals: { "a:k": "x" } }, {}, false],
    [{ StringEqualsIfExists: { "a:k": "x" } }, {}, true],
    [{ StringEqualsIfExists: { "a:k": "x" } }, { "a:k": "y" }, false],
    [{ StringEquals: { "a:k": "x", "a:l": "y" } }, { "a:k": "x", "a:l": "z" }, false],
    [{ StringEquals: { "a:k": "x" }, Bool: { "a:l": "true" } }, { "a:k": "x" }, false],
    [{ StringNotEquals: { "a:k": ["x", "y"] } }, { "a:k": "y" }, false],
    [{ StringNotEquals: { "a:k": ["x", "y"] } }, { "a:k": "z" }, true],
    [{ StringNotEquals: { "a:k": "x" } }, {}, true],
    [{ StringLike: { "a:k": "a/*" } }, { "a:k": "a/" }, true],
    [{ StringLike: { "a:k": "a/*" } }, { "a:k": "a" }, false],
    [{ StringLike: { "a:k": "a.?" } }, { "a:k": "abc" }, false],
    [{ StringNotLike: { "a:k": "a*" } }, { "a:k": "ab" }, false],
    [{ ArnLike: { "a:k": "arn:aws:ecs:us-east-1:1:*" } }, { "a:k": "arn:aws:ecs:us-east-1:1:task/a:1" }, true],
    [{ ArnLike: { "a:k": "arn:aws:ecs:*:1:task/a" } }, { "a:k": "arn:aws:ecs:us-east-1:2:1:task/a" }, false],
    [{ ArnEquals: { "a:k": "arn:aws:iam::1:policy/*" } }, { "a:k": "arn:aws:iam::1:policy/a" }, true],
    [{ ArnNotEquals: { "a:k": "arn:aws:iam::1:policy/a" } }, { "a:k": "arn:aws:iam::1:policy/a" }, false],
    [{ Bool: { "a:k": "false" } }, { "a:k": "False" }, true],
    [{ Bool: { "a:k": "false" } }, {}, false],
    [{ Null: { "a:k": "true" } }, {}, true],
    [{ Null: { "a:k": "true" } }, { "a:k": "" }, false],
    [{ Null: { "a:k": "false" } }, {}, false],
    [{ NumericLessThan: { "a:k": "1.2" } }, { "a:k": "1.1" }, true],
    [{ NumericLessThan: { "a:k": "1.2" } }, { "a:k": "1.2" }, false],
    [{ NumericLessThan: { "a:k": "1.2" } }, {}, false],
    [{ "ForAnyValue:StringEquals": { "a:k": "x" } }, { "a:k": ["x", "z"] }, true],
    [{ "ForAnyValue:StringEquals": { "a:k": "x" } }, { "a:k": [] }, false],
    [{ "ForAllValues:StringEquals": { "a:k": "x" } }, { "a:k": ["x", "z"] }, false],
    [{ "ForAllValues:StringEquals": { "a:k": ["x", "z"] } }, { "a:k": ["x", "z"] }, true],
    [{ "ForAllValues:StringEquals": { "a:k": "x" } }, {}, true],
];

describe("a decision", () => {
    for (const [rule, parts, rest, allowed] of rules) {
        it(`${rule}: ${allowed ? "allowed" : "denied"}`, () => {
            assert.equal(decideFor(parts, rest).allowed, allowed);
        });
    }

    for (const [condition, context, met] of conditions) {
        it(`takes ${JSON.stringify(condition)} for ${met ? "met" : "not met"} by ${JSON.stringify(context)}`, () => {
            assert.equal(decideFor({ own: [allow({ Condition: condition })] }, { context }).allowed, met);
        });
    }

    it("names the statement that decides, and what a refused request lacks", () => {
        const denied = decideFor({ own: [allow(), deny({ Sid: "NoTopics", Resource: topic })] });
        assert.deepEqual(denied.by, { policy: "own", statement: 2, sid: "NoTopics", effect: "Deny" });
        assert.equal(denied.why, "statement 2 (NoTopics) of own denies it");
        assert.equal(decideFor({ own: [allow()] }).why, "statement 1 of own allows it");
        assert.deepEqual(decideFor({}), { allowed: false, why: "no statement allows it" });
        assert.match(
            decideFor({ own: [allow({ Resource: `${topic}-2` })] }).why,
            /allows it, but not on this resource/,
        );
        assert.match(
            decideFor({ own: [allow({ Condition: { Null: { "a:k": "false" } } })] }).why,
            /under a condition that is not met/,
        );
        assert.match(decideFor({ own: [allow()], boundary: [] }).why, /but boundary bounds that/);
        assert.match(decideFor({ own: [allow()] }, assume()).why, /the resource's own policy has to as well/);
    });

    it("asks for an identity of its world: another one is a caller's mistake, and nothing that is not modelled", () => {
        assert.throws(
            () => decideFor({}, { principal: `${user}-2` }),
            (error: unknown) => !(error instanceof NotModelled) && /no identity/.test((error as Error).message),
        );
    });

    for (const [what, parts, rest, message] of [
        ["NotPrincipal", { resources: { [topic]: [{ ...deny(), NotPrincipal: { AWS: user } }] } }, {}, /NotPrincipal/],
        ["NotAction", { own: [{ Effect: "Allow", NotAction: "s3:*", Resource: "*" }] }, {}, /NotAction/],
        ["NotResource", { own: [{ Effect: "Allow", Action: "s3:*", NotResource: "*" }] }, {}, /NotResource/],
        ["an operator", { own: [allow({ Condition: { DateLessThan: { "a:k": "2026" } } })] }, {}, /DateLessThan/],
        ["a variable", { own: [allow({ Resource: "arn:aws:s3:::b/${aws:username}" })] }, {}, /variables/],
        [
            "a pattern that is no ARN",
            { own: [allow({ Condition: { ArnLike: { "a:k": "arn:aws:ecs:*:task/a" } } })] },
            {},
            /no ARN/,
        ],
        ["a pattern of principals", grants({ AWS: `arn:aws:iam::${account}:user/*` }), {}, /principal AWS/],
        ["a canonical user", grants({ CanonicalUser: "abc" }), {}, /CanonicalUser/],
        ["a resource's policy without principals", { resources: { [topic]: [allow()] } }, {}, /names no principal/],
        ["a boundary on what a resource grants", { ...grants({ AWS: user }), boundary: [] }, {}, /not modelled/],
        [
            "several values where one is compared",
            { own: [allow({ Condition: { StringEquals: { "a:k": "x" } } })] },
            { context: { "a:k": ["x", "y"] } },
            /several values/,
        ],
        [
            "a number that is none",
            { own: [allow({ Condition: { NumericLessThan: { "a:k": "1.2" } } })] },
            { context: { "a:k": "TLSv1" } },
            /no number/,
        ],
    ] as [string, Parts, Asked, RegExp][]) {
        it(`is refused rather than guessed: ${what}`, () => {
            assert.throws(
                () => decideFor(parts, rest),
                (error: unknown) => error instanceof NotModelled && message.test(error.message),
            );
        });
    }
});
