// What the server serves: a package's types and functions, and what becomes of its provider's settings.

import type { Invocation, ResourceType } from "./declare";
import type { Tags } from "./tags";
import type { Properties } from "./wire";

/** A provider whose settings were taken. */
export interface Configured<Context> {
    defaultTags: Tags;
    /** Never shown in an error. */
    secrets: readonly string[];
    /** For resources that say a region, theirs; else the provider's. */
    context(region?: string): Context;
    /** The region of resources that say none; undefined for a package without regions. */
    region?: string;
}

export interface Package<Context> {
    name: string;
    version: string;
    type(token: string): ResourceType<Context> | undefined;
    functions: Record<string, Invocation<Context>>;
    /** Settings that the engine must keep encrypted. */
    secretSettings: readonly string[];
    /** Faults that show before the provider is used; settings may still be unknown. */
    checkConfig(args: Properties): string[];
    /** Throws if the settings cannot be used. */
    configure(args: Properties): Promise<Configured<Context>>;
}
