// How a resource type is declared: what its properties are, and what becomes of it.

import type { Properties, Value } from "./wire";

export type Shape =
    /** `normalise` gives the form in which two texts that mean the same are the same. */
    | { kind: "text"; normalise?: (value: string) => unknown }
    | { kind: "number" }
    | { kind: "flag" }
    /** A number written as text, as amounts of money are. */
    | { kind: "decimal" }
    /** JSON text; `equal` gives the form in which two texts that mean the same are the same. */
    | { kind: "json"; normalise: (document: unknown) => unknown }
    | { kind: "list"; of: Property; unordered?: boolean }
    | { kind: "map" }
    | { kind: "object"; fields: Record<string, Property> }
    | { kind: "anything" };

export interface Traits {
    required?: boolean;
    /** A change cannot be made in place. */
    replace?: boolean;
    /** What AWS takes when the property is not given. */
    default?: Value;
    /** AWS chooses a value when none is given; its choice is not drift. */
    computed?: boolean;
    /** Never told by AWS: only the program knows it. */
    writeOnly?: boolean;
    oneOf?: readonly (string | number)[];
}

export type Property = Shape & Traits;

export const text = (traits: Traits = {}): Property => ({ kind: "text", ...traits });
export const number = (traits: Traits = {}): Property => ({ kind: "number", ...traits });
export const flag = (traits: Traits = {}): Property => ({ kind: "flag", ...traits });
export const decimal = (traits: Traits = {}): Property => ({ kind: "decimal", ...traits });
export const map = (traits: Traits = {}): Property => ({ kind: "map", ...traits });
export const anything = (traits: Traits = {}): Property => ({ kind: "anything", ...traits });
export const list = (of: Property, traits: Traits = {}): Property => ({ kind: "list", of, ...traits });
export const set = (of: Property, traits: Traits = {}): Property => ({ kind: "list", of, unordered: true, ...traits });
export const object = (fields: Record<string, Property>, traits: Traits = {}): Property => ({
    kind: "object",
    fields,
    ...traits,
});
export const json = (
    traits: Traits = {},
    normalise: (document: unknown) => unknown = (document) => document,
): Property => ({
    kind: "json",
    normalise,
    ...traits,
});

/** How a resource that was given no name gets one. */
export interface AutoName {
    property: string;
    /** The property that gives only the beginning of the name. */
    prefixProperty?: string;
    maxLength: number;
    lowercase?: boolean;
    /** Ends the name: an SNS FIFO topic's must be `.fifo`. */
    suffix?: (inputs: Properties) => string;
}

/** What can be planned without any API: enough for check, diff and preview. */
export interface TypePlan {
    token: string;
    inputs: Record<string, Property>;
    /** Outputs that are no inputs. */
    outputs: readonly string[];
    /** Output → the inputs it is made of: secret where they are, unknown in a preview where they change. */
    derived?: Record<string, readonly string[]>;
    /** Output → the inputs that change it without being in it: unknown in a preview where they change, never secret. */
    movedBy?: Record<string, readonly string[]>;
    /** Secret whatever the inputs are. */
    secretOutputs?: readonly string[];
    /** Told once, at creation, and carried over from the old state ever after. */
    once?: readonly string[];
    name?: AutoName;
    /** The inputs that make up the name under which AWS knows it: while they stay, old and new cannot live together. */
    identity?: readonly string[];
    /** Takes `tags` and has `tagsAll`, into which the provider's default tags go. */
    tagged?: boolean;
    /** Accepts every property: its type's properties are not listed here. */
    open?: boolean;
    /** Faults that the official plugin finds before it calls AWS. Values may be unknown. */
    check?: (inputs: Properties) => string[];
    /** Why this type can be previewed and nothing more. */
    previewOnly?: string;
}

/** Tells the server that the resource now exists, so that a failure after this does not lose it. */
export type Created = (id: string, once?: Properties) => void;

/** What happens in the cloud. Create and update answer nothing: outputs always come from read. */
export interface Lifecycle<Context> {
    create(context: Context, inputs: Properties, created: Created): Promise<void>;
    /** Undefined when it is gone. `known` is the old state; at an import it is empty. */
    read(context: Context, id: string, known: Properties): Promise<Properties | undefined>;
    /** Puts everything as declared, since an earlier attempt may have stopped half-way. */
    update?(context: Context, id: string, inputs: Properties, known: Properties): Promise<void>;
    /** One that is gone already counts as deleted. */
    delete(context: Context, id: string, known: Properties): Promise<void>;
    /** The id of what was read, where it is not the id that was imported. */
    identify?(values: Properties): string;
}

export type ResourceType<Context> = TypePlan & Partial<Lifecycle<Context>>;

export type Invocation<Context> = (context: Context, args: Properties) => Promise<Properties>;
