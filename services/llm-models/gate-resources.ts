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
    const control = controlName(gate);
    return [
        { kind: "policy", name: name(names.brakePolicy) },
        { kind: "table", name: name(names.gateTable) },
        { kind: "role", name: name(names.gateRole), receiver: "lambda" },
        { kind: "logGroup", name: logGroupName(gate) },
        { kind: "function", name: gate },
        { kind: "role", name: control, receiver: "lambda" },
        { kind: "logGroup", name: logGroupName(control) },
        { kind: "function", name: control },
        { kind: "role", name: scheduleRoleName(control), receiver: "scheduler" },
        ...(Object.keys(schedules) as ScheduleName[]).map(
            (schedule) => ({ kind: "schedule", name: scheduleName(control, schedule) }) as const,
        ),
    ];
}
