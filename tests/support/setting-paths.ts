import { z } from "zod";

/** The path of every setting of a service, sorted: `cluster.vault.address`, in a list of objects `profiles[].id`. */
export function settingPaths(settings: z.ZodType): string[] {
    const schema = z.toJSONSchema(settings, { io: "input", unrepresentable: "any" }) as Schema;
    return [...new Set(pathsOf(schema, ""))].sort();
}

/** As much of a JSON schema as settings have. */
interface Schema {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly items?: Schema;
    readonly anyOf?: readonly Schema[];
    readonly oneOf?: readonly Schema[];
}

/** Described once for all services. */
const shared = ["adopt", "accessKeys"];

/** The path of every setting below a schema: of a list of objects with `[]`, of an object only those of its own. */
function pathsOf({ properties, items, anyOf, oneOf }: Schema, path: string): string[] {
    const choices = anyOf ?? oneOf;
    if (choices) return choices.flatMap((choice) => pathsOf(choice, path));
    if (items?.properties) return [path, ...pathsOf(items, `${path}[]`)];
    if (!properties || shared.includes(path.split(".").at(-1)!)) return [path];
    return Object.entries(properties).flatMap(([key, schema]) => pathsOf(schema, path === "" ? key : `${path}.${key}`));
}
