import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { type Finding } from "./judge";

const exception = z.strictObject({
    judge: z.string(),
    /** Of the findings; in these and the next two `*` stands for any characters. */
    rules: z.array(z.string()).min(1),
    subject: z.string(),
    detail: z.string().default("*"),
    /** What alone the subject may do: statements without their effect. iamprover holds it against them. */
    only: z.array(z.record(z.string(), z.unknown())).optional(),
    reason: z.string().min(20),
    /** The last day on which it counts. */
    until: z.iso.date(),
});

/** A finding that is meant to be, why, and until when; each of its rules has to be broken. */
export type Exception = Omit<z.infer<typeof exception>, "rules"> & { readonly rule: string };

/** All exceptions there are. @throws ZodError when the file is not as it has to be */
export function readExceptions(file = join(__dirname, "exceptions.yaml")): Exception[] {
    const all = z.array(exception).parse(parse(readFileSync(file, "utf8")));
    return all.flatMap(({ rules, ...rest }) => rules.map((rule) => ({ ...rest, rule })));
}

/** Findings that no exception covers; exceptions that are over or cover nothing are findings themselves. */
export interface Sifted {
    readonly open: readonly Finding[];
    readonly excepted: number;
    readonly faults: readonly string[];
}

/**
 * @param exceptions one judge's
 * @param today a date, as `2026-12-31`
 */
export function sift(findings: readonly Finding[], exceptions: readonly Exception[], today: string): Sifted {
    const covers = ({ rule, subject, detail }: Exception, finding: Finding) =>
        glob(rule).test(finding.rule) && glob(subject).test(finding.subject) && glob(detail).test(finding.detail);
    const open = findings.filter((finding) => !exceptions.some((one) => one.until >= today && covers(one, finding)));
    const faults = exceptions.flatMap((one) => [
        ...(one.until < today ? [`the exception of ${one.rule} for ${one.subject} ended on ${one.until}`] : []),
        ...(findings.some((finding) => covers(one, finding))
            ? []
            : [`the exception of ${one.rule} for ${one.subject} is for nothing: remove it`]),
    ]);
    return { open, excepted: findings.length - open.length, faults };
}

function glob(pattern: string): RegExp {
    const literal = pattern.split("*").map((text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${literal.join("[^]*")}$`);
}
