import {
    controlName,
    logGroupName,
    type ScheduleName,
    scheduleName,
    scheduleRoleName,
    schedules,
} from "../../components/bedrock-gate/names";
import { type AwsResource, type Names } from "../resources";
import { names } from "./names";

/** What the gate consists of in AWS. */
export function gateResources({ name, environmentName }: Names): AwsResource[] {
    const gate = environmentName(names.gateFunction);
    return [{ kind: "role", name: name(names.gateRole), receiver: "lambda" }, ...functionResources(gate)];
}

/** What the keeper consists of, with a gate and without. */
export function keeperResources({ name, environmentName }: Names): AwsResource[] {
    const control = controlName(environmentName(names.gateFunction));
    return [
        { kind: "policy", name: name(names.brakePolicy) },
        { kind: "table", name: name(names.gateTable) },
        { kind: "role", name: control, receiver: "lambda" },
        ...functionResources(control),
        { kind: "role", name: scheduleRoleName(control), receiver: "scheduler" },
        ...(Object.keys(schedules) as ScheduleName[]).map(
            (schedule) => ({ kind: "schedule", name: scheduleName(control, schedule) }) as const,
        ),
    ];
}

const functionResources = (name: string): AwsResource[] => [
    { kind: "logGroup", name: logGroupName(name) },
    { kind: "function", name },
];
