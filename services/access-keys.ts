import { z } from "zod";

import { keysInWords } from "./checks";

/** What the stack exports of a user's access keys. */
export const accessKeyOutputs = z.object({
    /** Id of the published key. */
    accessKeyId: z.string(),
    /** A secret in the stack's state. */
    secretAccessKey: z.string(),
    /** Ids of every key generation, the published one included; during a rotation there are two. */
    accessKeyIds: z.array(z.string()).readonly(),
    /** Those of them that AWS refuses. @default none */
    inactiveAccessKeyIds: z.array(z.string()).readonly().optional(),
});

export type AccessKeyOutputs = Readonly<z.infer<typeof accessKeyOutputs>>;

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
