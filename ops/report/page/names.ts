import { type Report } from "../data";
import { type ReportResource } from "../resources";

/** How parts of the page refer to each other. */
export interface Names {
    /** Id of the element with a resource's particulars. */
    idOf(urn: string): string;
    resourceOf(urn: string): ReportResource;
    /** Class of a component's colour, the same for all of its kind; what is of no component has none. */
    toneOf(resource: Pick<ReportResource, "component">): string;
    /** The kinds of components that the stack has, each with its colour. */
    readonly kinds: readonly { readonly title: string; readonly tone: string }[];
}

/** How many colours there are. */
const tones = 8;

export function namesOf({ resources }: Pick<Report, "resources">): Names {
    const byUrn = new Map(resources.map((resource, index) => [resource.urn, { resource, id: `r${index}` }]));
    const titles = [...new Set(resources.flatMap(({ component }) => component?.title ?? []))].sort();
    const tone = (title: string) => `tone-${titles.indexOf(title) % tones}`;
    return {
        idOf: (urn) => byUrn.get(urn)!.id,
        resourceOf: (urn) => byUrn.get(urn)!.resource,
        toneOf: ({ component }) => (component ? tone(component.title) : "tone-none"),
        kinds: titles.map((title) => ({ title, tone: tone(title) })),
    };
}
