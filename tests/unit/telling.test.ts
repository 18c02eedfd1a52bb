import assert from "node:assert/strict";

import { type MetricAlarm, StateValue } from "@aws-sdk/client-cloudwatch";
import { type ListSubscriptionsByTopicCommandOutput, SNSClient, type Subscription } from "@aws-sdk/client-sns";

import { alarmsOf } from "../../components/bedrock-gate/names";
import { alarm, subscription } from "../../ops/verify/probes-telling";
import { type ProbeRun } from "../../ops/verify/run";
import { alarmInWords } from "../../services/alarms";

const described: MetricAlarm = {
    AlarmName: "the-alarm",
    Namespace: "AWS/Lambda",
    MetricName: "Errors",
    Dimensions: [{ Name: "FunctionName", Value: "keeper" }],
    Statistic: "Sum",
    Period: 300,
    EvaluationPeriods: 3,
    ComparisonOperator: "GreaterThanThreshold",
    Threshold: 0,
    TreatMissingData: "notBreaching",
    ActionsEnabled: true,
    AlarmActions: ["arn:two", "arn:one"],
    OKActions: [],
    StateValue: "OK",
};
const words =
    "Sum of AWS/Lambda Errors of FunctionName keeper > 0; 3 of 3 periods of 300 s; without data notBreaching; " +
    "ALARM tells arn:one, arn:two";

describe("an alarm, in words", () => {
    it("says when it goes off, and whom it tells", () => assert.equal(alarmInWords(described), words));

    const changes: MetricAlarm[] = [
        { Namespace: "AWS/SQS" },
        { MetricName: "Throttles" },
        { Dimensions: [] },
        { Statistic: "Average" },
        { Period: 60 },
        { EvaluationPeriods: 1 },
        { DatapointsToAlarm: 2 },
        { ComparisonOperator: "GreaterThanUpperThreshold" },
        { Threshold: 1 },
        { TreatMissingData: "missing" },
        { ActionsEnabled: false },
        { AlarmActions: ["arn:two"] },
        { OKActions: ["arn:one"] },
        { InsufficientDataActions: ["arn:one"] },
    ];
    for (const change of changes) {
        it(`tells apart what has another ${Object.keys(change).join()}`, () => {
            assert.notEqual(alarmInWords({ ...described, ...change }), words);
        });
    }
});

describe("the alarms of a keeper and its gate", () => {
    it("have a name and a title each", () => {
        const alarms = alarmsOf("control", "gate");
        for (const key of ["name", "title"] as const) {
            assert.equal(new Set(alarms.map((one) => one[key])).size, 4);
        }
        assert.deepEqual(alarmsOf("control"), alarms.slice(0, 2));
    });
});

describe("what CloudWatch has of an alarm", () => {
    const answerOf = (MetricAlarms: MetricAlarm[]) => {
        const send = async ({ input }: { input: object }) => {
            assert.deepEqual(input, { AlarmNames: ["the-alarm"] });
            return { MetricAlarms };
        };
        const run = { clients: { cloudwatch: { send } } } as unknown as ProbeRun;
        return alarm({ kind: "alarm", name: "the-alarm", region: "us-east-1" }, run);
    };

    it("is told, and that there is none", async () => {
        assert.deepEqual(await answerOf([described]), { got: words });
        assert.deepEqual(await answerOf([]), { got: "no such alarm" });
    });

    it("is told with the reason where it is in alarm", async () => {
        const inAlarm = { ...described, StateValue: StateValue.ALARM, StateReason: "no datapoints" };
        assert.deepEqual(await answerOf([inAlarm]), { got: words, note: "In alarm: no datapoints." });
    });
});

describe("what SNS has of a subscription", () => {
    const topicArn = "arn:aws:sns:us-east-1:123456789012:topic";
    const of = (Endpoint: string, SubscriptionArn: string, Protocol = "email"): Subscription => ({
        Endpoint,
        Protocol,
        SubscriptionArn,
    });
    /** By the pages that SNS answers with. */
    const answerOf = (...pages: Subscription[][]) => {
        const sns = new SNSClient({ region: "us-east-1" });
        sns.send = async ({ input }: { input: { TopicArn?: string; NextToken?: string } }) => {
            assert.equal(input.TopicArn, topicArn);
            const page = Number(input.NextToken ?? 0);
            const NextToken = page + 1 < pages.length ? String(page + 1) : undefined;
            return { Subscriptions: pages[page], NextToken } as ListSubscriptionsByTopicCommandOutput;
        };
        return subscription({ kind: "subscription", topicArn, email: "a@b" }, { clients: { sns } } as ProbeRun);
    };

    it("is confirmed once it has an ARN, on whatever page it is", async () => {
        const pages = [[of("c@d", "PendingConfirmation")], [of("a@b", `${topicArn}:1`)]];
        assert.deepEqual(await answerOf(...pages), { got: "confirmed" });
    });

    it("waits for its owner until then, which the note says", async () => {
        const { got, note } = await answerOf([of("a@b", "PendingConfirmation")]);
        assert.equal(got, "not confirmed yet");
        assert.match(note!, /^a@b hears nothing until its owner follows the link/);
    });

    it("is missing where there is none of that address, or none by mail", async () => {
        const other = [of("c@d", `${topicArn}:1`), of("a@b", `${topicArn}:2`, "email-json")];
        assert.deepEqual(await answerOf(other), { got: "not subscribed" });
    });
});
