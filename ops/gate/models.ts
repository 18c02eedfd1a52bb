import { type LlmModelsOutputs } from "../../services/llm-models";
import { invokedIds } from "../../services/llm-models/session";
import { exitCodes, InfraError } from "../common/errors";

/** @throws InfraError where one of the models is none of the stack's */
export function requireModels(models: readonly string[], outputs: LlmModelsOutputs, stack: string): void {
    const known = invokedIds(outputs);
    const unknown = models.find((model) => !known.includes(model));
    if (unknown === undefined) return;
    throw new InfraError(exitCodes.usage, `Stack ${stack} has no model ${unknown}.`, `Its models: ${known.join(", ")}`);
}
