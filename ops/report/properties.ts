import { namesSecret } from "../../policy-pack/secret-name";

/** A property of a resource as a reader is shown it. */
export interface Property {
    readonly name: string;
    /** Text as it is, anything else as JSON of two blanks' indent; `[secret]` in place of what is secret. */
    readonly value: string;
}

/** Characters of a value beyond which it is cut: a report is read, and the state has the rest. */
const longest = 6_000;

/**
 * What a resource was declared with, without what the provider adds by itself.
 *
 * A value is secret where the engine says so, where the resource declares its output of that name to be, and, in case
 * neither does, where its name is that of a secret.
 */
export function propertiesOf(
    inputs: Readonly<Record<string, unknown>>,
    secretNames: ReadonlySet<string> = new Set(),
): Property[] {
    return Object.entries(inputs).flatMap(([name, value]) => {
        if (name.startsWith("__") || value === null || value === undefined) return [];
        return [{ name, value: cut(words(isSecret(inputs, name, secretNames) ? secret : shown(value, secretNames))) }];
    });
}

const secret = "[secret]";

/** The key by which the engine marks special values in its state, and what it marks them as. */
const mark = "4dabf18193072939515e22adb298388d";
const assetMark = "c44067f5952c0a294b673a41bacd8c17";
const archiveMark = "0def7320c3a5731c473e5ecbe6d01bc7";

/** What a value may be looked at. Files are told by their hashes: their paths are those of whoever deployed. */
function shown(value: unknown, secretNames: ReadonlySet<string>): unknown {
    if (Array.isArray(value)) return value.map((element) => shown(element, secretNames));
    if (typeof value === "string") return embedded(value, secretNames);
    if (typeof value !== "object" || value === null) return value;
    const holder = value as Readonly<Record<string, unknown>>;
    const { [mark]: kind, hash } = holder;
    if (kind === assetMark || kind === archiveMark) {
        return `${kind === assetMark ? "file" : "archive"}, SHA-256 ${String(hash).slice(0, 12)}…`;
    }
    if (kind !== undefined) return secret;
    return Object.fromEntries(
        Object.entries(holder).flatMap(([key, inner]) => {
            if (key.startsWith("__")) return [];
            return [[key, isSecret(holder, key, secretNames) ? secret : shown(inner, secretNames)]];
        }),
    );
}

/** A policy and the like: JSON in a text is shown as what it says. */
function embedded(text: string, secretNames: ReadonlySet<string>): unknown {
    if (!/^\s*[{[]/.test(text)) return text;
    try {
        return shown(JSON.parse(text), secretNames);
    } catch {
        return text;
    }
}

/** Whether what an object has by a key is secret. A container's variable is an object with its name and its value. */
function isSecret(holder: Readonly<Record<string, unknown>>, key: string, secretNames: ReadonlySet<string>): boolean {
    if (secretNames.has(key)) return true;
    const name = key === "value" && typeof holder.name === "string" ? holder.name : key;
    return namesSecret(name) && !isReference(holder[key]);
}

/** A reference to a secret names where it is and holds none: an object, or a switch. */
const isReference = (value: unknown) =>
    typeof value === "boolean" || (typeof value === "object" && value !== null && !(mark in value));

const words = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value, undefined, 2));

const cut = (text: string) => (text.length <= longest ? text : `${text.slice(0, longest)}…`);
