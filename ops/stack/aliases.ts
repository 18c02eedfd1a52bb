import {
    type Alias,
    type Document,
    isAlias,
    isMap,
    isNode,
    isScalar,
    isSeq,
    type Node,
    type Pair,
    visit,
    type YAMLMap,
} from "yaml";

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
