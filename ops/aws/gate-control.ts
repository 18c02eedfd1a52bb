import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";

/** The gate's keeper failed; its log group says why. */
export class ControlFailed extends Error {}

/**
 * Has the keeper of a gate do something.
 *
 * @throws ControlFailed where it was started and failed
 */
export async function askControl(lambda: LambdaClient, functionName: string, task: object): Promise<void> {
    const { FunctionError, Payload } = await lambda.send(
        new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(task)) }),
    );
    if (FunctionError === undefined) return;
    const said = Payload ? (JSON.parse(Buffer.from(Payload).toString("utf8")) as { errorMessage?: string }) : {};
    throw new ControlFailed(said.errorMessage ?? FunctionError);
}
