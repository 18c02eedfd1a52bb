/** The function that shuts off and restores beside a gate's; its role bears the same name. */
export const controlName = (functionName: string) => `${functionName}-control`;

/** What that function's schedules do. */
export type ScheduleTask = "keep" | "month";

export const scheduleName = (control: string, task: ScheduleTask) => `${control}-${task}`;

/** The role with which the schedules start it. */
export const scheduleRoleName = (control: string) => `${control}-schedule`;

/** The log group that Lambda writes a function's log to. */
export const logGroupName = (functionName: string) => `/aws/lambda/${functionName}`;
