import { type AccessKeySettings } from "../../components/scoped-identity/access-keys";

/** An access key of the user, as IAM has it. */
export interface UserKey {
    readonly id: string;
    /** Undefined where the stack does not know the key. */
    readonly generation?: number;
    readonly active: boolean;
    readonly created: Date;
    /** Undefined where IAM has not seen it used, or does not tell. */
    readonly lastUsed?: Date;
}

/** Something that shows whether the old key is still used. */
export interface Evidence {
    /** What has to hold, and what was seen. */
    readonly what: string;
    readonly holds: boolean;
    /** Before then it cannot hold; undefined where that depends on others. */
    readonly notBefore?: Date;
}

/** Everything that decides on the next step. */
export interface Situation {
    readonly now: Date;
    /** The stack's file, in words for people. */
    readonly fileName: string;
    /** The settings in the stack's file. */
    readonly settings: AccessKeySettings;
    /** What the user's tag says was applied last; undefined where it has none. */
    readonly applied?: AccessKeySettings;
    readonly keys: readonly UserKey[];
    /** Whether the stack hands out the key that its settings publish. */
    readonly publishedAsDeclared: boolean;
    /** Whether AWS lets the published key do what the service does with it. */
    readonly publishedWorks: boolean;
    readonly publishedFault?: string;
    /** What shows that the old key is not used any more. */
    readonly evidence: readonly Evidence[];
    /** Files of consumers that do not have the published key. @default none */
    readonly staleFiles?: readonly string[];
    /** Who uses the keys and cannot be seen; undefined where nobody does. */
    readonly unseen?: string;
    /** Whether somebody has said that these have the new key. */
    readonly confirmed: boolean;
    /** How long the old key stays, inactive, before it is deleted. */
    readonly graceSeconds: number;
}
