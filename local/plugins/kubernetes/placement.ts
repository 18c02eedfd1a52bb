// Where an object is, or is to be: in its own namespace, in the default one, or in the cluster as a whole.

import { Refusal } from "../errors";
import type { Properties } from "../wire";
import type { Cluster } from "./cluster";
import type { KubernetesContext } from "./context";
import { isGone } from "./failure";
import { idOf, kindOf, metadataOf, spell, type Identity, type TypeToken } from "./identity";

/** What somebody is about to make, such as the definition of a kind, is there within this. */
const APPEARING_MS = 30_000;
const APPEARING_PAUSE_MS = 1000;

/** Namespaced kinds without a namespace go to the default one; what is said on a kind of the cluster is left out. */
export async function placed(
    context: KubernetesContext,
    cluster: Cluster,
    { namespace, ...identity }: Identity,
    impatient = false,
): Promise<Identity> {
    const resource = await cluster.resourceOf(identity, impatient);
    if (resource === undefined) {
        return namespace === undefined ? identity : { ...identity, namespace };
    }
    return resource.namespaced ? { ...identity, namespace: namespace ?? context.namespace } : identity;
}

export function declaredIdentity(type: TypeToken, declared: Properties): Identity {
    const { name, namespace } = metadataOf(declared);
    return {
        ...kindOf(type, declared),
        name: String(name),
        ...(typeof namespace === "string" ? { namespace } : {}),
    };
}

/** Waits a while for the kind, whose definition may have been made a moment ago, and for the object of a patch. */
export async function newIdentity(
    context: KubernetesContext,
    cluster: Cluster,
    type: TypeToken,
    declared: Properties,
): Promise<Identity> {
    const wanted = declaredIdentity(type, declared);
    return whileAppearing(cluster, async () => {
        if ((await cluster.resourceOf(wanted)) === undefined) {
            throw new Missing(
                `The API server at ${cluster.client.server} serves no ${wanted.kind} of ${wanted.apiVersion}; ` +
                    `is its CustomResourceDefinition installed?`,
            );
        }
        const identity = await placed(context, cluster, wanted);
        if (type.patch && (await cluster.get(identity)) === undefined) {
            throw new Missing(`${spell(identity)} does not exist, and a patch makes no object.`);
        }
        return identity;
    });
}

/** A whole object is made anew, or taken over where the settings say so. */
export async function refuseExisting(
    { settings }: KubernetesContext,
    cluster: Cluster,
    type: TypeToken,
    identity: Identity,
): Promise<void> {
    if (type.patch || settings.upsert || (await cluster.get(identity)) === undefined) {
        return;
    }
    throw new Refusal(
        `${spell(identity)} exists already, and not by this resource. To manage it, import it by the id ` +
            `"${idOf(identity)}" (\`pulumi import\` or the option \`import\`), or set kubernetes:upsertExistingObjects.`,
    );
}

class Missing extends Refusal {}

/** Tries again what fails for want of something that may be on its way: the official plugin does so for as long. */
export async function whileAppearing<T>(cluster: Cluster, work: () => Promise<T>): Promise<T> {
    for (const start = Date.now(); ;) {
        try {
            return await work();
        } catch (error) {
            const missing = error instanceof Missing || isGone(error);
            if (!missing || Date.now() - start >= APPEARING_MS) {
                throw error;
            }
            await cluster.client.pause(APPEARING_PAUSE_MS);
        }
    }
}
