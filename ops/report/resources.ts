import { type ServiceName, serviceNames } from "../../services";
import { type ExportedState, type StateResource } from "../recover/state";
import { propertiesOf, type Property } from "./properties";
import { typeTitle } from "./type-title";

/** A resource of the stack. Resources are known by their URNs. */
export interface ReportResource {
    readonly urn: string;
    /** As the program calls it. */
    readonly name: string;
    /** As Pulumi calls it: `aws:s3/bucket:Bucket`. */
    readonly type: string;
    /** The same in words: `S3 bucket`. */
    readonly title: string;
    /** As the cloud calls it; absent where it has no id yet. */
    readonly physicalName?: string;
    readonly arn?: string;
    /** Absent of what no service owns. */
    readonly service?: ServiceName;
    /** What it is a part of; absent of a part of the stack itself. */
    readonly component?: ReportComponent;
    /** Destroying it is refused. */
    readonly protected: boolean;
    /** What it was declared with, without secrets. */
    readonly properties: readonly Property[];
    readonly dependsOn: readonly string[];
    readonly neededBy: readonly string[];
}

export interface ReportComponent {
    readonly urn: string;
    readonly name: string;
    /** In words: `SecureBucket`. */
    readonly title: string;
}

/** What the engine's state has of each resource, besides what other tools read of it. */
interface Entry extends StateResource {
    readonly parent?: string;
    readonly dependencies?: readonly string[];
    readonly additionalSecretOutputs?: readonly string[];
    readonly protect?: boolean;
}

/** What the state has of the clouds, in its order: what is needed stands before what needs it. */
export function resourcesOf({ deployment }: ExportedState): ReportResource[] {
    const entries = (deployment.resources ?? []) as readonly Entry[];
    const byUrn = new Map(entries.map((entry) => [entry.urn, entry]));
    // The stack itself and the providers are no resources to people; components are what resources are grouped by.
    const real = entries.filter(({ type, custom }) => custom && !type.startsWith("pulumi:"));
    const urns = new Set(real.map(({ urn }) => urn));
    const services = ownersOf(real);
    const dependencies = new Map(
        real.map(({ urn, dependencies: needs = [] }) => [
            urn,
            [...new Set(needs)].filter((need) => need !== urn && urns.has(need)),
        ]),
    );
    return real.map((entry) => {
        const { urn, type, id, inputs = {}, outputs = {} } = entry;
        const service = services.get(urn);
        const component = componentOf(entry, byUrn);
        const { arn } = outputs;
        return {
            urn,
            name: nameIn(urn),
            type,
            title: typeTitle(type),
            ...(id === undefined || id === "" ? {} : { physicalName: id }),
            ...(typeof arn === "string" && arn !== "" && arn !== id ? { arn } : {}),
            ...(service === undefined ? {} : { service }),
            ...(component === undefined ? {} : { component }),
            protected: entry.protect === true,
            properties: propertiesOf(inputs, new Set(entry.additionalSecretOutputs)),
            dependsOn: dependencies.get(urn)!,
            neededBy: real.flatMap((other) => (dependencies.get(other.urn)!.includes(urn) ? [other.urn] : [])),
        };
    });
}

const nameIn = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);

function componentOf({ parent }: Entry, byUrn: ReadonlyMap<string, Entry>): ReportComponent | undefined {
    const found = parent === undefined ? undefined : byUrn.get(parent);
    if (!found || found.type.startsWith("pulumi:")) return undefined;
    // What is a child of a resource of a cloud is a part of that one's component.
    if (found.custom) return componentOf(found, byUrn);
    return { urn: found.urn, name: nameIn(found.urn), title: typeTitle(found.type) };
}

/**
 * Which service each resource belongs to: the one that its tag names; of what bears no tag, that of its siblings in a
 * component, that of what it depends on, that of what needs it, or the one that its name begins with.
 */
function ownersOf(entries: readonly Entry[]): ReadonlyMap<string, ServiceName> {
    const owners = new Map<string, ServiceName>();
    const own = (urn: string, service: ServiceName | undefined) => {
        if (service !== undefined && !owners.has(urn)) owners.set(urn, service);
    };
    const byComponent = new Map<string, ServiceName>();
    for (const entry of entries) {
        const tagged = serviceIn((entry.inputs?.tags as Record<string, unknown> | undefined)?.["platform:service"]);
        own(entry.urn, tagged);
        if (tagged !== undefined && isInComponent(entry)) byComponent.set(entry.parent!, tagged);
    }
    for (const entry of entries) if (isInComponent(entry)) own(entry.urn, byComponent.get(entry.parent!));
    // What is needed stands before what needs it: owners are handed on along a chain, then back along it.
    for (const { urn, dependencies = [] } of entries) own(urn, first(dependencies, owners));
    for (const { urn, dependencies = [] } of [...entries].reverse()) {
        for (const need of dependencies) own(need, owners.get(urn));
    }
    for (const { urn } of entries) own(urn, serviceNamedIn(nameIn(urn)));
    return owners;
}

const serviceNamedIn = (name: string) => serviceNames.find((service) => `${name}-`.startsWith(`${service}-`));

const first = (urns: readonly string[], owners: ReadonlyMap<string, ServiceName>) =>
    urns.flatMap((urn) => owners.get(urn) ?? [])[0];

const isInComponent = ({ parent }: Entry) => parent !== undefined && !parent.includes("::pulumi:pulumi:Stack::");

function serviceIn(tag: unknown): ServiceName | undefined {
    return serviceNames.find((name) => name === tag);
}
