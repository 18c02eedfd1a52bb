import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { type Document, isMap, LineCounter, parseDocument, visit } from "yaml";

import { exitCodes, InfraError } from "../cli/errors";

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
