// Small things that several services share.

import { json, map, text, type Property, type ResourceType, type Traits } from "../declare";
import { normalisePolicy } from "../policy-document";
import { asTags, type Tags } from "../tags";
import type { Value } from "../wire";
import type { AwsContext } from "./clients";

export type AwsType = ResourceType<AwsContext>;

/** A policy document; two that AWS would judge alike count as one. */
export const policy = (traits: Traits = {}): Property => json(traits, normalisePolicy);
export const tags = (): Property => map();
/** A resource that says no region is in its provider's. */
export const region = (): Property => text({ computed: true, replace: true });

export { bool, found, num, optional, record, records, str, texts } from "../values";

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
