// What the server serves: a package's types and functions, and what becomes of its provider's settings.

import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Checked } from "./check";
import type { Invocation, ResourceType } from "./declare";
import type { Difference } from "./diff";
import type { NameRequest } from "./names";
import type { Tags } from "./tags";
import type { Properties, Received } from "./wire";

/** The engine that runs the plugin. */
export interface Host {
    /** Shows a warning to the user, at the resource if one is named. */
    warn(message: string, urn?: string): Promise<void>;
    /** Aborted when the user has interrupted the run. */
    readonly cancelled: AbortSignal;
}

/** What the engine says of one call besides the resource's properties. */
export interface Asked {
    urn: string;
    preview: boolean;
    /** From the resource option `customTimeouts`. */
    timeoutSeconds?: number;
}

export interface Found {
    id: string;
    outputs: Struct;
    inputs: Struct;
}

/** The life of the resources of one type, as the engine asks for it. */
export interface ResourceCalls {
    check(news: Received, olds: Properties | undefined, request: NameRequest): Promise<Checked> | Checked;
    diff(oldInputs: Properties, newInputs: Properties, oldOutputs: Properties): Difference;
    create(inputs: Received, asked: Asked): Promise<{ id: string; outputs: Struct }>;
    /** Undefined when it is gone. */
    read(id: string, state: Received, inputs: Received | undefined): Promise<Found | undefined>;
    update(id: string, oldInputs: Received, news: Received, state: Received, asked: Asked): Promise<Struct>;
    delete(id: string, state: Received, oldInputs: Received, asked: Asked): Promise<void>;
}

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
    /** For a package whose types are not declared one by one; `type` is asked for all that this does not know. */
    calls?(token: string, settings: Configured<Context>): ResourceCalls | undefined;
    functions: Record<string, Invocation<Context>>;
    /** Settings that the engine must keep encrypted. */
    secretSettings: readonly string[];
    /** Faults that show before the provider is used; settings may still be unknown. */
    checkConfig(args: Properties): string[];
    /** Throws if the settings cannot be used. */
    configure(args: Properties, host: Host): Promise<Configured<Context>>;
    /** Leaves nothing behind; called before the process ends. */
    end?(): Promise<void>;
}
