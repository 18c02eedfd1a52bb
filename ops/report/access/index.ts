import { type ServiceOutputs } from "../../../services";
import { type Settings } from "../../../stacks/settings";
import { partitionOf } from "../../../components/arn";
import { NotModelled } from "../../access/not-modelled";
import { type NamedPolicy, type World } from "../../access/world";
import { worldOf } from "../../access/world-of";
import { type ExportedState } from "../../recover/state";
import { deployerPolicy } from "../../rights/deployer";
import { operatorPolicy } from "../../rights/operator";
import { type ReportResource } from "../resources";
import { type AccessMatrix, matrixOf, type Principal } from "./matrix";
import { requestsOf } from "./requests";

/** Who may do what, or why it is not said. */
export type Access = ({ readonly known: true } & AccessMatrix) | { readonly known: false; readonly reason: string };

export interface AccessInputs {
    readonly exported: ExportedState;
    readonly settings: Settings;
    readonly resources: readonly ReportResource[];
    readonly outputs: Partial<ServiceOutputs>;
}

/**
 * Decides from the policies in a stack's state who may do what: every identity of the stack, the deployer and the
 * operator with the rights that this program names for them, AWS's services, somebody whose own account lets him do
 * everything to what is in this one, and anonymous.
 */
export function accessOf({ exported, settings, resources, outputs }: AccessInputs): Access {
    const account = accountIn(resources);
    if (account === undefined) {
        return { known: false, reason: "The stack's state has no identity and no bucket of AWS." };
    }
    try {
        const scope = { partition: partitionOf(settings.region), region: settings.region, accountId: account };
        const own = worldOf(exported.deployment.resources ?? [], scope);
        const requests = requestsOf(own);
        const { world, others } = withPeople(own, scope, { settings, outputs });
        const principals = [...identitiesIn(own, resources), ...others, ...servicesIn(own), anonymous];
        return { known: true, ...matrixOf(world, principals, requests) };
    } catch (error) {
        // What is not modelled is not guessed; whatever else fails is a fault of this program.
        if (!(error instanceof NotModelled)) throw error;
        return { known: false, reason: `The policies could not be evaluated: ${error.message}.` };
    }
}

const anonymous: Principal = { name: "anonymous", id: "anonymous", kind: "anonymous" };

function accountIn(resources: readonly ReportResource[]): string | undefined {
    return resources.flatMap(({ arn, physicalName = "" }) => /:(\d{12}):/.exec(arn ?? physicalName)?.[1] ?? [])[0];
}

function identitiesIn({ identities }: World, resources: readonly ReportResource[]): Principal[] {
    return identities
        .map(({ arn, kind }) => {
            const resource = resources.find((one) => one.arn === arn);
            const name = resource?.name ?? arn.slice(arn.lastIndexOf("/") + 1);
            return { name, id: arn, kind, ...(resource?.service ? { service: resource.service } : {}) };
        })
        .sort((one, other) => placeOf(one).localeCompare(placeOf(other), "en"));
}

/** By service, then by name. */
const placeOf = ({ service, name }: Principal) => `${service ?? ""} ${name}`;

/** The services of AWS that a trust or a resource's policy names. */
function servicesIn({ identities, resources }: World): Principal[] {
    const policies = [...identities.flatMap(({ trust }) => trust ?? []), ...resources.map(({ policy }) => policy)];
    const names = policies
        .flatMap(({ document }) => [document.Statement].flat())
        .flatMap(({ Principal: who }) => (typeof who === "object" ? [who.Service ?? []].flat() : []));
    return [...new Set(names as string[])].sort().map((id) => ({ name: id, id, kind: "AWS service" }));
}

/** The world with those who are not of the stack's resources. */
function withPeople(
    own: World,
    scope: { readonly partition: string; readonly accountId: string },
    { settings, outputs }: Pick<AccessInputs, "settings" | "outputs">,
): { world: World; others: Principal[] } {
    const { partition, accountId } = scope;
    const services = settings.services.filter((name) => outputs[name]);
    const policies: readonly (readonly [Principal, NamedPolicy])[] = [
        [
            { name: "deployer", id: `arn:${partition}:iam::${accountId}:user/-deployer`, kind: "deployer" },
            { name: "rights of the deployer", document: deployerPolicy(partition, accountId) },
        ],
        [
            { name: "operator", id: `arn:${partition}:iam::${accountId}:user/-operator`, kind: "operator" },
            { name: "rights of the operator", document: operatorPolicy({ accountId, partition, outputs, services }) },
        ],
        [
            { name: "another account", id: `arn:${partition}:iam::999999999999:user/anybody`, kind: "another account" },
            {
                name: "everything on what is here",
                document: {
                    Statement: {
                        Effect: "Allow",
                        Action: "*",
                        Resource: [`arn:${partition}:s3:::*`, `arn:${partition}:*:${accountId}:*`],
                    },
                },
            },
        ],
    ];
    const added = policies.map(([{ id }, policy]) => ({ arn: id, kind: "user" as const, policies: [policy] }));
    return {
        world: { ...own, identities: [...own.identities, ...added] },
        others: policies.map(([principal]) => principal),
    };
}
