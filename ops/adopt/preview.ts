import { type CommandContext } from "../cli/command";
import { exitCodes, InfraError, Interrupted } from "../cli/errors";

/** One step of a preview, as `pulumi preview --json` has it. */
export interface Step {
    readonly op: string;
    readonly urn: string;
    readonly newState?: StepState;
    readonly oldState?: StepState;
    readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

interface StepState {
    readonly type: string;
    readonly id?: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
}

export interface Preview {
    readonly steps: readonly Step[];
    /** Why it failed; none if it did not. */
    readonly errors: readonly Fault[];
}

export interface Fault {
    /** Name of the resource in the program; undefined where it is about the whole. */
    readonly resource?: string;
    readonly message: string;
}

/**
 * What the engine would do with a stack file in place of the stack's.
 *
 * @throws InfraError when it could not even begin
 */
export async function preview({ stack, host, interrupted }: CommandContext, file: string): Promise<Preview> {
    const { exitCode, stdout, stderr } = await host.pulumi(stack, ["preview", "--json", "--show-sames"], { file });
    if (interrupted.aborted) throw new Interrupted();
    const result = parsePreview(stdout);
    if (result && (exitCode === 0 || result.errors.length > 0)) return result;
    throw new InfraError(
        exitCodes.unreachable,
        `The preview of stack ${stack} failed: ${stderr.trim() || stdout.trim() || "it said nothing"}`,
        "Log in with `pulumi login` to where the stack's state is, with access to what encrypts its secrets.",
    );
}

/** Undefined where the text is no preview. */
export function parsePreview(text: string): Preview | undefined {
    let document: { steps?: Step[]; diagnostics?: { urn?: string; message: string; severity: string }[] };
    try {
        document = JSON.parse(text) as typeof document;
    } catch {
        return undefined;
    }
    const { steps = [], diagnostics = [] } = document;
    const errors = diagnostics
        .filter(({ severity }) => severity === "error")
        .map(({ urn, message }) => ({
            resource: urn && resourceName(urn),
            message: message.replace(/^error: /, "").trim(),
        }));
    // The last one says that there were others.
    const told = errors.filter(({ message }) => message !== "preview failed");
    return { steps, errors: told.length > 0 ? told : errors };
}

/** Steps after which something is no longer there, or is another one. */
export function destructive({ steps }: Preview): Step[] {
    return steps.filter(({ op }) => /delete|replace|discard/.test(op));
}

/** The name that a resource has in the program. */
export function resourceName(urn: string): string {
    return urn.split("::").at(-1)!;
}
