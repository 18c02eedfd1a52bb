import { type ServiceName } from "../../../services";
import { type OutdatedOutputs } from "../../../services/outputs";
import { type UpdateLock } from "../../recover/lock";
import { type LeftUser } from "../../verify/temporary-users";
import { type Look } from "../facts";
import { type Declaration } from "./declarations";
import { type Judgement, type Principal } from "./simulate";

/** What the stack's settings say. */
export interface AwsDeclared {
    readonly stack: string;
    /** How the tool is called, for what people are told to type. */
    readonly program: string;
    /** What people type to verify the stack, with the deployer's rights. */
    readonly verify: string;
    readonly region: string;
    readonly accountIds: readonly string[];
}

/** An update of the stack that is not at its end. */
export interface UnfinishedUpdate {
    /** Locks that updates hold; undefined where the backend does not tell. */
    readonly locks: readonly UpdateLock[] | undefined;
    /** What the engine began and never saw the end of: `creating aws:iam/accessKey:AccessKey name`. */
    readonly pending: readonly string[];
}

/** Everything that was seen of a stack's side in AWS. */
export interface AwsFacts {
    readonly now: Date;
    /** Absent where the state is in order, and where AWS was not asked either. */
    readonly update: Look<UnfinishedUpdate>;
    /** Users that a run of `infra verify` which was killed has left. */
    readonly leftUsers: Look<readonly LeftUser[]>;
    /** Why AWS was not asked; undefined where it answers. */
    readonly fault?: { readonly kind: "none" | "unreachable" | "refused"; readonly why: string };
    /** Who asks. */
    readonly caller?: { readonly arn: string; readonly accountId: string; readonly principal: Principal };
    /** What the stack declares, and what AWS has; absent where nothing is deployed, or AWS was not asked. */
    readonly declarations: Look<readonly Declaration[]>;
    /** Services that another version of the program has deployed: what they declare is not compared. */
    readonly outdated: readonly OutdatedOutputs[];
    /** Empty where the caller is not one of the stack's account: nothing else was asked then. */
    readonly services: readonly ServiceFacts[];
}

export interface ServiceFacts {
    readonly service: ServiceName;
    /** What the caller may do; absent where he may do everything. */
    readonly permissions: Look<readonly Judgement[]>;
    /** Where its buckets are. */
    readonly buckets: readonly { readonly name: string; readonly region: Look<string> }[];
    /** The keys of its user; absent where it has none. */
    readonly keys: Look<Keys>;
    /** Buckets and users of its names that exist and are not in the stack's state; absent where the state is not known. */
    readonly unmanaged: Look<readonly string[]>;
    /** Whether a run of `infra verify` was killed while it tried this service's shut-off; undefined where IAM does not say. */
    readonly trialLeft: boolean | undefined;
}

export interface Keys {
    readonly userName: string;
    /** Id of the key that the stack publishes. */
    readonly published: string;
    /** Ids of every key that the stack has made: in its outputs or, where an update is not at its end, in its state. */
    readonly known: readonly string[];
    /** Whether an update began to make a key and its end is not in the state. */
    readonly unfinished: boolean;
    readonly inIam: readonly { readonly id: string; readonly active: boolean; readonly created?: Date }[];
    /** Age in days at which the keys are due to be rotated. */
    readonly maximumAgeDays: number;
}
