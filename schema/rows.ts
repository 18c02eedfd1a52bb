import { type JsonSchema } from "./stack-file";

/** What docs/settings.md says of one setting. */
export interface Row {
    /** `cluster.vault.address`; in a list of objects `profiles[].id`. */
    readonly path: string;
    /** Of clinical-ai's identity: where the setting belongs to one mode only. */
    readonly mode?: string;
    readonly unit: string;
    readonly default: string;
    readonly rule: string;
}

/**
 * A row for each setting below a schema.
 *
 * @param path of the schema itself; "" where it is the section
 * @param leave paths that are described elsewhere
 */
export function rowsOf(schema: JsonSchema, path: string, leave: readonly string[] = []): Row[] {
    return rowsAt(schema, path, { leave });
}

interface Place {
    readonly leave: readonly string[];
    readonly mode?: string;
    /** Whether the setting must be there, and what it is where what it is in is not there. */
    readonly required?: boolean;
    readonly default?: unknown;
}

function rowsAt(schema: JsonSchema, path: string, place: Place): Row[] {
    if (place.leave.includes(path)) return [];
    if (schema.oneOf) return rowsOfModes(schema, path, place);
    if (schema.items?.properties) {
        return [rowOf(schema, path, place), ...rowsAt(schema.items, `${path}[]`, { leave: place.leave })];
    }
    const { key } = schema;
    if (key !== undefined) return [rowOf({ ...schema, default: undefined }, `${path}.<${key}>`, { leave: [] })];
    if (!schema.properties || schema.oneRow) return [rowOf(schema, path, place)];
    const inside = (schema.default ?? place.default) as Readonly<Record<string, unknown>> | undefined;
    return Object.entries(schema.properties).flatMap(([name, part]) =>
        rowsAt(part, path === "" ? name : `${path}.${name}`, {
            leave: place.leave,
            mode: place.mode,
            required: schema.required?.includes(name),
            default: inside?.[name],
        }),
    );
}

/** One setting, `mode`, chooses which others there are. */
function rowsOfModes({ oneOf, default: chosen }: JsonSchema, path: string, { leave }: Place): Row[] {
    const modes = oneOf!.map(({ properties }) => properties!.mode);
    const rule = modes.map(({ const: mode, description }) => `\`${String(mode)}\`: ${description}`).join("; ");
    const byDefault = (chosen as { mode?: unknown } | undefined)?.mode;
    return [
        rowOf({ description: rule, default: byDefault }, `${path}.mode`, { leave }),
        ...oneOf!.flatMap((choice) => {
            const mode = String(choice.properties!.mode.const);
            return rowsAt(choice, path, { leave: [...leave, `${path}.mode`], mode: `\`${mode}\`` });
        }),
    ];
}

function rowOf(schema: JsonSchema, path: string, { mode, required, default: outer }: Place): Row {
    const { description, unit = "", absent } = schema;
    if (!description) throw new Error(`${path} has no description: give it one where its schema is, with .meta()`);
    const value = schema.default ?? outer;
    const none = absent ?? (required ? "required" : "none");
    return { path, mode, unit, default: value === undefined ? none : inWords(value), rule: description };
}

function inWords(value: unknown): string {
    if (Array.isArray(value)) return `\`[${value.join(", ")}]\``;
    return `\`${typeof value === "object" ? JSON.stringify(value) : String(value)}\``;
}
