import { alarmPeriod, alarmsOf, type FunctionAlarm } from "../../components/bedrock-gate/names";
import { alarmInWords } from "../alarms";
import { check } from "../check-helpers";
import { type Check, type CheckContext, subscribed } from "../checks";
import { grantsInWords } from "../grants";
import { regional } from "./grants";
import { type LlmModelsOutputs } from "./schema";

/** That people hear of a shut-off, and of whatever keeps a shut-off from happening. */
export function tellingChecks(outputs: LlmModelsOutputs, context: CheckContext): Check[] {
    const { region, alertEmails, keeper, gate } = outputs;
    const { topicArn } = keeper;
    const alarms = alarmsOf(keeper.controlName, gate?.functionName);
    return [
        ...alarms.map((alarm) =>
            check("E4", `alarm: ${alarm.title}`, expectedOf(alarm, topicArn), {
                kind: "alarm",
                name: alarm.name,
                region,
            }),
        ),
        check(
            "E4",
            "gate's topic takes these alarms only",
            grantsInWords([
                {
                    Effect: "Allow",
                    Principal: { Service: "cloudwatch.amazonaws.com" },
                    Action: "sns:Publish",
                    Resource: topicArn,
                    Condition: {
                        StringEquals: { "aws:SourceAccount": context.accountId },
                        ArnLike: {
                            "aws:SourceArn": alarms.map(({ name }) =>
                                regional(context, "cloudwatch", region, `alarm:${name}`),
                            ),
                        },
                    },
                },
            ]),
            { kind: "topic", aspect: "policy", topicArn },
        ),
        ...alertEmails.map((email) => ({
            ...check("E4", `gate's topic is mailed to ${email}`, subscribed.confirmed, {
                kind: "subscription",
                topicArn,
                email,
            }),
            // As after every first update: only the owner can change it.
            tolerated: [subscribed.asked],
        })),
    ];
}

function expectedOf(alarm: FunctionAlarm, topicArn: string): string {
    return alarmInWords({
        Namespace: "AWS/Lambda",
        MetricName: alarm.metric,
        Dimensions: [{ Name: "FunctionName", Value: alarm.functionName }],
        Statistic: "Sum",
        Period: alarmPeriod,
        EvaluationPeriods: alarm.periods,
        ComparisonOperator: alarm.comparison,
        Threshold: alarm.threshold,
        TreatMissingData: alarm.withoutData,
        AlarmActions: [topicArn],
        OKActions: alarm.tellsEnd ? [topicArn] : [],
    });
}
