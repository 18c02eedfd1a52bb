import { strict as assert } from "node:assert";

import {
    bedrockCosts,
    bedrockServices,
    costTagKeyFault,
    tierAlerts,
    tierNotifications,
} from "../../components/bedrock-budget-tier/budgets";
import {
    allowBudgetsToPublish,
    allowShutOff,
    denySpending,
    invokeStatements,
    spendingActions,
    trustBudgets,
} from "../../components/bedrock-budget-tier/policy";
import { rising } from "../../services/llm-models/names";

const scope = { partition: "aws", accountId: "123456789012", region: "us-east-1" };

describe("bedrock-budget-tier: who may call models", () => {
    it("E1: exactly the models, and listing, which has no resource level", () => {
        assert.deepEqual(
            invokeStatements(scope, ["meta.llama3-1-70b-instruct-v1:0", "meta.codellama-34b-instruct-v1:0"]),
            [
                {
                    Sid: "AllowInvokingModels",
                    Effect: "Allow",
                    Action: [
                        "bedrock:InvokeModel",
                        "bedrock:InvokeModelWithResponseStream",
                        "bedrock:GetFoundationModel",
                    ],
                    Resource: [
                        "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-1-70b-instruct-v1:0",
                        "arn:aws:bedrock:us-east-1::foundation-model/meta.codellama-34b-instruct-v1:0",
                    ],
                },
                { Sid: "AllowListingModels", Effect: "Allow", Action: "bedrock:ListFoundationModels", Resource: "*" },
            ],
        );
    });

    it("E1: a profile, and its model in each destination region through that profile only", () => {
        const gov = { partition: "aws-us-gov", accountId: "123456789012", region: "us-gov-west-1" };
        assert.deepEqual(
            invokeStatements(
                gov,
                [],
                [
                    {
                        profileId: "us-gov.meta.llama3-1-70b-instruct-v1:0",
                        modelId: "meta.llama3-1-70b-instruct-v1:0",
                        destinationRegions: ["us-gov-west-1", "us-gov-east-1"],
                    },
                    { profileId: "us-gov.other", modelId: "vendor.other", destinationRegions: ["us-gov-west-1"] },
                ],
            ),
            [
                {
                    Sid: "AllowInvokingProfiles",
                    Effect: "Allow",
                    Action: [
                        "bedrock:InvokeModel",
                        "bedrock:InvokeModelWithResponseStream",
                        "bedrock:GetInferenceProfile",
                    ],
                    Resource: [
                        "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.meta.llama3-1-70b-instruct-v1:0",
                        "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.other",
                    ],
                },
                {
                    Sid: "AllowModelBehindProfile1",
                    Effect: "Allow",
                    Action: ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
                    Resource: [
                        "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/meta.llama3-1-70b-instruct-v1:0",
                        "arn:aws-us-gov:bedrock:us-gov-east-1::foundation-model/meta.llama3-1-70b-instruct-v1:0",
                    ],
                    Condition: {
                        StringEquals: {
                            "bedrock:InferenceProfileArn":
                                "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.meta.llama3-1-70b-instruct-v1:0",
                        },
                    },
                },
                {
                    Sid: "AllowModelBehindProfile2",
                    Effect: "Allow",
                    Action: ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
                    Resource: ["arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/vendor.other"],
                    Condition: {
                        StringEquals: {
                            "bedrock:InferenceProfileArn":
                                "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.other",
                        },
                    },
                },
                {
                    Sid: "AllowReadingModelsBehindProfiles",
                    Effect: "Allow",
                    Action: "bedrock:GetFoundationModel",
                    Resource: [
                        "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/meta.llama3-1-70b-instruct-v1:0",
                        "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/vendor.other",
                    ],
                },
                { Sid: "AllowListingModels", Effect: "Allow", Action: "bedrock:ListFoundationModels", Resource: "*" },
            ],
        );
    });

    for (const geography of ["us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"]) {
        it(`refuses a profile of ${geography} among the models, and says where it belongs`, () => {
            const model = `${geography}.meta.llama3-1-70b-instruct-v1:0`;
            assert.throws(() => invokeStatements(scope, ["meta.one", model]), {
                message: `models[1] is "${model}", expected a model's own id: an inference profile belongs under inferenceProfiles`,
            });
        });
    }

    it("takes a model whose name has dots, and one of a provider whose name has a hyphen", () => {
        assert.doesNotThrow(() => invokeStatements(scope, ["openai.gpt-5.6-terra", "a-b.one", "ai21.jamba-1-5"]));
    });

    const profile = { profileId: "us.model", modelId: "vendor.model", destinationRegions: ["us-east-1"] };
    const patterns: [string, () => unknown, string][] = [
        ["a model", () => invokeStatements(scope, ["meta.*"]), 'models[0] is "meta.*"'],
        [
            "a profile",
            () => invokeStatements(scope, [], [{ ...profile, profileId: "us.?" }]),
            'inferenceProfiles[0].profileId is "us.?"',
        ],
        [
            "the model of a profile",
            () => invokeStatements(scope, [], [profile, { ...profile, modelId: "*" }]),
            'inferenceProfiles[1].modelId is "*"',
        ],
    ];
    for (const [what, call, sentence] of patterns) {
        it(`refuses a pattern for ${what}`, () => {
            assert.throws(call, { message: `${sentence}, expected an exact name without patterns` });
        });
    }
});

describe("bedrock-budget-tier: where a profile routes to", () => {
    const modelId = "vendor.model";
    const statements = (profileId: string, destinationRegions: string[], where = scope) =>
        invokeStatements(where, [], [{ profileId, modelId, destinationRegions }]);

    it("E1: a global profile: the model in the source region, and in any region, through that profile only", () => {
        const profileArn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.vendor.model";
        const Action = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];
        assert.deepEqual(statements("global.vendor.model", []).slice(0, 3), [
            {
                Sid: "AllowInvokingProfiles",
                Effect: "Allow",
                Action: [...Action, "bedrock:GetInferenceProfile"],
                Resource: [profileArn],
            },
            {
                Sid: "AllowModelBehindProfile1",
                Effect: "Allow",
                Action,
                Resource: ["arn:aws:bedrock:us-east-1::foundation-model/vendor.model"],
                Condition: { StringEquals: { "bedrock:InferenceProfileArn": profileArn } },
            },
            {
                Sid: "AllowModelBehindProfile1Anywhere",
                Effect: "Allow",
                Action,
                Resource: "arn:aws:bedrock:::foundation-model/vendor.model",
                Condition: {
                    StringEquals: {
                        "bedrock:InferenceProfileArn": profileArn,
                        "aws:RequestedRegion": "unspecified",
                    },
                },
            },
        ]);
    });

    const gov = { ...scope, partition: "aws-us-gov", region: "us-gov-west-1" };
    const at = "inferenceProfiles[0].destinationRegions is";
    const faults: [string, () => unknown, string][] = [
        [
            "no region for one that is not global",
            () => statements("us.vendor.model", []),
            `${at} [], expected every region that the profile routes to, at least one`,
        ],
        [
            "a region for a global one",
            () => statements("global.vendor.model", ["us-east-1"]),
            `${at} ["us-east-1"], expected no regions: a global profile routes to every commercial region`,
        ],
        [
            "a pattern",
            () => statements("us.vendor.model", ["us-east-1", "*"]),
            `${at} "*", expected an AWS region such as us-east-1`,
        ],
        [
            "a region of another partition",
            () => statements("us.vendor.model", ["us-east-1", "us-gov-west-1"]),
            `${at} "us-gov-west-1", expected a region of the stack's partition, aws`,
        ],
        [
            "a commercial region in GovCloud",
            () => statements("us-gov.vendor.model", ["us-gov-west-1", "us-east-1"], gov),
            `${at} "us-east-1", expected a region of the stack's partition, aws-us-gov`,
        ],
    ];
    for (const [what, call, message] of faults) {
        it(`refuses ${what}`, () => assert.throws(call, { message }));
    }
});

describe("bedrock-budget-tier: the shut-off", () => {
    it("denies every call that E4 names, by actions that exist, each once", () => {
        for (const action of [
            "bedrock:InvokeModel",
            "bedrock:InvokeModelWithResponseStream",
            "bedrock:CreateModelInvocationJob",
            "bedrock:CallWithBearerToken",
            "bedrock:InvokeAgent",
            "bedrock:InvokeFlow",
            "bedrock:RetrieveAndGenerate",
            "bedrock:CreateProvisionedModelThroughput",
            "bedrock:UpdateProvisionedModelThroughput",
            "bedrock:CreateModelCustomizationJob",
            "bedrock:CreateEvaluationJob",
            "bedrock:CreateModelImportJob",
            "bedrock:CreateMarketplaceModelEndpoint",
            "bedrock:InvokeDataAutomationAsync",
            "bedrock-mantle:CreateInference",
        ]) {
            assert.ok(spendingActions.includes(action as never), action);
        }
        assert.equal(new Set(spendingActions).size, spendingActions.length);
        assert.ok(!spendingActions.some((action) => /Converse|\*/.test(action)));
    });

    it("leaves open what ends spending and what only reads", () => {
        assert.deepEqual(
            spendingActions.filter((action) => /:(Delete|Stop|Get|List|Deregister)/.test(action)),
            [],
        );
    });

    it("denies on every resource", () => {
        assert.deepEqual(denySpending(), {
            Version: "2012-10-17",
            Statement: [{ Sid: "DenySpending", Effect: "Deny", Action: spendingActions, Resource: "*" }],
        });
    });

    it("fits into a managed policy", () => {
        assert.ok(JSON.stringify(denySpending()).length <= 6144);
    });

    it("lets its role attach and detach that policy on those principals only", () => {
        const deny = "arn:aws:iam::123456789012:policy/deny";
        assert.deepEqual(allowShutOff(scope, deny, { users: ["one", "two"], roles: ["three"] }), {
            Version: "2012-10-17",
            Statement: [
                {
                    Sid: "AllowShutOffOfUsers",
                    Effect: "Allow",
                    Action: ["iam:AttachUserPolicy", "iam:DetachUserPolicy"],
                    Resource: ["arn:aws:iam::123456789012:user/one", "arn:aws:iam::123456789012:user/two"],
                    Condition: { ArnEquals: { "iam:PolicyARN": deny } },
                },
                {
                    Sid: "AllowShutOffOfRoles",
                    Effect: "Allow",
                    Action: ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
                    Resource: ["arn:aws:iam::123456789012:role/three"],
                    Condition: { ArnEquals: { "iam:PolicyARN": deny } },
                },
            ],
        });
    });

    it("makes no statement without a resource, which IAM refuses", () => {
        const sids = (targets: { users: string[]; roles: string[] }) =>
            allowShutOff(scope, "deny", targets).Statement.map((statement) => statement.Sid);
        assert.deepEqual(sids({ users: ["one"], roles: [] }), ["AllowShutOffOfUsers"]);
        assert.deepEqual(sids({ users: [], roles: ["three"] }), ["AllowShutOffOfRoles"]);
    });

    it("trusts AWS Budgets for this account's budgets only", () => {
        assert.deepEqual(trustBudgets(scope), {
            Version: "2012-10-17",
            Statement: [
                {
                    Sid: "TrustBudgets",
                    Effect: "Allow",
                    Principal: { Service: "budgets.amazonaws.com" },
                    Action: "sts:AssumeRole",
                    Condition: {
                        StringEquals: { "aws:SourceAccount": "123456789012" },
                        ArnLike: { "aws:SourceArn": "arn:aws:budgets::123456789012:budget/*" },
                    },
                },
            ],
        });
    });
});

describe("bedrock-budget-tier: alerts", () => {
    const topic = "arn:aws:sns:us-east-1:123456789012:alerts";

    it("may be published by AWS Budgets for this account's budgets only", () => {
        assert.deepEqual(allowBudgetsToPublish(scope, topic), {
            Version: "2012-10-17",
            Statement: [
                {
                    Sid: "AllowBudgetsToPublish",
                    Effect: "Allow",
                    Principal: { Service: "budgets.amazonaws.com" },
                    Action: "sns:Publish",
                    Resource: topic,
                    Condition: {
                        StringEquals: { "aws:SourceAccount": "123456789012" },
                        ArnLike: { "aws:SourceArn": "arn:aws:budgets::123456789012:*" },
                    },
                },
            ],
        });
    });

    const tiers: [string, number, number[]][] = [
        ["dev, 80 %", 80, [50, 75, 80, 90]],
        ["staging, 75 %, which the usual levels have", 75, [50, 75, 90]],
        ["prod, 70 %", 70, [50, 70, 75, 90]],
        ["100 %, which the forecast does not repeat", 100, [50, 75, 90, 100]],
    ];
    for (const [tier, alertPercent, actual] of tiers) {
        it(`E2, E3: ${tier}: each level once, and a forecast`, () => {
            const alerts = tierAlerts(rising([50, 75, 90, alertPercent]));
            assert.deepEqual(alerts, [
                ...actual.map((threshold) => ({ notificationType: "ACTUAL", threshold })),
                { notificationType: "FORECASTED", threshold: 100 },
            ]);
            assert.ok(alerts.length <= 5);
        });
    }

    it("go to every address and to the topic", () => {
        assert.deepEqual(tierNotifications([90, 50, 75], ["one@example.com", "two@example.com"], topic)[3], {
            notificationType: "FORECASTED",
            threshold: 100,
            comparisonOperator: "GREATER_THAN",
            thresholdType: "PERCENTAGE",
            subscriberEmailAddresses: ["one@example.com", "two@example.com"],
            subscriberSnsTopicArns: [topic],
        });
    });

    it("take the key of a cost tag as the resources have it", () => {
        for (const key of ["user:team", "aws:createdBy"]) {
            assert.match(costTagKeyFault(key) ?? "", /^the key without "user:" or "aws:" in front/);
        }
        for (const key of ["team", "team:user:env", "users:team"]) assert.equal(costTagKeyFault(key), undefined);
    });

    it("count Bedrock, and with a tag only what carries it", () => {
        const bedrock = { name: "Service", values: ["Amazon Bedrock"] };
        assert.deepEqual(bedrockCosts(bedrockServices), [bedrock]);
        assert.deepEqual(bedrockCosts(bedrockServices, { key: "team:env", value: "dev" }), [
            bedrock,
            { name: "TagKeyValue", values: ["user:team:env$dev"] },
        ]);
    });
});
