import { type Caller, type ClusterProbe, type Probe, type ProbeKind } from "../../services/checks";
import { type Clients, type Keys } from "../aws/clients";
import { type Cluster } from "./cluster";
import { type Answer } from "./outcome";
import { type Scratch } from "./scratch";
import { type WhileShutOff } from "./target";

/** What a probe works with. */
export interface ProbeRun {
    /** The clients of the check's caller. */
    readonly clients: Clients;
    /** @throws NotTried when the deployer's keys are refused */
    deployer(): Clients;
    /** @throws NotTried when the service's keys are refused */
    service(): Clients;
    /** The clients of keys that a probe was given by AWS. */
    clientsOf(keys: Keys): Clients;
    readonly scratch: Scratch;
    readonly accountId: string;
    /** How long a change of rights may take to be felt. */
    readonly settleMilliseconds: number;
    /** Undefined where no shut-off is to be tried. */
    readonly whileShutOff?: WhileShutOff;
    /** Aborted when the run is to end: nothing more is tried then. */
    readonly stop: AbortSignal;
}

export type ProbeOf<Kind extends ProbeKind> = Extract<Probe, { kind: Kind }>;

/** What answers one kind of probe. */
export type Executor<Kind extends ProbeKind> = (probe: ProbeOf<Kind>, run: ProbeRun) => Promise<Answer>;

/** What a probe of the cluster side works with. */
export interface ClusterRun {
    readonly cluster: Cluster;
    /** Whose eyes it looks through. */
    readonly caller: Caller;
    /** Part of the name of what it makes. */
    readonly runId: string;
}

/** What answers one kind of probe of the cluster side. */
export type ClusterExecutor<Kind extends ClusterProbe["kind"]> = (
    probe: Extract<ClusterProbe, { kind: Kind }>,
    run: ClusterRun,
) => Promise<Answer>;
