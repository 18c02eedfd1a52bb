import { mlflow, type MlflowOutputs } from "../../services/mlflow";
import { mergedInto, unwantedIn, variableStates } from "../env-file";
import { parseVariables } from "../env-file/reader";
import { valuedVariables } from "../env-file/service";
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
    const before = parseVariables(text);
    // What is no id may be a secret that stands in the wrong place: it is not shown.
    const globalKeyId = accessKeyIdPattern.test(before.AWS_ACCESS_KEY_ID ?? "") ? before.AWS_ACCESS_KEY_ID : undefined;
    const ownKey = globalKeyId !== undefined && outputs.accessKeyIds.includes(globalKeyId);
    const variables = valuedVariables(mlflow.name, outputs);
    const values = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
    const states = variableStates(text, values);
    const moved = ownKey ? globalSet : [];
    const unwanted = [...unwantedIn(states, values), ...moved];
    return {
        text: mergedInto("The file", text, values, moved),
        changes: [
            ...variables
                .filter(({ name }) => states[name] !== "current")
                .map(({ name, value, secret }) => ({
                    variable: name,
                    change: states[name] === "missing" ? ("add" as const) : ("replace" as const),
                    ...(secret ? {} : { to: value }),
                })),
            ...unwanted.filter((name) => name in before).map((variable) => ({ variable, change: "remove" as const })),
        ],
        globalKeyId: ownKey ? undefined : globalKeyId,
    };
}
