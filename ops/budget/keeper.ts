import { type LambdaClient } from "@aws-sdk/client-lambda";

import { type Task } from "../../functions/bedrock-gate/control";
import { type LlmModelsOutputs } from "../../services/llm-models";
import { askControl, ControlFailed } from "../aws/gate-control";
import { exitCodes, InfraError } from "../common/errors";

/**
 * Has the keeper of a stack's gate do something, and answers what it says.
 *
 * @throws InfraError where there is none, or it failed
 */
export async function askKeeper(lambda: LambdaClient, { gate }: LlmModelsOutputs, task: Task): Promise<unknown> {
    if (!gate) {
        throw new InfraError(
            exitCodes.usage,
            "This stack has no gate in front of its models, and nobody who counts what they cost.",
            "Set gate in platform:llm-models, and deploy.",
        );
    }
    return askControl(lambda, gate.controlName, task).catch((error: unknown) => {
        if (!(error instanceof ControlFailed)) throw error;
        throw new InfraError(
            exitCodes.failed,
            `The gate's keeper ${gate.controlName} refused: ${error.message}`,
            `Its log group /aws/lambda/${gate.controlName} says more.`,
        );
    });
}
