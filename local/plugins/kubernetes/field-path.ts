// Fields as the API server names them in a conflict: `.spec.containers[name="a"].image`. Pure.

import { isDeepStrictEqual } from "node:util";
import { isRecord, type Value } from "../wire";

/** The value at a field, or undefined. Keys are not quoted, so that the longest one that fits is taken. */
export function valueAt(value: Value | undefined, field: string): Value | undefined {
    if (field === "" || value === undefined) {
        return value;
    }
    if (field.startsWith(".") && isRecord(value)) {
        const rest = field.slice(1);
        const key = Object.keys(value)
            .filter((one) => rest === one || rest.startsWith(`${one}.`) || rest.startsWith(`${one}[`))
            .sort((left, right) => right.length - left.length)[0];
        return key === undefined ? undefined : valueAt(value[key], rest.slice(key.length));
    }
    const element = /^\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]/.exec(field);
    if (element === null || !Array.isArray(value)) {
        return undefined;
    }
    const rest = field.slice(element[0].length);
    return valueAt(elementOf(value, element[1] ?? ""), rest);
}

/** `0`, `="value"`, `name="a"` or `containerPort=80,protocol="TCP"`. */
function elementOf(list: Value[], selector: string): Value | undefined {
    if (/^\d+$/.test(selector)) {
        return list[Number(selector)];
    }
    const parts = [...selector.matchAll(/([^=,]*)=("(?:[^"\\]|\\.)*"|[^,]*)/g)];
    const wanted = parts.map(([, key = "", text = ""]) => [key, parse(text)] as const);
    return list.find((item) =>
        wanted.every(([key, expected]) =>
            // A key that is not declared has its default, which only the API server knows.
            key === ""
                ? isDeepStrictEqual(item, expected)
                : isRecord(item) && (item[key] === undefined || isDeepStrictEqual(item[key], expected)),
        ),
    );
}

function parse(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}
