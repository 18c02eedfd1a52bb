import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";

import execa from "execa";

import { localStack } from "../../local/pulumi";
import { interrupted, stopIfInterrupted } from "../../ops/common/interrupt";
import { type Program } from "./projects";

/** The engine to measure with. */
export interface Bench {
    /** Folder with `pulumi` and its language host. */
    readonly engine: string;
    readonly env: Readonly<Record<string, string>>;
}

/** What a preview took, in milliseconds. */
export interface Cost {
    /** From the command's start to its end. */
    readonly wall: number;
    /** Processor time of the command and all it started: engine, language host, program, plugins. */
    readonly cpu: number;
}

/** One resource of a preview, as the engine has it. */
type Registered = Readonly<Record<string, unknown>> & { readonly urn: string; readonly type: string };

/** What a preview of an empty stack takes; `flags` are further options of the engine's. */
export async function costOfPreview(bench: Bench, program: Program, flags: readonly string[] = []): Promise<Cost> {
    return (await costOf([...previewOf(bench, program), ...flags], { ...bench.env, ...program.env })).cost;
}

/** What a command takes, and what it printed on standard output. */
export async function costOf(
    command: readonly string[],
    env: Readonly<Record<string, string>>,
): Promise<{ readonly cost: Cost; readonly stdout: string }> {
    const start = performance.now();
    // The shell's `times` knows the processor time of its children, which Node does not.
    const shell = ["sh", "-c", '"$@"; code=$?; times >&2; exit $code', "sh"];
    const { stdout, stderr } = await run([...shell, ...command], env);
    const wall = performance.now() - start;
    const children = stderr.trim().split("\n").at(-1)!;
    const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(([, min, sec]) => Number(min) * 60 + Number(sec));
    return { cost: { wall, cpu: 1000 * (seconds[0] + seconds[1]) }, stdout };
}

/** Number of resources that `program` registers, the stack itself not counted. Throws where `other` registers others. */
export async function countSameResources(bench: Bench, program: Program, other: Program): Promise<number> {
    const [ours, theirs] = [await registered(bench, program), await registered(bench, other)];
    const differing = [...new Set([...ours.keys(), ...theirs.keys()])].filter(
        (urn) => !isDeepStrictEqual(ours.get(urn), theirs.get(urn)),
    );
    if (differing.length > 0) {
        const [urn] = differing;
        throw new Error(
            `${program.folder} and ${other.folder} register different resources (${differing.length} differ): ` +
                `comparing their times means nothing. The first one:\n` +
                `${JSON.stringify(ours.get(urn), null, 2)}\nagainst\n${JSON.stringify(theirs.get(urn), null, 2)}`,
        );
    }
    return ours.size;
}

async function registered(bench: Bench, program: Program): Promise<Map<string, Registered>> {
    const { stdout } = await run([...previewOf(bench, program), "--json"], { ...bench.env, ...program.env });
    const { steps } = JSON.parse(stdout) as { steps: { newState: Registered }[] };
    const resources = steps.map(({ newState }) => withoutOrigin(newState));
    return new Map(resources.filter(({ type }) => type !== "pulumi:pulumi:Stack").map((state) => [state.urn, state]));
}

/**
 * A resource without what may differ: where in the program it was made, and the hook that refuses older access keys,
 * which is the component's own and whose cost stays with it.
 */
function withoutOrigin({ sourcePosition, stackTrace, resourceHooks, ...state }: Registered): Registered {
    void [sourcePosition, stackTrace, resourceHooks];
    return { ...state, dependencies: sorted(state.dependencies) } as Registered;
}

const sorted = (list: unknown) => (Array.isArray(list) ? [...(list as string[])].sort() : list);

const previewOf = ({ engine }: Bench, { folder, stackFile }: Program) => [
    ...[join(engine, "pulumi"), "preview", "--non-interactive", "--stack", localStack],
    ...["--cwd", folder, "--config-file", stackFile],
];

async function run(
    [command, ...args]: readonly string[],
    env: Readonly<Record<string, string>>,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
    stopIfInterrupted();
    const child = execa(command, args, {
        env,
        extendEnv: false,
        reject: false,
        // A process group of its own, so that it ends whole.
        detached: true,
    });
    const end = (signal: NodeJS.Signals) => child.pid && process.kill(-child.pid, signal);
    const [stop, kill] = [() => end("SIGINT"), () => end("SIGKILL")];
    interrupted.addEventListener("abort", stop);
    process.on("exit", kill);
    try {
        const { exitCode, stdout, stderr } = await child;
        stopIfInterrupted();
        if (exitCode !== 0) {
            throw new Error(`${[command, ...args].join(" ")} failed:\n${lastLines(stderr + stdout)}`);
        }
        return { stdout, stderr };
    } finally {
        interrupted.removeEventListener("abort", stop);
        process.off("exit", kill);
    }
}

const lastLines = (text: string) => text.trim().split("\n").slice(-30).join("\n");
