import { readFileSync } from "node:fs";

import { type Document, parseDocument } from "yaml";

import { writeAtomically } from "./files";

/**
 * Changes a stack's file: comments, order and everything that is not changed stay.
 *
 * @param change is given the whole document
 */
export function editStackFile(file: string, change: (document: Document) => void): void {
    const document = parseDocument(readFileSync(file, "utf8"));
    change(document);
    writeAtomically(file, document.toString({ lineWidth: 0 }), 0o644);
}
