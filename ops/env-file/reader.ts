/** One assignment of a file of variables. */
export interface Assignment {
    readonly name: string;
    /** Undefined for a name without `=`, from which on the variable is not set. */
    readonly value: string | undefined;
    /** The value before `${…}` in it was expanded. */
    readonly written: string | undefined;
    /** Where the name starts in the text. */
    readonly at: number;
    /** Where the value stands in the text, with its quotes; behind the name where there is none. */
    readonly start: number;
    readonly end: number;
    /** The comment behind it, which its writer may have meant to be of the value. */
    readonly rest?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

// What Python takes for white space: JavaScript's \s has the byte order mark and lacks some control characters.
const space = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;
const blank = `(?:(?![\\r\\n])[${space}])`;

const pattern = {
    gap: new RegExp(`[${space}]*`, "y"),
    export: new RegExp(`export${blank}+`, "y"),
    quotedName: /'([^']+)'/y,
    name: new RegExp(`([^=#${space}]+)`, "y"),
    blanks: new RegExp(`${blank}*`, "y"),
    equals: new RegExp(`=${blank}*`, "y"),
    single: /'((?:\\'|[^'])*)'/y,
    double: /"((?:\\"|[^"])*)"/y,
    plain: /[^\r\n]*/y,
    comment: new RegExp(`${blank}*#[^\\r\\n]*`, "y"),
    lineEnd: new RegExp(`${blank}*(?:\\r\\n|\\n|\\r|$)`, "y"),
    restOfLine: /[^\r\n]*(?:\r\n|\n|\r|$)/y,
} as const;

/**
 * The assignments of a file of variables as python-dotenv 1.1 reads them, which is what the services read theirs with:
 * no reader on npm does. A `#` belongs to a value unless white space is before it; a line that is no assignment is passed
 * over; `${NAME}` and `${NAME:-default}` are expanded in every value, in quotes too, from the environment and the
 * assignments before.
 *
 * @param environment what the process that loads the file has set already
 */
export function assignmentsOf(text: string, environment: Environment = {}): Assignment[] {
    const found: Assignment[] = [];
    const values = new Map<string, string | undefined>();
    const lookup = (name: string, otherwise = "") =>
        environment[name] ?? (values.has(name) ? (values.get(name) ?? "") : otherwise);
    for (const { assignment } of linesOf(text)) {
        if (!assignment) continue;
        const value = assignment.written && expanded(assignment.written, lookup);
        values.set(assignment.name, value);
        found.push({ ...assignment, value });
    }
    return found;
}

/** The variables that a text sets; of several assignments the last counts. */
export function parseVariables(text: string, environment: Environment = {}): Record<string, string> {
    const last = new Map(assignmentsOf(text, environment).map(({ name, value }) => [name, value]));
    return Object.fromEntries([...last].filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Numbers of the lines, from 1, that are neither empty nor a comment and set nothing: a quote that is not closed, say. */
export function unreadLines(text: string): number[] {
    return linesOf(text)
        .filter(({ unread }) => unread)
        .map(({ start }) => text.slice(0, start).split(/\r\n|\r|\n/).length);
}

function linesOf(text: string): Line[] {
    const lines: Line[] = [];
    for (let at = 0; at < text.length; at = lines.at(-1)!.end) lines.push(new Line(text, at));
    return lines;
}

/** A line, or where a value in quotes has several, these; and the empty ones before. */
class Line {
    /** Where its first word starts. */
    readonly start: number;
    /** Where what comes after it starts. */
    end: number;
    readonly assignment?: Omit<Assignment, "value">;
    readonly unread: boolean;

    constructor(
        private readonly text: string,
        at: number,
    ) {
        this.end = at;
        this.take(pattern.gap);
        this.start = this.end;
        this.assignment = this.read();
        this.unread = !this.assignment && this.start < text.length && text[this.start] !== "#";
    }

    private read(): Omit<Assignment, "value"> | undefined {
        this.take(pattern.export);
        const at = this.end;
        const name = this.take(this.text[at] === "'" ? pattern.quotedName : pattern.name)?.[1];
        const nameEnd = this.end;
        this.take(pattern.blanks);
        const value = name !== undefined && this.take(pattern.equals) ? this.value() : { start: nameEnd, end: nameEnd };
        const rest = value && this.take(pattern.comment)?.[0];
        // What stands behind a value in quotes and is no comment spoils the line.
        if (name !== undefined && value && this.take(pattern.lineEnd)) {
            return { name: withoutReturns(name), at, written: undefined, rest, ...value };
        }
        this.take(pattern.restOfLine);
        return undefined;
    }

    /** Undefined where a quote is not closed. */
    private value(): Pick<Assignment, "written" | "start" | "end"> | undefined {
        const start = this.end;
        const quote = this.text[start];
        if (quote === "'" || quote === '"') {
            const inside = this.take(quote === "'" ? pattern.single : pattern.double)?.[1];
            if (inside === undefined) return undefined;
            return { written: unescaped(withoutReturns(inside), quote), start, end: this.end };
        }
        const [all] = this.take(pattern.plain)!;
        const written = all.replace(comment, "").replace(trailing, "");
        this.end = start + written.length;
        return { written, start, end: this.end };
    }

    private take(what: RegExp): RegExpExecArray | undefined {
        what.lastIndex = this.end;
        const match = what.exec(this.text);
        if (match) this.end = what.lastIndex;
        return match ?? undefined;
    }
}

const comment = new RegExp(`[${space}]+#.*`, "s");
const trailing = new RegExp(`[${space}]+$`);

const escapes: Readonly<Record<string, string>> = {
    a: "\x07",
    b: "\b",
    f: "\f",
    n: "\n",
    r: "\r",
    t: "\t",
    v: "\v",
};

function unescaped(inside: string, quote: "'" | '"'): string {
    return quote === "'"
        ? inside.replace(/\\([\\'])/g, "$1")
        : inside.replace(/\\([\\'"abfnrtv])/g, (_, letter: string) => escapes[letter] ?? letter);
}

/** Python reads every line end of a file as \n. */
const withoutReturns = (text: string) => text.replace(/\r\n?/g, "\n");

function expanded(value: string, lookup: (name: string, otherwise?: string) => string): string {
    return value.replace(/\$\{([^}:]*)(?::-([^}]*))?\}/g, (_, name: string, otherwise?: string) =>
        lookup(name, otherwise),
    );
}
