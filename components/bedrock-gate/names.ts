/** The function that shuts off and restores, by the name of the gate's; its role bears the same name. */
export const controlName = (functionName: string) => `${functionName}-control`;

/** When that function looks after the budget, in UTC as AWS's months are, and what it is asked to do. */
export const schedules = {
    keep: {
        expression: "rate(5 minutes)",
        task: "keep",
        description:
            "Expires leases, attaches or detaches the brake where it has to be, and looks at what Bedrock has counted.",
    },
    month: { expression: "cron(0 0 1 * ? *)", task: "keep", description: "Restores the budget as a month begins." },
    daily: { expression: "cron(0 6 * * ? *)", task: "daily", description: "Reports what the month has cost so far." },
} as const;

export type ScheduleName = keyof typeof schedules;

export const scheduleName = (control: string, schedule: ScheduleName) => `${control}-${schedule}`;

/** The role with which the schedules start it. */
export const scheduleRoleName = (control: string) => `${control}-schedule`;

/** The log group that Lambda writes a function's log to. */
export const logGroupName = (functionName: string) => `/aws/lambda/${functionName}`;

/** In seconds: the keeper is started as often. */
export const alarmPeriod = 300;

/** What people are told of: a metric of a function, summed up over a period. */
interface Watch {
    readonly metric: "Errors" | "Invocations" | "Throttles";
    readonly comparison: "GreaterThanThreshold" | "LessThanThreshold";
    readonly threshold: number;
    /** For how many periods one after the other. */
    readonly periods: number;
    /** What a period is in which Lambda reports nothing, because the function was not invoked. */
    readonly withoutData: "breaching" | "notBreaching";
    /** Whether people are told of the end as well. */
    readonly tellsEnd: boolean;
    readonly description: string;
}

/** One failure is enough; that somebody is told of its end would help nobody. */
const failure = { comparison: "GreaterThanThreshold", threshold: 0, periods: 1, tellsEnd: false } as const;

/** Without the keeper nothing is restored, no lease expires, and no call past the gate is seen. */
const keeperWatches: Readonly<Record<string, Watch>> = {
    // Where it was not invoked it did not fail: that is the other alarm's.
    errors: {
        ...failure,
        metric: "Errors",
        withoutData: "notBreaching",
        description: "The keeper of the budget has failed: see its log.",
    },
    // Of a function that is not invoked Lambda reports nothing: here no data is the fault itself. Three short periods and
    // not a long one, since CloudWatch looks some periods further back before it takes data for missing. Its end is told:
    // until then, nobody can rely on the brake.
    silent: {
        metric: "Invocations",
        comparison: "LessThanThreshold",
        threshold: 1,
        periods: 3,
        withoutData: "breaching",
        tellsEnd: true,
        description: "The keeper of the budget does not run, as it should every five minutes: see its schedules.",
    },
};

/**
 * What the gate cannot tell itself, in an answer or in its log: a refusal and a failure of Bedrock are answers, and no
 * errors of the function. Nobody has to call it: no data is no fault.
 */
const gateWatches: Readonly<Record<string, Watch>> = {
    errors: {
        ...failure,
        metric: "Errors",
        withoutData: "notBreaching",
        description: "The gate in front of Bedrock has crashed or run out of time: see its log.",
    },
    throttles: {
        ...failure,
        metric: "Throttles",
        withoutData: "notBreaching",
        description: "Lambda has turned callers of the gate away: no concurrency was left for it.",
    },
};

/** An alarm of one function. */
export interface FunctionAlarm extends Watch {
    readonly name: string;
    readonly functionName: string;
    /** Unique among the alarms of a keeper and its gate. */
    readonly title: string;
}

/** The alarms of a keeper and, where there is one, of its gate, by the names of their functions. */
export function alarmsOf(control: string, gate?: string): FunctionAlarm[] {
    const of = (whose: string, functionName: string, watches: Readonly<Record<string, Watch>>) =>
        Object.entries(watches).map(([what, watch]) => ({
            ...watch,
            name: `${functionName}-${what}`,
            functionName,
            title: `${whose}-${what}`,
        }));
    return [...of("keeper", control, keeperWatches), ...(gate === undefined ? [] : of("gate", gate, gateWatches))];
}
