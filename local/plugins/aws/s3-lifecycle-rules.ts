// Lifecycle rules between the provider's form and S3's, and what S3 refuses in them. Pure.

import type { LifecycleRule, LifecycleRuleFilter, StorageClass, TransitionStorageClass } from "@aws-sdk/client-s3";
import { asTags } from "../tags";
import type { Properties } from "../wire";
import { bool, num, optional, record, records, str } from "./common";

const MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema";

/** The first thing in the rules that S3 would refuse; an emulator may let it pass. */
export function faultOfRules(rules: readonly LifecycleRule[]): { code: string; message: string } | undefined {
    const ids = rules.map(({ ID }) => ID);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined) {
        return {
            code: "InvalidArgument",
            message: `Rule ID must be unique. Found same ID for more than one rule: ${twice}`,
        };
    }
    for (const rule of rules) {
        const reason = malformedBecause(rule);
        if (reason !== undefined) {
            return { code: "MalformedXML", message: `${MALFORMED} (rule ${rule.ID ?? ""}: ${reason})` };
        }
        if (!hasAction(rule)) {
            return {
                code: "InvalidRequest",
                message: `At least one action needs to be specified in a rule (rule ${rule.ID ?? ""})`,
            };
        }
    }
    return undefined;
}

function malformedBecause(rule: LifecycleRule): string | undefined {
    const { Expiration, Filter, Prefix } = rule as LifecycleRule & { Prefix?: string };
    if (Filter === undefined && Prefix === undefined) {
        return "it has neither a filter nor a prefix";
    }
    if (Filter !== undefined && Prefix !== undefined) {
        return "it has both a filter and a prefix";
    }
    if (Expiration === undefined) {
        return undefined;
    }
    const dated = Expiration.Days !== undefined || Expiration.Date !== undefined;
    if (dated && Expiration.ExpiredObjectDeleteMarker === true) {
        return "expiredObjectDeleteMarker cannot stand together with days or date: it needs a rule of its own";
    }
    if (Expiration.Days !== undefined && Expiration.Date !== undefined) {
        return "days and date cannot stand together";
    }
    const sized = Filter?.ObjectSizeGreaterThan ?? Filter?.ObjectSizeLessThan ?? Filter?.And?.ObjectSizeGreaterThan;
    if (Expiration.ExpiredObjectDeleteMarker === true && sized !== undefined) {
        return "expiredObjectDeleteMarker cannot stand together with a filter by size";
    }
    return undefined;
}

function hasAction(rule: LifecycleRule): boolean {
    return [
        rule.Expiration,
        rule.NoncurrentVersionExpiration,
        rule.AbortIncompleteMultipartUpload,
        rule.Transitions?.[0],
        rule.NoncurrentVersionTransitions?.[0],
    ].some((action) => action !== undefined);
}

export function ruleTo(rule: Properties): LifecycleRule {
    const filter = record(rule, "filter");
    const prefix = rule["prefix"];
    const expiration = record(rule, "expiration");
    const noncurrent = record(rule, "noncurrentVersionExpiration");
    const abort = record(rule, "abortIncompleteMultipartUpload");
    const transitions = records(rule, "transitions");
    const noncurrentTransitions = records(rule, "noncurrentVersionTransitions");
    return without({
        ID: str(rule, "id"),
        Status: str(rule, "status") === "Enabled" ? "Enabled" : "Disabled",
        Prefix: typeof prefix === "string" ? prefix : undefined,
        Filter: filter === undefined ? undefined : filterTo(filter),
        Expiration: expiration === undefined ? undefined : expirationTo(expiration),
        NoncurrentVersionExpiration: noncurrent === undefined ? undefined : noncurrentTo(noncurrent),
        AbortIncompleteMultipartUpload:
            abort === undefined ? undefined : without({ DaysAfterInitiation: num(abort, "daysAfterInitiation") }),
        Transitions:
            transitions.length === 0
                ? undefined
                : transitions.map((item) =>
                      without({
                          Date: dateOf(item),
                          Days: num(item, "days"),
                          StorageClass: str(item, "storageClass") as TransitionStorageClass,
                      }),
                  ),
        NoncurrentVersionTransitions:
            noncurrentTransitions.length === 0
                ? undefined
                : noncurrentTransitions.map((item) => ({
                      ...noncurrentTo(item),
                      StorageClass: str(item, "storageClass") as TransitionStorageClass,
                  })),
    }) as LifecycleRule;
}

function expirationTo(expiration: Properties) {
    return without({
        Date: dateOf(expiration),
        Days: num(expiration, "days"),
        ExpiredObjectDeleteMarker: bool(expiration, "expiredObjectDeleteMarker") === true ? true : undefined,
    });
}

function noncurrentTo(values: Properties) {
    return without({
        NoncurrentDays: num(values, "noncurrentDays"),
        NewerNoncurrentVersions: num(values, "newerNoncurrentVersions"),
    });
}

function dateOf(values: Properties): Date | undefined {
    const date = optional(values, "date");
    return date === undefined ? undefined : new Date(date);
}

function filterTo(filter: Properties): LifecycleRuleFilter {
    const tag = record(filter, "tag");
    const and = record(filter, "and");
    if (and !== undefined) {
        return { And: { ...sizes(and), ...prefixOf(and), Tags: tagPairs(and) } };
    }
    if (tag !== undefined) {
        return { Tag: { Key: str(tag, "key"), Value: str(tag, "value") } };
    }
    const bySize = sizes(filter);
    // A filter that says nothing is one on the empty prefix: every object.
    return Object.keys(bySize).length > 0 ? bySize : { Prefix: str(filter, "prefix") };
}

function sizes(values: Properties) {
    return without({
        ObjectSizeGreaterThan: num(values, "objectSizeGreaterThan"),
        ObjectSizeLessThan: num(values, "objectSizeLessThan"),
    });
}

function prefixOf(values: Properties) {
    return without({ Prefix: optional(values, "prefix") });
}

function tagPairs(values: Properties): { Key: string; Value: string }[] {
    return Object.entries(asTags(values["tags"])).map(([Key, Value]) => ({ Key, Value }));
}

export function ruleFrom(rule: LifecycleRule): Record<string, unknown> {
    const { Expiration, NoncurrentVersionExpiration, Prefix } = rule as LifecycleRule & { Prefix?: string };
    return {
        id: rule.ID,
        status: rule.Status,
        prefix: Prefix,
        filter: rule.Filter === undefined ? undefined : filterFrom(rule.Filter),
        expiration:
            Expiration === undefined
                ? undefined
                : {
                      date: Expiration.Date?.toISOString().replace(".000Z", "Z"),
                      days: Expiration.Days,
                      expiredObjectDeleteMarker: Expiration.ExpiredObjectDeleteMarker,
                  },
        noncurrentVersionExpiration:
            NoncurrentVersionExpiration === undefined
                ? undefined
                : {
                      noncurrentDays: NoncurrentVersionExpiration.NoncurrentDays,
                      newerNoncurrentVersions: NoncurrentVersionExpiration.NewerNoncurrentVersions,
                  },
        abortIncompleteMultipartUpload:
            rule.AbortIncompleteMultipartUpload === undefined
                ? undefined
                : { daysAfterInitiation: rule.AbortIncompleteMultipartUpload.DaysAfterInitiation },
        transitions: rule.Transitions?.map((item) => ({
            date: item.Date?.toISOString().replace(".000Z", "Z"),
            days: item.Days,
            storageClass: item.StorageClass satisfies StorageClass | undefined,
        })),
        noncurrentVersionTransitions: rule.NoncurrentVersionTransitions?.map((item) => ({
            noncurrentDays: item.NoncurrentDays,
            newerNoncurrentVersions: item.NewerNoncurrentVersions,
            storageClass: item.StorageClass,
        })),
    };
}

function filterFrom({ And, Tag, Prefix, ObjectSizeGreaterThan, ObjectSizeLessThan }: LifecycleRuleFilter) {
    return {
        prefix: Prefix,
        objectSizeGreaterThan: ObjectSizeGreaterThan,
        objectSizeLessThan: ObjectSizeLessThan,
        tag: Tag === undefined ? undefined : { key: Tag.Key, value: Tag.Value },
        and:
            And === undefined
                ? undefined
                : {
                      prefix: And.Prefix,
                      objectSizeGreaterThan: And.ObjectSizeGreaterThan,
                      objectSizeLessThan: And.ObjectSizeLessThan,
                      tags: Object.fromEntries((And.Tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""])),
                  },
    };
}

/** The object without its undefined members, which the SDK would write. */
function without<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
    const entries = Object.entries(values).filter(([, value]) => value !== undefined);
    return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
