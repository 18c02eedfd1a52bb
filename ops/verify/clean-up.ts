import { callsAtOnce, mapBounded } from "../aws/pool";
import { type Identity } from "./identities";
import { endLeftTrials, removeLeftUsers } from "./left";
import { failureAnswer } from "./outcome";
import { type Planned } from "./plan";
import { removeLeftObjects, type Scratch, type ScratchPlace } from "./scratch";
import { type CheckResult, type VerifyTarget } from "./target";

/** Removes what runs before this one have left; what cannot be removed becomes a failed line of its own. */
export async function leftByOthers(
    planned: readonly Planned[],
    { removing = (_target, _what, work) => work() }: VerifyTarget,
    identities: ReadonlyMap<string, Identity>,
): Promise<CheckResult[]> {
    const deployer = () => identities.get("deployer")!.clients();
    const trials = planned.flatMap(({ check: { probe } }) => (probe.kind === "shutOff" ? [probe] : []));
    const removals: Removal[] = [
        // First what keeps a service from its work.
        {
            what: "shut-offs that killed runs tried",
            remove: async () => endLeftTrials(deployer().iam, trials, removing),
            staying: [],
        },
        { what: "users of killed runs", remove: async () => removeLeftUsers(deployer().iam, removing), staying: [] },
        ...placesOf(planned).map((place) => ({
            what: `objects of killed runs in ${place.bucket}/${place.under}`,
            remove: async () => removeLeftObjects(deployer().s3, place, new Date(), removing),
            staying: [],
        })),
    ];
    return (await mapBounded(removals, callsAtOnce, faultOf)).flat();
}

/** Where runs of these checks put objects: in what they clear up, under what they try. */
function placesOf(planned: readonly Planned[]): ScratchPlace[] {
    const probes = planned.map(({ check }) => check.probe);
    const cleared = probes.flatMap((probe) => (probe.kind === "leftovers" ? [probe.bucket] : []));
    const places = probes.flatMap((probe) =>
        probe.kind === "s3" && cleared.includes(probe.bucket)
            ? [{ bucket: probe.bucket, under: probe.under ?? "" }]
            : [],
    );
    return [...new Map(places.map((place) => [`${place.bucket}/${place.under}`, place])).values()];
}

/** Removes what a run made; what could not be removed becomes a failed line of its own. */
export async function clearUp(
    identities: ReadonlyMap<string, Identity>,
    users: ReadonlyMap<string, () => Promise<void>>,
    scratch: Scratch,
): Promise<CheckResult[]> {
    const tasks: Removal[] = [
        ...scratch.buckets.map((bucket) => ({
            what: `objects in ${bucket}`,
            remove: async () => scratch.remove(identities.get("deployer")!.clients().s3, bucket),
            staying: scratch.stayingIn(bucket).map((key) => `s3://${bucket}/${key}`),
        })),
        ...[...users].map(([what, remove]) => ({ what, remove, staying: [] })),
    ];
    return (await mapBounded(tasks, callsAtOnce, faultOf)).flat();
}

interface Removal {
    readonly what: string;
    readonly remove: () => Promise<unknown>;
    /** What their writers could not remove themselves. */
    readonly staying: readonly string[];
}

async function faultOf({ what, remove, staying }: Removal): Promise<CheckResult[]> {
    try {
        await remove();
        return [];
    } catch (error) {
        const answer = failureAnswer(error);
        // Where the deployer is nobody, or refused, its checks say so.
        if ((answer.notTried || answer.refused) && staying.length === 0) return [];
        const note = staying.length > 0 ? { note: `Left there: ${staying.join(", ")}.` } : {};
        return [
            { id: "clean-up", name: what, identity: "deployer", expected: "removed", ok: false, ...answer, ...note },
        ];
    }
}
