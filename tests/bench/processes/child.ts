import { type ChildProcess, fork } from "node:child_process";

import { root } from "../../../local/paths";

/** A process of the benchmark's own, which answers questions. */
export class Child<Question extends object, Answer> {
    private readonly endAtExit = () => this.process.kill("SIGKILL");
    private waiting?: { resolve: (answer: never) => void; reject: (error: Error) => void };

    private constructor(
        private readonly process: ChildProcess,
        file: string,
    ) {
        process.on("message", (message: { readonly answer?: never; readonly error?: string }) => {
            const { resolve, reject } = this.take();
            if (message.error === undefined) resolve(message.answer as never);
            else reject(new Error(`${file}: ${message.error}`));
        });
        process.on("exit", (code, signal) => this.waiting && this.take().reject(ended(file, code ?? signal)));
        globalThis.process.once("exit", this.endAtExit);
    }

    /**
     * Starts one.
     *
     * @param file a module that calls `answerParent`
     * @param settings what it is given
     * @returns it and what it says when it is ready
     */
    static async start<Ready, Question extends object, Answer>(
        file: string,
        settings: object,
        env: NodeJS.ProcessEnv = {},
    ): Promise<{ child: Child<Question, Answer>; ready: Ready }> {
        const process = fork(file, [], {
            cwd: root,
            execArgv: ["-r", "ts-node/register/transpile-only"],
            env: { ...globalThis.process.env, ...env },
            // Amounts are bigints.
            serialization: "advanced",
            stdio: ["ignore", "inherit", "inherit", "ipc"],
        });
        const child = new Child<Question, Answer>(process, file);
        return { child, ready: await child.send<Ready>(settings) };
    }

    ask(question: Question): Promise<Answer> {
        return this.send<Answer>(question);
    }

    async stop(): Promise<void> {
        globalThis.process.off("exit", this.endAtExit);
        if (this.process.exitCode !== null || this.process.signalCode !== null) return;
        const gone = new Promise((resolve) => this.process.once("exit", resolve));
        this.process.kill("SIGKILL");
        await gone;
    }

    private send<Result>(message: object): Promise<Result> {
        return new Promise<Result>((resolve, reject) => {
            this.waiting = { resolve: resolve as (answer: never) => void, reject };
            this.process.send(message, (error) => error && this.take().reject(error));
        });
    }

    private take() {
        const waiting = this.waiting ?? { resolve: () => undefined, reject: () => undefined };
        this.waiting = undefined;
        return waiting;
    }
}

const ended = (file: string, how: number | string | null) => new Error(`${file} ended (${how}) before it answered`);

/**
 * The other side: begins with the settings that it is given, and answers each question in turn.
 *
 * @param begin returns what it says when it is ready, and what answers
 */
export function answerParent<Settings, Question, Answer>(
    begin: (settings: Settings) => Promise<{ ready: unknown; answer: (question: Question) => Promise<Answer> }>,
): void {
    let answer: ((question: Question) => Promise<Answer>) | undefined;
    const respond = async (message: unknown): Promise<unknown> => {
        if (answer) return answer(message as Question);
        const begun = await begin(message as Settings);
        answer = begun.answer;
        return begun.ready;
    };
    process.on("message", (message) => {
        respond(message).then(
            (result) => process.send!({ answer: result }),
            (error: Error) => process.send!({ error: error.stack }),
        );
    });
    // It ends with the benchmark, however that ends; Ctrl-C in a terminal is the benchmark's to follow.
    process.on("disconnect", () => process.exit());
    process.on("SIGINT", () => undefined);
}
