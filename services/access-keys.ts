import { keysInWords } from "./checks";

/** What the stack exports of a user's access keys. */
export interface AccessKeyOutputs {
    /** Id of the published key. */
    readonly accessKeyId: string;
    /** A secret in the stack's state. */
    readonly secretAccessKey: string;
    /** Ids of every key generation, the published one included; during a rotation there are two. */
    readonly accessKeyIds: readonly string[];
    /** Those of them that AWS refuses. @default none */
    readonly inactiveAccessKeyIds?: readonly string[];
}

/** The keys that a user must have, by whether they are in force. */
export function declaredKeysInWords({
    accessKeyIds = [],
    inactiveAccessKeyIds = [],
}: Partial<Pick<AccessKeyOutputs, "accessKeyIds" | "inactiveAccessKeyIds">>): string {
    const active = accessKeyIds.filter((id) => !inactiveAccessKeyIds.includes(id));
    return keysInWords(active, inactiveAccessKeyIds);
}

/**
 * A call that shows that AWS takes a key, and changes nothing: one of those that need no object to be there. A service
 * whose key may list nothing asks whose the key is, which AWS tells any key.
 */
export type KeyProbe =
    | { readonly kind: "s3"; readonly call: "list"; readonly bucket: string; readonly under: string }
    | { readonly kind: "bedrock"; readonly call: "list" }
    | { readonly kind: "account" };

/** What a rotation of a service's keys has to know of the service. */
export interface KeyFacts<Outputs> {
    /** Name of the IAM user; undefined where the service has no static keys. */
    user(outputs: Outputs): string | undefined;
    /** Where the keys' generations stand in the service's settings. */
    readonly settings: readonly string[];
    /** What the service's key may do, by its grants. */
    probe(outputs: Outputs): KeyProbe;
    /** Age in days at which the keys are due to be rotated. */
    readonly maximumAgeDays: number;
    /** What uses the keys and cannot be seen from here; undefined where everything that does is pods of the cluster. */
    unseenConsumers(outputs: Outputs): string | undefined;
}
