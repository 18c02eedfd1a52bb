import { type LambdaClient } from "@aws-sdk/client-lambda";

import { type Task } from "../../functions/bedrock-gate/control";
import { type LlmModelsOutputs } from "../../services/llm-models";
import { askControl, ControlFailed } from "../aws/gate-control";
import { exitCodes, InfraError } from "../common/errors";

/**
 * Has the keeper of a stack do something, and answers what it says.
 *
 * @throws InfraError where it failed
 */
export async function askKeeper(lambda: LambdaClient, { keeper }: LlmModelsOutputs, task: Task): Promise<unknown> {
    const { controlName } = keeper;
    return askControl(lambda, controlName, task).catch((error: unknown) => {
        if (!(error instanceof ControlFailed)) throw error;
        throw new InfraError(
            exitCodes.failed,
            `The keeper ${controlName} refused: ${error.message}`,
            `Its log group /aws/lambda/${controlName} says more.`,
        );
    });
}
