import {
    alarmsOf,
    controlName,
    logGroupName,
    type FunctionAlarm,
    type ScheduleName,
    scheduleName,
    scheduleRoleName,
    schedules,
} from "../../components/bedrock-gate/names";
import { type AwsResource, type Names } from "../resources";
import { names } from "./names";

/** What the gate consists of in AWS, beside its keeper. */
export function gateResources({ name, environmentName }: Names): AwsResource[] {
    const gate = environmentName(names.gateFunction);
    return [
        { kind: "role", name: name(names.gateRole), receiver: "lambda" },
        ...functionResources(gate),
        ...alarmResources(alarmsOf(controlName(gate), gate).filter(({ functionName }) => functionName === gate)),
    ];
}

/** What the keeper consists of, with a gate and without. */
export function keeperResources({ name, environmentName }: Names): AwsResource[] {
    const control = controlName(environmentName(names.gateFunction));
    return [
        { kind: "policy", name: name(names.brakePolicy) },
        { kind: "table", name: name(names.gateTable) },
        { kind: "topic", name: name(names.gateTopic) },
        { kind: "role", name: control, receiver: "lambda" },
        ...functionResources(control),
        { kind: "role", name: scheduleRoleName(control), receiver: "scheduler" },
        ...(Object.keys(schedules) as ScheduleName[]).map(
            (schedule) => ({ kind: "schedule", name: scheduleName(control, schedule) }) as const,
        ),
        ...alarmResources(alarmsOf(control)),
    ];
}

const functionResources = (name: string): AwsResource[] => [
    { kind: "logGroup", name: logGroupName(name) },
    { kind: "function", name },
];

const alarmResources = (alarms: readonly FunctionAlarm[]) =>
    alarms.map(({ name }): AwsResource => ({ kind: "alarm", name }));
