import { createInterface } from "node:readline";

import execa from "execa";

import { killFamily } from "./processes";
import { type RotationCloud } from "./rotation-cloud";

/** A line that the tool, or the engine below it, printed. */
interface Line {
    /** As `Date.now()` has it. */
    readonly time: number;
    readonly text: string;
}

/** When a run is killed: as it prints such a line for the nth time (from 1), or so many milliseconds after its start. */
export type Moment = { readonly line: string; readonly nth: number } | { readonly milliseconds: number };

/** A run of `infra rotate rl-studio`. */
export class RotationRun {
    readonly lines: Line[] = [];
    readonly started = Date.now();
    /** How it ended. */
    readonly ended: Promise<execa.ExecaReturnValue>;
    private readonly child: execa.ExecaChildProcess;
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

    /** Kills the tool, the engine and the plugins at a moment; false when the run ended before. */
    async killAt(moment: Moment): Promise<boolean> {
        const came =
            "line" in moment
                ? await this.says(moment.line, moment.nth)
                : await Promise.race([sleep(moment.milliseconds).then(() => true), this.ended.then(() => false)]);
        if (!came || this.child.exitCode !== null) return false;
        await killFamily(this.child.pid!);
        await this.ended;
        return true;
    }
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
