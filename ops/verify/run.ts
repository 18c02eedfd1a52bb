import { type Probe, type ProbeKind } from "../../services/checks";
import { type Clients } from "./clients";
import { type Answer } from "./outcome";
import { type Scratch } from "./scratch";

/** What a probe works with. */
export interface ProbeRun {
    /** The clients of the check's caller. */
    readonly clients: Clients;
    /** @throws NotTried when the deployer's keys are refused */
    deployer(): Clients;
    /** @throws NotTried when the service's keys are refused */
    service(): Clients;
    readonly scratch: Scratch;
    readonly accountId: string;
    /** How long a change of rights may take to be felt. */
    readonly settleMilliseconds: number;
    /** Aborted when the run is to end: nothing more is tried then. */
    readonly stop: AbortSignal;
}

export type ProbeOf<Kind extends ProbeKind> = Extract<Probe, { kind: Kind }>;

/** What answers one kind of probe. */
export type Executor<Kind extends ProbeKind> = (probe: ProbeOf<Kind>, run: ProbeRun) => Promise<Answer>;
