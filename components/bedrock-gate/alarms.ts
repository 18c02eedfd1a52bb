import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import { alarmPeriod, type FunctionAlarm } from "./names";
import { type GateTopic } from "./topic";

/** Makes alarms that tell people on the topic. */
export function createAlarms(
    parent: pulumi.Resource,
    name: string,
    alarms: readonly FunctionAlarm[],
    topic: GateTopic,
    tags: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined,
): void {
    for (const alarm of alarms) {
        new aws.cloudwatch.MetricAlarm(
            `${name}-alarm-${alarm.title}`,
            {
                name: alarm.name,
                alarmDescription: alarm.description,
                namespace: "AWS/Lambda",
                metricName: alarm.metric,
                dimensions: { FunctionName: alarm.functionName },
                statistic: "Sum",
                period: alarmPeriod,
                evaluationPeriods: alarm.periods,
                comparisonOperator: alarm.comparison,
                threshold: alarm.threshold,
                treatMissingData: alarm.withoutData,
                alarmActions: [topic.arn],
                okActions: alarm.tellsEnd ? [topic.arn] : undefined,
                tags,
            },
            // What it tells before the permission would be lost.
            { parent, dependsOn: topic.permission },
        );
    }
}
