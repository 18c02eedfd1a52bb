import { type ServiceName, serviceNames, type ServiceOutputs } from "../../services";
import { type OutdatedOutputs, outdatedServices, parseOutputs } from "../../services/outputs";
import { type Keys } from "../aws/clients";
import { accessKeyType, type ExportedState } from "../recover/state";

/** A key that the stack's state has. */
export interface StateKey extends Keys {
    readonly generation: number;
    readonly active: boolean;
}

/**
 * The access keys of a user in the engine's state, with their secrets: what `pulumi stack export --show-secrets` prints.
 * The state is written with every step of an update; the stack's outputs are written at its end only.
 */
export function keysInState({ deployment }: ExportedState, user: string): StateKey[] {
    return (deployment.resources ?? []).flatMap(({ type, urn, id, inputs, outputs }) => {
        const generation = generationOf(urn);
        if (type !== accessKeyType || inputs?.user !== user || !id || !generation) return [];
        const active = (outputs?.status ?? inputs.status) !== "Inactive";
        return [{ generation, active, accessKeyId: id, secretAccessKey: String(plain(outputs?.secret)) }];
    });
}

/** When each of a user's keys was made, by generation. */
export function createdKeys({ deployment }: ExportedState, user: string): Map<number, Date> {
    return new Map(
        (deployment.resources ?? []).flatMap(({ type, urn, inputs, outputs }) => {
            const created = outputs?.createDate;
            if (type !== accessKeyType || inputs?.user !== user || typeof created !== "string") return [];
            return [[generationOf(urn), new Date(created)] as const];
        }),
    );
}

/** NaN of a key that is none of ours. */
function generationOf(urn: string): number {
    return Number(/-access-key-(\d+)$/.exec(urn)?.[1]);
}

/**
 * What the stack exports by its state: the outputs of the update that came to its end last.
 *
 * @param services which are read. @default all
 * @throws OutdatedOutputs where another version of the program has deployed one of them
 */
export function outputsInState(state: ExportedState, services?: readonly ServiceName[]): Partial<ServiceOutputs> {
    return parseOutputs(exportedBy(state), services);
}

/** The same, without what another version of the program has deployed: that is told apart. */
export function currentOutputs(state: ExportedState): {
    readonly outputs: Partial<ServiceOutputs>;
    readonly outdated: readonly OutdatedOutputs[];
} {
    const outdated = outdatedServices(exportedBy(state));
    const current = serviceNames.filter((name) => !outdated.some(({ service }) => service === name));
    return { outputs: outputsInState(state, current), outdated };
}

function exportedBy({ deployment }: ExportedState): Record<string, unknown> {
    const stack = deployment.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
    return plain(stack?.outputs ?? {}) as Record<string, unknown>;
}

/**
 * The value with every secret in it, which the state has as an object with the value as JSON, as itself; one that was not
 * decrypted is `[secret]`.
 */
function plain(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== "object" || value === null) return value;
    const { plaintext } = value as { plaintext?: unknown };
    if (secretMark in value) return typeof plaintext === "string" ? (JSON.parse(plaintext) as unknown) : "[secret]";
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** The key by which the engine marks special values in its state. */
const secretMark = "4dabf18193072939515e22adb298388d";
