/** An alarm on a metric, as CloudWatch describes it. */
export interface Alarm {
    readonly Namespace?: string;
    readonly MetricName?: string;
    readonly Dimensions?: readonly { readonly Name?: string; readonly Value?: string }[];
    readonly Statistic?: string;
    /** In seconds. */
    readonly Period?: number;
    readonly EvaluationPeriods?: number;
    /** @default every one of the periods */
    readonly DatapointsToAlarm?: number;
    readonly ComparisonOperator?: string;
    readonly Threshold?: number;
    readonly TreatMissingData?: string;
    readonly ActionsEnabled?: boolean;
    readonly AlarmActions?: readonly string[];
    readonly OKActions?: readonly string[];
    readonly InsufficientDataActions?: readonly string[];
}

const signs: Readonly<Record<string, string>> = {
    GreaterThanThreshold: ">",
    GreaterThanOrEqualToThreshold: ">=",
    LessThanThreshold: "<",
    LessThanOrEqualToThreshold: "<=",
};

/** When an alarm goes off, and whom it tells. */
export function alarmInWords(alarm: Alarm): string {
    const { Dimensions = [], EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, ActionsEnabled = true } = alarm;
    const of = Dimensions.map(({ Name, Value }) => `${Name} ${Value}`).join(", ");
    const sign = signs[alarm.ComparisonOperator ?? ""] ?? alarm.ComparisonOperator;
    const told = (state: string, arns: readonly string[] = []) =>
        arns.length === 0 ? [] : [`${state} tells ${[...arns].sort().join(", ")}`];
    return [
        `${alarm.Statistic} of ${alarm.Namespace} ${alarm.MetricName} of ${of} ${sign} ${alarm.Threshold}`,
        `${DatapointsToAlarm} of ${EvaluationPeriods} periods of ${alarm.Period} s`,
        `without data ${alarm.TreatMissingData}`,
        ...told("ALARM", alarm.AlarmActions),
        ...told("OK", alarm.OKActions),
        ...told("INSUFFICIENT_DATA", alarm.InsufficientDataActions),
        ...(ActionsEnabled ? [] : ["TELLS NOBODY: its actions are disabled"]),
    ].join("; ");
}
