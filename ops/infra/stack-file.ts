import { type Document, isMap, isScalar, parseDocument, type Scalar, type YAMLMap } from "yaml";

type Value = Readonly<Record<string, readonly string[]>>;

/**
 * The text of a stack file with another value of one setting of a service: lists by key. Comments and layout of
 * everything else stay.
 *
 * @param value without a key, the setting goes, and with it a section that has nothing else
 */
export function withSetting(text: string, service: string, setting: string, value: Value): string {
    const document = parseDocument(text);
    const path = ["config", `platform:${service}`];
    const section = document.getIn(path, true);
    if (isScalar(section) && typeof section.value === "string") setInText(section as Scalar<string>, setting, value);
    else setInMap(document, path, setting, value);
    return document.toString(layoutOf(text));
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
        if (document.hasIn(place)) document.deleteIn(place);
        const section = document.getIn(path, true);
        if (isMap(section) && section.items.length === 0) document.deleteIn(path);
        return;
    }
    const present = document.getIn(path, true);
    // A key with nothing after it stands for an empty section.
    if (present !== undefined && !isMap(present)) document.setIn(path, document.createNode({}));
    if (!isMap(document.getIn(place, true))) document.setIn(place, document.createNode({}));
    const map = document.getIn(place, true) as YAMLMap;
    for (const key of map.items.map((pair) => String((pair.key as Scalar).value))) {
        if (!(key in value)) map.delete(key);
    }
    for (const [key, list] of Object.entries(value)) {
        const same = JSON.stringify((document.getIn([...place, key], true) as YAMLMap | undefined)?.toJSON());
        if (same !== JSON.stringify(list)) map.set(key, document.createNode(list, { flow: true }));
    }
}

/** How the file is indented: else every line of it would change. */
function layoutOf(text: string) {
    const indent = /^( +)[^\s#-]/m.exec(text)?.[1].length ?? 2;
    const flatLists = /^( *)[^\s#-][^\n]*:[ \t]*\n\1- /m.test(text);
    return { lineWidth: 0, indent, indentSeq: !flatLists } as const;
}
