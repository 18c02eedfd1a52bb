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
