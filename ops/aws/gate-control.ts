import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";

import { type Task } from "../../functions/bedrock-gate/control";

/** The keeper failed; its log group says why. */
export class ControlFailed extends Error {}

/**
 * Has the keeper do something, and answers what it says.
 *
 * @throws ControlFailed where it was started and failed
 */
export async function askControl(lambda: LambdaClient, functionName: string, task: Task): Promise<unknown> {
    const { FunctionError, Payload } = await lambda.send(
        new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(task)) }),
    );
    const said: unknown = Payload?.length ? JSON.parse(Buffer.from(Payload).toString("utf8")) : null;
    if (FunctionError === undefined) return said;
    throw new ControlFailed((said as { errorMessage?: string } | null)?.errorMessage ?? FunctionError);
}
