import { instance } from "@viz-js/viz";

import { type ServiceName, serviceNames } from "../../services";
import { type ReportComponent, type ReportResource } from "./resources";

/** A drawing of resources and what they depend on. Lengths are in pixels, places from the upper left. */
export interface Drawing {
    /** The services in it: one, unless their resources depend on each other's. */
    readonly services: readonly (ServiceName | undefined)[];
    readonly width: number;
    readonly height: number;
    readonly boxes: readonly Box[];
    readonly frames: readonly Frame[];
    readonly arrows: readonly Arrow[];
}

/** A resource; its place is its middle. */
export interface Box {
    readonly resource: ReportResource;
    /** What tells it from others of its component. */
    readonly label: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
}

/** What surrounds the resources of a component. */
export interface Frame {
    readonly component: ReportComponent;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
}

/** Leads from a resource to one that needs it. */
export interface Arrow {
    readonly from: string;
    readonly to: string;
    /** A point, then three for each Bézier curve. */
    readonly curve: readonly Point[];
    /** Where the line that follows the curves ends. */
    readonly tip: Point;
}

export type Point = readonly [x: number, y: number];

/**
 * Lays resources out with Graphviz, compiled to WebAssembly: a drawing for each service, the services whose resources
 * depend on each other's in one. What a dependency of a dependency says already has no arrow of its own.
 */
export async function draw(resources: readonly ReportResource[]): Promise<Drawing[]> {
    const viz = await instance();
    return together(resources).map((group) => {
        const { input, boxes } = graphOf(group);
        return placed(group, boxes, viz.renderJSON(input, { engine: "dot" }) as Layout);
    });
}

/** The resources of services that depend on each other, in the order of the services: that of a state changes. */
function together(resources: readonly ReportResource[]): ReportResource[][] {
    const groupOf = new Map<ServiceName | undefined, number>();
    const byUrn = new Map(resources.map((one) => [one.urn, one]));
    for (const { service } of resources) if (!groupOf.has(service)) groupOf.set(service, groupOf.size);
    for (const { service, dependsOn } of resources) {
        for (const need of dependsOn) {
            const [own, other] = [groupOf.get(service)!, groupOf.get(byUrn.get(need)!.service)!];
            for (const [name, group] of groupOf) if (group === other) groupOf.set(name, own);
        }
    }
    const placeOf = ({ service }: ReportResource) => (service ? serviceNames.indexOf(service) : serviceNames.length);
    const sorted = [...resources].sort((one, other) => placeOf(one) - placeOf(other));
    return [...grouped(sorted, ({ service }) => groupOf.get(service)!).values()];
}

function grouped<Value, Key>(values: readonly Value[], keyOf: (value: Value) => Key): Map<Key, Value[]> {
    const groups = new Map<Key, Value[]>();
    for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
    return groups;
}

/** Graphviz measures in inches of 72 points; a point is drawn as a pixel. */
const perInch = 72;
const boxHeight = 42;
const titleHeight = 24;
const gap = 4;

interface Measured {
    readonly label: string;
    readonly width: number;
}

function graphOf(group: readonly ReportResource[]) {
    const boxes = new Map(group.map((resource) => [resource.urn, measured(resource)]));
    const ids = new Map(group.map(({ urn }, index) => [urn, `n${index}`]));
    const components = grouped(group, ({ component }) => component?.urn);
    const input = {
        directed: true,
        graphAttributes: { rankdir: "LR", nodesep: 0.16, ranksep: 0.34, newrank: true, margin: 0, pad: 0.1 },
        nodeAttributes: { shape: "box", fixedsize: true, height: boxHeight / perInch, label: "" },
        nodes: group.map(({ urn }) => {
            return { name: ids.get(urn)!, attributes: { width: boxes.get(urn)!.width / perInch } };
        }),
        edges: group.flatMap((resource) =>
            direct(resource, group).map((need) => ({ tail: ids.get(need)!, head: ids.get(resource.urn)! })),
        ),
        subgraphs: [...components].flatMap(([component, members], index) =>
            component === undefined
                ? []
                : [
                      {
                          name: `cluster_${index}`,
                          // The title is drawn by the page: here it keeps its place.
                          graphAttributes: { label: " ", fontsize: titleHeight - 6, margin: 12, labeljust: "l" },
                          nodes: members.map(({ urn }) => ({ name: ids.get(urn)! })),
                      },
                  ],
        ),
    };
    return { input, boxes };
}

/** What a resource depends on, without what it depends on by way of another one. */
function direct({ dependsOn }: ReportResource, group: readonly ReportResource[]): string[] {
    const byUrn = new Map(group.map((one) => [one.urn, one]));
    const behind = new Set<string>();
    const follow = (urn: string) => {
        for (const need of byUrn.get(urn)?.dependsOn ?? []) {
            if (behind.has(need)) continue;
            behind.add(need);
            follow(need);
        }
    };
    dependsOn.forEach(follow);
    return dependsOn.filter((need) => !behind.has(need));
}

function measured(resource: ReportResource): Measured {
    const label = labelOf(resource);
    // As wide as its longer line in the page's fonts, which differ with the reader's system: with some room.
    const width = Math.max(label.length * 8, resource.title.length * 6.6) + 32;
    return { label, width: Math.round(Math.min(Math.max(width, 110), 300)) };
}

/** `bucket` is enough within the frame of `clinical-ai-source`. */
function labelOf({ name, component }: ReportResource): string {
    const start = `${component?.name}-`;
    return name.startsWith(start) ? name.slice(start.length) : name;
}

/** The parts of Graphviz's answer that are read: boxes and frames by index, then arrows. */
interface Layout {
    readonly bb: string;
    readonly objects?: readonly {
        readonly name: string;
        readonly pos?: string;
        readonly bb?: string;
        readonly nodes?: readonly number[];
    }[];
    readonly edges?: readonly { readonly tail: number; readonly head: number; readonly pos: string }[];
}

function placed(group: readonly ReportResource[], sizes: ReadonlyMap<string, Measured>, layout: Layout): Drawing {
    const [, , width, height] = numbers(layout.bb);
    const objects = layout.objects ?? [];
    const resourceAt = (index: number) => group[Number(objects[index].name.slice(1))];
    // Graphviz's y goes up.
    const down = (y: number) => Math.round(height - y);
    const boxes = objects.flatMap(({ pos }, index) => {
        if (pos === undefined) return [];
        const resource = resourceAt(index);
        const [x, y] = numbers(pos);
        return [{ resource, ...sizes.get(resource.urn)!, x: Math.round(x), y: down(y), height: boxHeight }];
    });
    const frames = objects.flatMap(({ bb, nodes = [] }) => {
        if (bb === undefined) return [];
        const [left, low, right, high] = numbers(bb);
        const { component } = resourceAt(nodes[0]);
        // Graphviz lets frames touch.
        const place = { x: Math.round(left), y: down(high) + gap, width: right - left, height: high - low - 2 * gap };
        return [{ component: component!, ...place }];
    });
    const arrows = (layout.edges ?? []).map(({ tail, head, pos }) => {
        const [tip, ...curve] = pos
            .replace(/^e,/, "")
            .split(" ")
            .map(numbers)
            .map(([x, y]): Point => [Math.round(x), down(y)]);
        return { from: resourceAt(tail).urn, to: resourceAt(head).urn, curve, tip };
    });
    return {
        services: [...new Set(group.map(({ service }) => service))],
        width: Math.ceil(width),
        height: Math.ceil(height),
        boxes,
        frames,
        arrows,
    };
}

const numbers = (text: string) => text.split(",").map(Number);
