import { type ServiceName, type ServiceOutputs } from "../../services";
import { type Gap } from "../../services/checks";
import { type Connection, type Keys } from "../aws/clients";
import { type ClusterAccess } from "../kubernetes/access";

export { type ClusterAccess } from "../kubernetes/access";

/** A policy that denies a service's user its invocations, attached for a trial. */
export interface ShutOff {
    readonly user: string;
    readonly policyArn: string;
}

/** Does what goes on while a shut-off is tried, and records it. */
export type WhileShutOff = <Result>(shutOff: ShutOff, trial: () => Promise<Result>) => Promise<Result>;

/** What is verified, and with whose keys. The keys of the services come from their outputs. */
export interface VerifyTarget extends Connection {
    /** The stack's account: keys of any other one are refused. */
    readonly accountId: string;
    /** @default "aws" */
    readonly partition?: string;
    /** The lines of whoever is not given are not tried. */
    readonly credentials: { readonly operator?: Keys; readonly deployer?: Keys };
    /** Keys of a service in place of those that its outputs publish. */
    readonly serviceKeys?: Readonly<Partial<Record<ServiceName, Keys>>>;
    /** What opens the cluster and its Vault; without it the cluster side is said not to have been verified. */
    readonly cluster?: { readonly operator: ClusterAccess; readonly deployer: ClusterAccess };
    /** The outputs of every service of the stack, the ones that are not verified too: their buckets must stay closed. */
    readonly outputs: Readonly<Partial<ServiceOutputs>>;
    readonly services: readonly ServiceName[];
    /** What the emulator lacks. @default nothing */
    readonly gaps?: readonly Gap[];
    /** Where somebody has asked for it, a live service's shut-off is tried; an emulator's always is. */
    readonly whileShutOff?: WhileShutOff;
    /** Called around each removal of what a run that was killed has left, to record it. @default nobody does */
    readonly removing?: (target: string, what: string, work: () => Promise<void>) => Promise<void>;
}

/** Undefined where a trial would deny a live service its invocations, and nobody has asked for it. */
export function shutOffTrial({ endpoint, whileShutOff }: VerifyTarget): WhileShutOff | undefined {
    return whileShutOff ?? (endpoint === undefined ? undefined : (_shutOff, trial) => trial());
}

/** The answer to one check. */
export interface CheckResult {
    readonly id: string;
    /** Absent for what a run could not clear up. */
    readonly service?: ServiceName;
    readonly name: string;
    readonly identity: string;
    readonly expected: string;
    readonly got: string;
    readonly ok: boolean;
    /** Whoever verifies has not given what it needs: not `ok`, and no failure either. */
    readonly notTried?: true;
    readonly note?: string;
}
