// Server-side apply of what a resource declares, and what becomes of fields that somebody else has set.

import { isDeepStrictEqual } from "node:util";
import type { Asked } from "../package";
import type { Properties } from "../wire";
import type { Cluster } from "./cluster";
import type { KubernetesContext } from "./context";
import { ApiFailure, conflictRefusal, conflictsIn, type FieldConflict } from "./failure";
import { valueAt } from "./field-path";
import { annotation, metadataOf, spell, type Identity } from "./identity";
import { asStored, without } from "./live";

const PATCH_FORCE = "pulumi.com/patchForce";

export interface Application {
    identity: Identity;
    declared: Properties;
    /** The name under which the resource sets its fields. */
    manager: string;
    /** The declared fields as the state knows them; empty for a resource that is new. */
    known: Properties;
}

/** The object as it is then, or in a preview as it would be. */
export async function apply(
    context: KubernetesContext,
    cluster: Cluster,
    application: Application,
    asked: Asked,
): Promise<Properties> {
    const { identity, declared, manager, known } = application;
    const attempt = async (force: boolean): Promise<Properties> => {
        const options = { manager, force, dryRun: asked.preview };
        const answer = await cluster.apply(identity, withPlace(declared, identity), options);
        if (answer === undefined) {
            const status = { reason: "NotFound", message: `${identity.apiVersion} has no ${identity.kind}` };
            throw new ApiFailure(404, status, `apply ${spell(identity)}`);
        }
        for (const warning of answer.warnings) {
            await context.host.warn(`${spell(identity)}: ${warning}`, asked.urn);
        }
        return answer.body;
    };
    const forced = annotation(declared, PATCH_FORCE) ?? String(context.settings.patchForce);
    try {
        return await attempt(forced === "true");
    } catch (error) {
        const conflicts = conflictsIn(error);
        if (conflicts.length === 0) {
            throw error;
        }
        const live = await cluster.get(identity);
        if (live === undefined || !conflicts.every(isKnown(known, live))) {
            throw conflictRefusal(spell(identity), conflicts);
        }
        // A refresh has shown the others' values and the plan what becomes of them. The official plugin asks for
        // patchForce here too.
        return attempt(true);
    }
}

/** Whether the state knows the live value of a field, or there is none to lose. */
function isKnown(known: Properties, live: Properties): (conflict: FieldConflict) => boolean {
    const stored = asStored(known);
    return ({ field }) => {
        const present = valueAt(live, field);
        return present === undefined || present === null || isDeepStrictEqual(valueAt(stored, field), present);
    };
}

/** The declared object, in the place where it goes. */
export function withPlace(declared: Properties, { apiVersion, kind, name, namespace }: Identity): Properties {
    const metadata = without(metadataOf(declared), ["namespace"]);
    return {
        ...declared,
        apiVersion,
        kind,
        metadata: { ...metadata, name, ...(namespace === undefined ? {} : { namespace }) },
    };
}
