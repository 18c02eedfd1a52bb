import { keysInWords, type Probe } from "./checks";

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

/** What a rotation of a service's keys has to know of the service. */
export interface KeyFacts<Outputs> {
    /** Name of the IAM user; undefined where the service has no static keys. */
    user(outputs: Outputs): string | undefined;
    /** Where the keys' generations stand in the service's settings. */
    readonly settings: readonly string[];
    /** A call at the service's own endpoint that its key may make, and that changes nothing. */
    probe(outputs: Outputs): Extract<Probe, { kind: "s3" | "bedrock" }>;
    /** Age in days at which the keys are due to be rotated. */
    readonly maximumAgeDays: number;
    /** What uses the keys and cannot be seen from here; undefined where everything that does is pods of the cluster. */
    unseenConsumers(outputs: Outputs): string | undefined;
}
