import { serviceFacts, type ServiceName, type ServiceOutputs } from "../../services";
import { isSecret, type Variable } from "../../services/variables";
import { exitCodes, InfraError } from "../common/errors";

/** A service's variable with its value. */
export interface ValuedVariable {
    readonly name: string;
    readonly value: string;
    readonly secret: boolean;
}

/**
 * The variables that a service reads from a file.
 *
 * @throws InfraError for a service of which nothing is ever in a file
 */
export function variablesOf<Name extends ServiceName>(service: Name): readonly Variable<ServiceOutputs[Name]>[] {
    const facts = serviceFacts[service].environment;
    if (!("neverInAFile" in facts)) return facts;
    throw new InfraError(exitCodes.usage, `There is no file of variables for ${service}: ${facts.neverInAFile}.`);
}

/**
 * The same, with the values that the stack exports.
 *
 * @throws InfraError for an output that is not there: the stack was deployed by an older commit
 */
export function valuedVariables<Name extends ServiceName>(
    service: Name,
    outputs: ServiceOutputs[Name],
): ValuedVariable[] {
    return variablesOf(service).map((variable) => {
        const { name, from } = variable;
        const value = outputs[from];
        if (typeof value === "string" || typeof value === "number") {
            return { name, value: String(value), secret: isSecret(variable) };
        }
        throw new InfraError(
            exitCodes.failed,
            `The stack exports no ${from} for ${service}, which is the value of ${name}.`,
            "Deploy the stack with this commit.",
        );
    });
}
