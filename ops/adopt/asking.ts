import { exitCodes, InfraError } from "../cli/errors";
import { failureInWords, isNamed } from "../aws/outcome";

/**
 * The answer of AWS, or undefined where it says by one of these errors that there is no such thing.
 *
 * @param what is asked for, as the subject of a sentence
 * @throws InfraError for every other failure
 */
export async function ask<T>(what: string, call: () => Promise<T>, ...none: readonly string[]): Promise<T | undefined> {
    try {
        return await call();
    } catch (error) {
        if (isNamed(error, ...none)) return undefined;
        throw new InfraError(
            exitCodes.unreachable,
            `${what} could not be read: ${failureInWords(error)}.`,
            "Give the deployer the rights in docs/adoption.md, or see that AWS can be reached.",
        );
    }
}
