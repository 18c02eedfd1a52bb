import { createInterface } from "node:readline";

import type execa from "execa";

import { descendants, killFamily, signalAll } from "./processes";
import { type RotationCloud } from "./rotation-cloud";

/** A line that the tool, or the engine below it, printed. */
interface Line {
    /** As `Date.now()` has it. */
    readonly time: number;
    readonly text: string;
}

/** When a run is killed: as it prints such a line for the nth time (from 1), or so many milliseconds after its start. */
export type Moment = { readonly line: string; readonly nth: number } | { readonly milliseconds: number };

/**
 * What is killed of a run: the tool with the engine and its plugins; the tool alone, while the engine goes on with its
 * update; or the engine with its plugins, as soon as there is one, while the tool waits for it.
 */
export const victims = ["all", "tool", "engine"] as const;

export type Victim = (typeof victims)[number];

/** A run of `infra rotate rl-studio`. */
export class RotationRun {
    readonly lines: Line[] = [];
    readonly started = Date.now();
    /** How it ended; not before an engine that it left behind. */
    readonly ended: Promise<execa.ExecaReturnValue>;
    private readonly child: execa.ExecaChildProcess;
    /** Resolves when the tool has ended, whatever it left behind. */
    private readonly exited: Promise<void>;
    private onLine: () => void = () => undefined;

    /**
     * @param place what runs `npm run local` in a checkout
     * @param note is given every line as it comes
     */
    constructor(
        place: Pick<RotationCloud, "start">,
        args: readonly string[],
        env: NodeJS.ProcessEnv = {},
        note: (text: string) => void = () => undefined,
    ) {
        this.child = place.start(["infra", "rotate", "rl-studio", ...args], env);
        createInterface({ input: this.child.all! }).on("line", (text) => {
            this.lines.push({ time: Date.now(), text });
            note(text);
            this.onLine();
        });
        this.exited = new Promise((resolve) => void this.child.once("exit", () => resolve()));
        this.ended = Promise.resolve(this.child);
    }

    /** What was printed, for a message. */
    get words(): string {
        return this.lines.map(({ time, text }) => `${new Date(time).toISOString().slice(14, -1)} ${text}`).join("\n");
    }

    /** Resolves when such a line has been printed for the nth time; false when the run ends before. */
    async says(line: string, nth = 1): Promise<boolean> {
        const seen = new Promise<true>((resolve) => {
            this.onLine = () => {
                if (this.lines.filter(({ text }) => text.includes(line)).length >= nth) resolve(true);
            };
            this.onLine();
        });
        return Promise.race([seen, this.ended.then(() => false)]);
    }

    /** Sends a signal to the process group, as a terminal does. */
    signal(signal: NodeJS.Signals): void {
        process.kill(-this.child.pid!, signal);
    }

    /** Kills it, or a part of it, at a moment; false when the run ended before. Then the tool has ended. */
    async killAt(moment: Moment, victim: Victim = "all"): Promise<boolean> {
        const came =
            "line" in moment
                ? await this.says(moment.line, moment.nth)
                : await Promise.race([sleep(moment.milliseconds).then(() => true), this.ended.then(() => false)]);
        if (!came || this.hasExited) return false;
        if (victim === "tool") return this.killTool();
        if (victim === "engine") return this.killEngine();
        await killFamily(this.child.pid!);
        await this.ended;
        return true;
    }

    private get hasExited(): boolean {
        return this.child.exitCode !== null || this.child.signalCode !== null;
    }

    private async killTool(): Promise<true> {
        const leader = this.child.pid!;
        // It starts nothing while it is looked for.
        signalAll([-leader], "SIGSTOP");
        const family = await descendants(leader);
        const spared = new Set<number>();
        for (const { pid, parent, name } of family) if (name === engine || spared.has(parent)) spared.add(pid);
        signalAll([leader, ...family.map(({ pid }) => pid).filter((pid) => !spared.has(pid))], "SIGKILL");
        signalAll([-leader], "SIGCONT");
        await this.exited;
        return true;
    }

    private async killEngine(): Promise<boolean> {
        while (!this.hasExited) {
            const found = (await descendants(this.child.pid!)).find(({ name }) => name === engine);
            if (found) {
                signalAll([found.pid], "SIGSTOP");
                const below = (await descendants(found.pid)).map(({ pid }) => pid);
                signalAll([found.pid, ...below], "SIGKILL");
                return (await this.ended).exitCode !== 0;
            }
            await sleep(20);
        }
        return false;
    }
}

/** The engine's program. */
const engine = "pulumi";

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
