import { readFileSync } from "node:fs";
import { basename } from "node:path";

import {
    type Alias,
    type Document,
    isAlias,
    isMap,
    isNode,
    isScalar,
    isSeq,
    LineCounter,
    type Node,
    type Pair,
    parseDocument,
    visit,
    type YAMLMap,
} from "yaml";

import { exitCodes, InfraError } from "../common/errors";

/**
 * Reads a stack file.
 *
 * @throws InfraError where it cannot be read, and as {@link stackDocument}
 */
export function readStackDocument(path: string): Document.Parsed {
    let text: string;
    try {
        text = readFileSync(path, "utf8");
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw unfit(`The stack file ${path} cannot be read (${code}).`, "Correct its path or its permissions.");
    }
    return stackDocument(text, basename(path));
}

/**
 * Parses a stack file as the engine reads it.
 *
 * @param name what it is called, for the messages
 * @throws InfraError with line and column for what is no YAML, is no stack file, or what the engine reads as something
 * else
 */
export function stackDocument(text: string, name: string): Document.Parsed {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
    const at = (offset: number) => {
        const { line, col } = lines.linePos(offset);
        return `${name}:${line}:${col}`;
    };
    const [error] = document.errors;
    if (error) throw unfit(`${at(error.pos[0])}: ${error.message}.`, fixes[error.code] ?? "Correct it.");
    const config: unknown = isMap(document.contents) ? document.get("config", true) : undefined;
    if (!isMap(config)) {
        throw unfit(
            `${name} has no section \`config:\` with settings in it.`,
            "docs/deploying.md says what a stack file has.",
        );
    }
    visit(document, {
        Scalar(_, { source, type, range, tag }) {
            if (type !== "PLAIN" || tag !== undefined || !isReadDifferently(source ?? "")) return;
            throw unfit(
                `${at(range![0])}: the engine does not read ${source} as it looks: a number with a zero or a sign of its base ` +
                    "before it, or _ in it, is another number to it, and a day a moment.",
                "Put it in quotes if it is text, or write the number without.",
            );
        },
    });
    try {
        JSON.stringify(document.toJS());
    } catch (fault) {
        // An alias that leads nowhere, that contains itself, or that would make the file endless.
        throw unfit(`${name}: ${(fault as Error).message.split("\n")[0]}.`, "Write out what the alias stands for.");
    }
    return document;
}

const fixes: Readonly<Record<string, string>> = {
    DUPLICATE_KEY: "Leave one of the two out.",
    TAB_AS_INDENT: "Indent with blanks.",
    MULTIPLE_DOCS: "A stack has one document: leave out what follows `---`.",
};

/**
 * Whether the engine (Go, yaml.v3, which follows YAML 1.1 here) makes something else of a plain scalar than YAML 1.2:
 * octal numbers with a zero before them, `_` between digits, other bases, timestamps.
 */
function isReadDifferently(source: string): boolean {
    return (
        /^[-+]?0[0-7_]+$/.test(source) ||
        /^[-+]?0([bB][01_]+|[oO][0-7_]+|[xX][\da-fA-F_]+)$/.test(source) ||
        (source.includes("_") && /^[-+]?(\.\d+|\d+(\.\d*)?)(e[-+]?\d+)?$/i.test(source.replaceAll("_", ""))) ||
        /^\d{4}-\d\d?-\d\d?([Tt ].*)?$/.test(source)
    );
}

const unfit = (reason: string, fix: string) => new InfraError(exitCodes.usage, reason, fix);

/**
 * Writes out what a part of a document shares with other places by aliases and merge keys, there and here, so that a
 * change of it changes nothing else. What the document says stays the same.
 */
export function writeOutAliases(document: Document, path: readonly string[]): void {
    const around = document.getIn(path.slice(0, -1), true);
    // The part itself may come from a merge key of what it is in.
    if (isMap(around)) mergeWhole(around, document);
    const own = document.getIn(path, true);
    if (!isNode(own)) return;
    if (isAlias(own)) document.setIn(path, copyOf(own, document));
    const part = document.getIn(path, true) as Node;
    visit(part, { Alias: (_, alias) => copyOf(alias, document) });
    const shared = new Set<unknown>();
    visit(part, { Node: (_, node) => void shared.add(node) });
    visit(document, {
        Alias: (_, alias) => (shared.has(alias.resolve(document)) ? copyOf(alias, document) : undefined),
    });
    visit(part, withoutAnchors);
    visit(document, { Map: (_, map) => mergeInto(map) });
}

/** Puts what a map merges into it, aliases too; what is in the merged maps is left as it is. */
function mergeWhole(map: YAMLMap, document: Document): void {
    for (const merge of map.items.filter(isMerge)) {
        const { value } = merge;
        if (isAlias(value)) merge.value = copyOf(value, document);
        else if (isSeq(value)) value.items = value.items.map((item) => (isAlias(item) ? copyOf(item, document) : item));
    }
    mergeInto(map);
}

/** A copy that nobody refers to; aliases in it are still to be written out. */
function copyOf(alias: Alias, document: Document): Node {
    const copy = alias.resolve(document)!.clone() as Node;
    visit(copy, withoutAnchors);
    return copy;
}

const withoutAnchors = {
    Node(_: unknown, node: Node): void {
        if (!isAlias(node)) delete (node as { anchor?: string }).anchor;
    },
};

/** Puts the pairs of what a map merges into it, where it has none of its own of that name; aliases are left. */
function mergeInto(map: YAMLMap): void {
    for (const merge of map.items.filter(isMerge)) {
        const others: unknown[] = isSeq(merge.value) ? merge.value.items : [merge.value];
        if (!others.every(isMap)) continue;
        map.items.splice(map.items.indexOf(merge), 1);
        for (const other of others) {
            mergeInto(other);
            for (const pair of other.items) if (!map.has(pair.key)) map.items.push(pair.clone());
        }
    }
}

const isMerge = ({ key }: Pair) => isScalar(key) && typeof key.value === "symbol";
