import { type AccessKeyOutputs, declaredKeysInWords } from "./access-keys";
import {
    type Caller,
    type Check,
    type CheckContext,
    denied,
    type ObjectReference,
    type Place,
    type Probe,
    type VaultAddress,
} from "./checks";
import { placesInWords } from "./fields";

/** A check, by the read-only operator if nobody else is named. */
export function check(id: string, name: string, expected: string, probe: Probe, caller: Caller = "operator"): Check {
    return { id, name, caller, expected, probe };
}

export type S3Probe = Extract<Probe, { readonly kind: "s3" }>;

/** What a call to S3 answers, by the service if nobody else is named. */
export function s3Check(
    id: string,
    name: string,
    expected: string,
    probe: Omit<S3Probe, "kind">,
    caller: Caller = "service",
): Check {
    return check(id, name, expected, { kind: "s3", ...probe }, caller);
}

/** The calls that change and read objects, each with what it is called. */
export const objectCalls = [
    ["list", "list"],
    ["put", "write"],
    ["get", "read"],
    ["delete", "delete"],
] as const;

/** What S3 or IAM denies, to the service if nobody else is named. */
export function refused(id: string, name: string, probe: Probe, caller: Caller = "service"): Check {
    return check(id, name, denied, probe, caller);
}

/** That a user has one policy, which grants this, and the keys that the stack exports. */
export function userChecks(
    id: string,
    user: string,
    policy: { readonly name: string; readonly grants: string },
    keys: Partial<AccessKeyOutputs>,
): Check[] {
    const of = (aspect: "grants" | "attachments" | "groups" | "keys", name: string, expected: string) =>
        check(id, name, expected, { kind: "user", aspect, user });
    return [
        of("grants", `user's policy: ${policy.name}`, policy.grants),
        of("attachments", "user's attached policies", "none"),
        of("groups", "user's groups", "none"),
        of("keys", "user's keys", declaredKeysInWords(keys)),
    ];
}

/** That the service neither reads nor writes a bucket of another one. Nothing where the stack has no other bucket. */
export function foreignBucketChecks(id: string, { foreignBucket: bucket }: CheckContext, caller?: Caller): Check[] {
    if (bucket === undefined) return [];
    const of = (call: "list" | "get" | "put", does: string, declared: Partial<S3Probe> = {}) =>
        s3Check(id, `${does} another's ${bucket}`, denied, { call, bucket, under: "", ...declared }, caller);
    // Declared as its bucket may demand, so that only the missing right can be the cause.
    return [of("list", "list"), of("get", "read"), of("put", "write", { encryption: "AES256" })];
}

/** That the service's keys are of the stack's account. */
export function accountCheck(id: string, { accountId }: CheckContext): Check {
    return check(id, "keys belong to the stack's account", `account ${accountId}`, { kind: "account" }, "service");
}

/** That nothing of this run stays in a bucket. */
export function leftoversCheck(id: string, bucket: string): Check {
    return check(id, `nothing left in ${bucket}`, "nothing left", { kind: "leftovers", bucket }, "deployer");
}

/** Values, each with its place in an object. */
export type Values = readonly (readonly [place: Place, value: unknown])[];

/** That an object of the cluster has these values at these places; `undefined` is that it has none there. */
export function inCluster(id: string, name: string, object: ObjectReference, values: Values): Check {
    const fields = values.map(([place]) => place);
    return check(id, name, placesInWords(values), { kind: "kubernetesFields", object, fields });
}

/** That Vault has these values at a path. */
export function inVault(id: string, name: string, vault: VaultAddress, path: string, values: Values): Check {
    const fields = values.map(([place]) => place);
    return check(id, name, placesInWords(values), { kind: "vaultFields", vault, path, fields });
}
