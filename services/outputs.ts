import { serviceFacts, type ServiceName, serviceNames, type ServiceOutputs } from ".";

type Exported = Readonly<Record<string, unknown>>;

/**
 * What a stack exports, as the program declares it. What it exports beyond that, as a later program may, is left out.
 *
 * @param services which are parsed. @default all
 * @throws OutdatedOutputs where something is missing or of another kind
 */
export function parseOutputs(
    exported: Exported,
    services: readonly ServiceName[] = serviceNames,
): Partial<ServiceOutputs> {
    const there = services.filter((service) => exported[service] !== undefined);
    return Object.fromEntries(there.map((service) => [service, parseService(service, exported[service])]));
}

/** The services that another version of the program has deployed. */
export function outdatedServices(exported: Exported): OutdatedOutputs[] {
    return serviceNames.flatMap((service) => {
        try {
            parseOutputs(exported, [service]);
            return [];
        } catch (error) {
            if (error instanceof OutdatedOutputs) return [error];
            throw error;
        }
    });
}

function parseService(service: ServiceName, exported: unknown): unknown {
    const { success, data, error } = serviceFacts[service].outputs.safeParse(exported);
    if (success) return data;
    throw new OutdatedOutputs(service, [...new Set(error.issues.map(({ path }) => path.join(".") || "all"))]);
}

/** A stack that was deployed by another version of the program, which exported something else. */
export class OutdatedOutputs extends Error {
    /** @param missing paths of what is not there, or is not as declared; their values are not shown, some are secrets */
    constructor(
        readonly service: ServiceName,
        readonly missing: readonly string[],
    ) {
        super(`outputs of ${service} are not as this version declares them: ${missing.join(", ")}`);
    }
}
