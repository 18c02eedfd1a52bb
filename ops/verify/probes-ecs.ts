import { DescribeTaskDefinitionCommand } from "@aws-sdk/client-ecs";

import { type Executor } from "./run";

/** What a task definition runs as. */
export const taskDefinition: Executor<"taskDefinition"> = async ({ arn }, { clients: { ecs } }) => {
    const { taskDefinition: found } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: arn }));
    const { requiresCompatibilities = [], networkMode, taskRoleArn, executionRoleArn } = found ?? {};
    const execution =
        executionRoleArn === taskRoleArn ? "the same execution role" : `execution role ${nameOf(executionRoleArn)}`;
    return {
        got: `${requiresCompatibilities.join(", ")}, ${networkMode}; task role ${nameOf(taskRoleArn)}; ${execution}`,
    };
};

function nameOf(arn = "none"): string {
    return arn.slice(arn.lastIndexOf("/") + 1);
}
