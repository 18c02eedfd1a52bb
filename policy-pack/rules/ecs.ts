import { taskContainers } from "../containers";
import { faultIf, resourceRule } from "../rule";

const types = ["aws:ecs/taskDefinition:TaskDefinition"];

export const taskIsAlone = resourceRule({
    id: "task-is-alone",
    says: "Every task has a network of its own and shares no processes with its host.",
    meets: ["FSBP ECS.3"],
    types,
    faults: ({ props }) => [
        ...faultIf(props.networkMode !== "awsvpc", `networkMode is ${props.networkMode}; expected awsvpc`),
        ...faultIf(props.pidMode === "host", "pidMode is host"),
        ...faultIf(props.ipcMode === "host", "ipcMode is host"),
    ],
});

export const taskHasTwoRoles = resourceRule({
    id: "task-has-two-roles",
    says: "The role of every task is not the one with which ECS starts it.",
    meets: [],
    types,
    faults: ({ props }) => [
        ...faultIf(!props.taskRoleArn || !props.executionRoleArn, "has no taskRoleArn or no executionRoleArn"),
        ...faultIf(props.taskRoleArn === props.executionRoleArn, "taskRoleArn is executionRoleArn"),
    ],
});

export const taskHasNoPrivileges = resourceRule({
    id: "task-has-no-privileges",
    says: "No container of a task has its host's privileges.",
    meets: ["FSBP ECS.4"],
    types,
    faults: (task) =>
        taskContainers(task).flatMap(({ name, privileged }) => faultIf(privileged === true, `${name} is privileged`)),
});

export const taskRootIsReadOnly = resourceRule({
    id: "task-root-is-read-only",
    says: "No container of a task can write to its root file system.",
    meets: ["FSBP ECS.5"],
    types,
    faults: (task) =>
        taskContainers(task).flatMap(({ name, readonlyRootFilesystem }) =>
            faultIf(readonlyRootFilesystem !== true, `${name} has no readonlyRootFilesystem`),
        ),
});

export const taskLogs = resourceRule({
    id: "task-logs",
    says: "Every container of a task logs to CloudWatch.",
    meets: ["FSBP ECS.9"],
    types,
    faults: (task) =>
        taskContainers(task).flatMap(({ name, logConfiguration }) =>
            faultIf(logConfiguration?.logDriver !== "awslogs", `${name} has no log driver awslogs`),
        ),
});
