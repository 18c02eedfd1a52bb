import { isDeepStrictEqual } from "node:util";

import { type Document, isMap, isScalar, type Pair, parseDocument, type Scalar, type YAMLMap } from "yaml";

import { stackDocument, writeOutAliases } from "./document";

type Value = Readonly<Record<string, readonly string[]>>;

/**
 * The text of a stack file with another value of one setting of a service: lists by key. Everything outside of the
 * service's section stays as it is, letter by letter; inside of it comments stay.
 *
 * @param value without a key, the setting goes, and with it a section that has nothing else
 */
export function withSetting(text: string, service: string, setting: string, value: Value): string {
    return withSection(text, service, (document, path) => {
        const present = document.getIn(path, true);
        if (isDeepStrictEqual(settingOf(present, setting), value)) return;
        if (isScalar(present) && typeof present.value === "string") {
            setInText(present as Scalar<string>, setting, value);
        } else {
            setInMap(document, path, setting, value);
        }
    });
}

/**
 * The text of a stack file with a service's section as `change` makes it; everything else stays, letter by letter. What
 * the section shares by an alias is written out first: other sections keep what they say.
 *
 * @throws InfraError for what is no stack file
 */
export function withSection(
    text: string,
    service: string,
    change: (document: Document, path: readonly string[]) => void,
): string {
    const document = stackDocument(text, "The stack file");
    const section = `platform:${service}`;
    const before: unknown = document.toJS();
    writeOutAliases(document, ["config", section]);
    change(document, ["config", section]);
    if (isDeepStrictEqual(document.toJS(), before)) return text;
    const whole = document.toString(layoutOf(text));
    const spliced = splice(text, whole, section);
    // Where a section stands in an unusual place, what the file says counts for more than how it looks.
    return spliced !== undefined && saysTheSame(spliced, document) ? spliced : whole;
}

/** What the setting is now; nothing is the same as one without a key. */
function settingOf(section: unknown, setting: string): unknown {
    const value: unknown = isScalar(section) || isMap(section) ? section.toJSON() : undefined;
    const settings: unknown = typeof value === "string" ? JSON.parse(value) : value;
    return (settings as Record<string, unknown> | null | undefined)?.[setting] ?? {};
}

function saysTheSame(text: string, document: Document): boolean {
    try {
        return isDeepStrictEqual(stackDocument(text, "").toJS(), document.toJS());
    } catch {
        // What aliases of it elsewhere were written out for is not there any more.
        return false;
    }
}

/** `pulumi config set` writes a section as JSON text. */
function setInText(section: Scalar<string>, setting: string, value: Value): void {
    const settings = JSON.parse(section.value) as Record<string, unknown>;
    if (Object.keys(value).length === 0) delete settings[setting];
    else settings[setting] = value;
    section.value = JSON.stringify(settings);
}

function setInMap(document: Document, path: readonly string[], setting: string, value: Value): void {
    const place = [...path, setting];
    if (Object.keys(value).length === 0) {
        if (!document.hasIn(place)) return;
        document.deleteIn(place);
        if ((document.getIn(path, true) as YAMLMap).items.length === 0) document.deleteIn(path);
        return;
    }
    // Where there is none, or a key with nothing after it.
    if (!isMap(document.getIn(path, true))) document.setIn(path, document.createNode({}));
    if (!isMap(document.getIn(place, true))) document.setIn(place, document.createNode({}));
    const map = document.getIn(place, true) as YAMLMap;
    // An empty one is written in braces, and what is put into it would be too.
    if (map.items.length === 0) map.flow = false;
    const section = document.getIn(path, true) as YAMLMap;
    if (section.items.length === 1) section.flow = false;
    for (const key of map.items.map((pair) => String((pair.key as Scalar).value))) {
        if (!(key in value)) map.delete(key);
    }
    for (const [key, list] of Object.entries(value)) {
        const old = (map.get(key, true) as YAMLMap | undefined)?.toJSON() as unknown;
        if (!isDeepStrictEqual(old, list)) map.set(key, document.createNode(list));
    }
}

/** `text` with the section that `whole` has, or without it where that has none. */
function splice(text: string, whole: string, section: string): string | undefined {
    const present = rangeOf(text, section);
    const wanted = rangeOf(whole, section);
    const written = wanted && whole.slice(wanted.start, wanted.end);
    if (present) return text.slice(0, present.start) + (written ?? "") + text.slice(present.end);
    if (written === undefined) return text;
    const end = endOfConfig(text);
    if (end === undefined) return undefined;
    const before = text.slice(0, end);
    return `${before}${before.endsWith("\n") ? "" : "\n"}${written}${text.slice(end)}`;
}

/** From the beginning of the line with the section's key to the end of its last. */
function rangeOf(text: string, section: string): { start: number; end: number } | undefined {
    const pair = pairsOf(text).find(({ key }) => (key as Scalar).value === section);
    const key = pair?.key as Scalar | undefined;
    const end = pair && endOf(pair);
    if (!key?.range || end === undefined) return undefined;
    return { start: text.lastIndexOf("\n", key.range[0] - 1) + 1, end: endOfLine(text, end) };
}

function endOfConfig(text: string): number | undefined {
    const last = pairsOf(text).at(-1);
    const end = last && endOf(last);
    return end === undefined ? undefined : endOfLine(text, end);
}

function pairsOf(text: string): Pair[] {
    const config = parseDocument(text).get("config", true);
    return isMap(config) ? config.items : [];
}

/** Where a pair's value ends, without the comments and empty lines after it. */
function endOf({ key, value }: Pair): number | undefined {
    const node = (value ?? key) as { range?: readonly [number, number, number] | null };
    return node.range?.[1];
}

/** Past the end of the line, a comment there included; a block ends past it already. */
function endOfLine(text: string, position: number): number {
    if (text[position - 1] === "\n") return position;
    const end = text.indexOf("\n", position);
    return end === -1 ? text.length : end + 1;
}

/** How the section is indented: as the rest of the file is. */
function layoutOf(text: string) {
    const indent = /^( +)[^\s#-]/m.exec(text)?.[1].length ?? 2;
    const flatLists = /^( *)[^\s#-][^\n]*:[ \t]*\n\1- /m.test(text);
    return { lineWidth: 0, indent, indentSeq: !flatLists } as const;
}
