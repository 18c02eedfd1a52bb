import { type Statement } from "../../services/grants";

/** The policies of an account as data: all that {@link decide} knows. */
export interface World {
    readonly identities: readonly Identity[];
    readonly resources: readonly ResourcePolicy[];
}

/** A user or a role with every policy that it has: its own, those attached to it and those of its groups. */
export interface Identity {
    readonly arn: string;
    readonly kind: "user" | "role";
    readonly policies: readonly NamedPolicy[];
    /** @default none: nothing bounds what the policies allow */
    readonly boundary?: NamedPolicy;
    /** Who may assume the role. */
    readonly trust?: NamedPolicy;
}

/** The policy of a bucket, a topic, a function's alias or a key. */
export interface ResourcePolicy {
    /** Of what has the policy; that of a bucket holds for its objects, too. */
    readonly arn: string;
    /** Twelve digits: who owns it, where its ARN does not say so, as that of a bucket. */
    readonly account?: string;
    readonly policy: NamedPolicy;
}

export interface NamedPolicy {
    readonly name: string;
    readonly document: PolicyDocument;
}

/** A policy document as IAM takes it. */
export interface PolicyDocument {
    readonly Version?: string;
    readonly Id?: string;
    readonly Statement: Statement | readonly Statement[];
}

/** One call of AWS. */
export interface AccessRequest {
    /**
     * ARN of a user or a role of the world, `anonymous`, a service of AWS such as `ecs-tasks.amazonaws.com`, or the ARN of
     * an identity provider, whose token stands for the caller.
     */
    readonly principal: string;
    /** As IAM names it, such as `s3:PutObject`. */
    readonly action: string;
    /** Its ARN, or `*` for an action without a resource level. */
    readonly resource: string;
    /** What AWS knows of the call, by condition key. A key that is left out is absent from the call. @default {} */
    readonly context?: Readonly<Record<string, string | readonly string[]>>;
    /** Policies that were given along when the caller's session began: they bound it. @default none */
    readonly session?: readonly NamedPolicy[];
}

export interface Decision {
    readonly allowed: boolean;
    /** The statement that decides; undefined where none allows the request and none denies it. */
    readonly by?: DecidingStatement;
    /** A sentence for people. */
    readonly why: string;
}

export interface DecidingStatement {
    /** Name of its policy. */
    readonly policy: string;
    /** Its place in the policy, from 1. */
    readonly statement: number;
    readonly sid?: string;
    readonly effect: "Allow" | "Deny";
}
