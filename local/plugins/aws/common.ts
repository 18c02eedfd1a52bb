// Small things that several services share.

import { json, map, text, type Property, type ResourceType, type Traits } from "../declare";
import { normalisePolicy } from "../policy-document";
import { asTags, type Tags } from "../tags";
import { clean, isRecord, type Properties, type Value } from "../wire";
import type { AwsContext } from "./clients";

export type AwsType = ResourceType<AwsContext>;

/** A policy document; two that AWS would judge alike count as one. */
export const policy = (traits: Traits = {}): Property => json(traits, normalisePolicy);
export const tags = (): Property => map();
/** A resource that says no region is in its provider's. */
export const region = (): Property => text({ computed: true, replace: true });

export function str(values: Properties, key: string): string {
    const value = values[key];
    return typeof value === "string" ? value : "";
}

export function optional(values: Properties, key: string): string | undefined {
    return str(values, key) || undefined;
}

export function num(values: Properties, key: string): number | undefined {
    const value = values[key];
    return typeof value === "number" ? value : undefined;
}

export function bool(values: Properties, key: string): boolean | undefined {
    const value = values[key];
    return typeof value === "boolean" ? value : undefined;
}

export function record(values: Properties, key: string): Properties | undefined {
    const value = values[key];
    return isRecord(value) ? value : undefined;
}

export function records(values: Properties, key: string): Properties[] {
    const value = values[key];
    return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function texts(values: Properties, key: string): string[] {
    const value = values[key];
    return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** What was read, without what was not there. */
export function found(values: Record<string, unknown>): Properties {
    return (clean(values) ?? {}) as Properties;
}

/** Tags as most services write them. */
export function tagList(value: Value | undefined): { Key: string; Value: string }[] {
    return Object.entries(asTags(value)).map(([Key, Value]) => ({ Key, Value }));
}

export function tagsFrom(list: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined): Tags {
    return Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}

/** IAM answers policy documents URL-encoded. */
export function decodeDocument(document: string | undefined): string | undefined {
    return document === undefined ? undefined : decodeURIComponent(document);
}

/** All pages of a list that is asked for by marker or token. */
export async function allPages<Page, Item>(
    ask: (token: string | undefined) => Promise<Page>,
    items: (page: Page) => readonly Item[] | undefined,
    next: (page: Page) => string | undefined,
): Promise<Item[]> {
    const all: Item[] = [];
    let token: string | undefined;
    do {
        const page = await ask(token);
        all.push(...(items(page) ?? []));
        token = next(page);
    } while (token !== undefined && token !== "");
    return all;
}
