import { type Overwrite } from "./compare";
import { type Expiring } from "./expiry";
import { type Refusal } from "./refusals";
import { type AdoptSettings } from "./settings";

/** Parts of a bucket or a user. */
export interface ResourceParts {
    /** `bucket <name>` or `user <name>`. */
    readonly resource: string;
    /** Key of `adopt`. */
    readonly setting: string;
    readonly parts: readonly string[];
}

/** What `infra adopt` found, and what would follow; the JSON of the command. */
export interface Report {
    readonly stack: string;
    readonly service: string;
    /** Exists and is not the stack's. */
    readonly found: readonly ResourceParts[];
    readonly alreadyManaged: readonly ResourceParts[];
    /** Declared, and neither there nor the stack's: an update creates it. */
    readonly absent: readonly string[];
    readonly overwrites: readonly Overwrite[];
    /** What the lifecycles would remove now. */
    readonly expires: {
        /** Versions and unfinished uploads too. */
        readonly objects: number;
        readonly bytes: number;
        readonly rules: readonly (Expiring & { readonly bucket: string })[];
    };
    /** What an update leaves as it is, in words: keys and rights that are not the stack's. */
    readonly kept: readonly string[];
    readonly refused: readonly Refusal[];
    /** `platform:<service>.adopt` as it has to be. */
    readonly settings: AdoptSettings;
    readonly dryRun: boolean;
}
