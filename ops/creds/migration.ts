import { parse } from "dotenv";

import { mlflow, type MlflowOutputs } from "../../services/mlflow";
import { mergedInto } from "../env-file";
import { valuedVariables } from "../env-file/service";
import { exitCodes, InfraError } from "../infra/errors";
import { accessKeyIdPattern } from "./resolve";

/** What happens to a variable of the file. */
export interface VariableChange {
    readonly variable: string;
    readonly change: "add" | "replace" | "remove";
    /** The value, where it is no secret. */
    readonly to?: string;
}

/** What a migration makes of a `.env` file. */
export interface Migration {
    readonly text: string;
    readonly changes: readonly VariableChange[];
    /** Id of the global key that stays in the file, if there is one. */
    readonly globalKeyId?: string;
}

const globalSet = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/**
 * The project's own variables (D2) in place of the global ones (D6). Of the global ones only a set that is the service's
 * own key is removed, since it is moved: another's may have other users.
 *
 * @throws InfraError when the file has lines that cannot be changed without a change to others
 */
export function planMigration(text: string, outputs: MlflowOutputs): Migration {
    const before = parse(text);
    // What is no id may be a secret that stands in the wrong place: it is not shown.
    const globalKeyId = accessKeyIdPattern.test(before.AWS_ACCESS_KEY_ID ?? "") ? before.AWS_ACCESS_KEY_ID : undefined;
    const ownKey = globalKeyId !== undefined && outputs.accessKeyIds.includes(globalKeyId);
    // A token of earlier temporary keys beside the new ones would be refused by AWS.
    const removed = ["MLFLOW_AWS_SESSION_TOKEN", ...(ownKey ? globalSet : [])].filter((name) => name in before);
    const own = valuedVariables(mlflow.name, outputs).map(({ name, value }) => [name, value] as const);
    const variables = Object.fromEntries(own);
    const differing = own.filter(([name, value]) => before[name] !== value);
    const migrated = mergedInto("The file", withoutVariables(text, removed), Object.fromEntries(differing));
    const expected = { ...before, ...variables };
    refuseUnlessRead(
        migrated,
        Object.fromEntries(Object.entries(expected).filter(([name]) => !removed.includes(name))),
    );
    return {
        text: migrated,
        changes: [
            ...differing.map(([variable, to]) => ({
                variable,
                change: variable in before ? ("replace" as const) : ("add" as const),
                ...(variable.includes("SECRET") ? {} : { to }),
            })),
            ...removed.map((variable) => ({ variable, change: "remove" as const })),
        ],
        globalKeyId: ownKey ? undefined : globalKeyId,
    };
}

/** The text without the lines that set these variables. */
function withoutVariables(text: string, names: readonly string[]): string {
    return text
        .split(/(?<=\n)/)
        .filter((line) => !names.some((name) => Object.hasOwn(parse(line), name)))
        .join("");
}

/** A value over several lines, or a quote that never ends, reads otherwise line by line. */
function refuseUnlessRead(text: string, expected: Readonly<Record<string, string>>): void {
    const found = parse(text);
    const names = [...new Set([...Object.keys(found), ...Object.keys(expected)])];
    const other = names.find((name) => found[name] !== expected[name]);
    if (other === undefined) return;
    throw new InfraError(
        exitCodes.failed,
        `Nothing was changed: ${other} would not be read afterwards as it should.`,
        "Write values over several lines, and lines with an open quote, in one line each.",
    );
}
