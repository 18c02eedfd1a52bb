// Container definitions as ECS understands them: it answers with defaults filled in and lists in an order of its own. Pure.

import { sortByText } from "../canonical";

type Json = Record<string, unknown>;

/** Lists whose order says nothing, each known by a member of its items. */
const UNORDERED = ["environment", "environmentFiles", "mountPoints", "portMappings", "secrets", "volumesFrom"];
const CONTAINER_DEFAULTS: Json = { cpu: 0, essential: true, privileged: false, readonlyRootFilesystem: false };
const PORT_DEFAULTS: Json = { protocol: "tcp" };

/** Gives equal values for definitions that ECS would run alike. */
export function normaliseContainers(document: unknown): unknown {
    return Array.isArray(document) ? sortByText(document.map(normaliseContainer)) : document;
}

function normaliseContainer(container: unknown): unknown {
    if (!isObject(container)) {
        return container;
    }
    const out = withoutEmpty({ ...CONTAINER_DEFAULTS, ...container });
    for (const key of UNORDERED) {
        const items = out[key];
        if (Array.isArray(items)) {
            out[key] = sortByText(key === "portMappings" ? items.map(normalisePort) : items);
        }
    }
    return out;
}

/** Without a host port, or with 0, the task's network mode decides it: the container's own, or a free one. */
function normalisePort(port: unknown): unknown {
    if (!isObject(port)) {
        return port;
    }
    const out = withoutEmpty({ ...PORT_DEFAULTS, ...port });
    if (out["hostPort"] === 0 || out["hostPort"] === out["containerPort"]) {
        delete out["hostPort"];
    }
    return out;
}

function withoutEmpty(value: Json): Json {
    return Object.fromEntries(Object.entries(value).filter(([, item]) => !isEmpty(item)));
}

function isEmpty(item: unknown): boolean {
    return item === null || item === undefined || item === "" || (Array.isArray(item) && item.length === 0);
}

function isObject(value: unknown): value is Json {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
