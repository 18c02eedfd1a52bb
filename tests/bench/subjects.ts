import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { localCertificate } from "../../local/aws/certificate";
import { installEmulator } from "../../local/aws/install";
import { rootCredentials, type Server, startServer, stopServer } from "../../local/aws/server";
import { cacheDirectory, LocalError } from "../../local/paths";
import { step } from "../../local/progress";
import { say } from "../../ops/common/output";
import { freePorts } from "../support/test-cloud";
import { type FakeOptions } from "../support/bedrock";
import { removeAtOnce } from "./at-once";
import { type LiteLlm, type LiteLlmBudget, startLiteLlm } from "./litellm";
import { gateKey, liteLlmKey, model, prices } from "./load";
import { type Outcome, type Target } from "./open-loop";
import { Child } from "./processes/child";
import { type CountAfterSettings } from "./processes/count-after";
import { type DriverQuestion } from "./processes/driver";
import { type Billed, type FakeQuestion } from "./processes/fake";
import { type Counting, type GateEvents, type GateProcessSettings } from "./processes/gate";

/** What is measured: a budget of so much in front of a Bedrock. */
export interface Subject {
    readonly title: string;
    start(bedrock: string, microUsd: bigint): Promise<RunningSubject>;
}

export interface RunningSubject {
    readonly target: Target;
    /** What its log said, by event and how often. */
    events(): Promise<GateEvents>;
    stop(): Promise<void>;
}

const file = (name: string) => join(__dirname, "processes", `${name}.ts`);

/** The fake Bedrock in a process of its own. */
export function startFake(options: Omit<FakeOptions, "prices">) {
    return Child.start<string, FakeQuestion, Billed>(file("fake"), { ...options, prices: { [model]: prices } });
}

/** What loads the subjects, in a process of its own. */
export async function startDriver(): Promise<Child<DriverQuestion, Outcome>> {
    const { child } = await Child.start<undefined, DriverQuestion, Outcome>(file("driver"), {});
    return child;
}

/** Nothing in between. */
export const direct: Subject = {
    title: "direct",
    start: (bedrock) =>
        Promise.resolve({
            target: { urls: [bedrock], key: "none" },
            events: () => Promise.resolve({}),
            stop: () => Promise.resolve(),
        }),
};

export const countAfter: Subject = {
    title: "count afterwards",
    start: async (bedrock, microUsd) => {
        const settings: CountAfterSettings = { bedrock, microUsd };
        const { child, ready } = await Child.start<string[], object, bigint>(file("count-after"), settings);
        return {
            target: { urls: ready, key: "none" },
            events: () => Promise.resolve({}),
            stop: () => child.stop(),
        };
    },
};

export const liteLlm = (installed: LiteLlm, budget: LiteLlmBudget): Subject => ({
    title: `LiteLLM, budget of a ${budget}`,
    start: async (bedrock, microUsd) => {
        const { url, stop } = await startLiteLlm(installed, bedrock, budget, microUsd);
        return { target: { urls: [url], key: liteLlmKey }, events: () => Promise.resolve({}), stop };
    },
});

/** Gates of one process, which count in its memory. */
export const gateInMemory = (instances: number): Subject => ({
    title: instances === 1 ? "gate, in memory" : `${instances} gates, in memory`,
    start: (bedrock, microUsd) =>
        startGates(1, { instances, bedrock, counting: { in: "memory" }, microUsdPerMonth: microUsd }),
});

/** Gates in processes of their own, which count in one table. */
export const gateInTable = (processes: number, emulator: Emulator): Subject => ({
    title: processes === 1 ? "gate, DynamoDB (emulator)" : `${processes} gates, DynamoDB (emulator)`,
    start: (bedrock, microUsd) => {
        const counting = { in: "dynamodb", ...emulator.nextTable() } as const;
        const settings = { instances: 1, bedrock, counting, microUsdPerMonth: microUsd };
        return startGates(processes, settings, { NODE_EXTRA_CA_CERTS: emulator.caBundle });
    },
});

async function startGates(
    processes: number,
    settings: GateProcessSettings,
    env: NodeJS.ProcessEnv = {},
): Promise<RunningSubject> {
    const started: { child: Child<object, GateEvents>; ready: string[] }[] = [];
    // In turn: the first one makes the table.
    for (let count = 0; count < processes; count++) {
        started.push(await Child.start<string[], object, GateEvents>(file("gate"), settings, env));
    }
    return {
        target: { urls: started.flatMap(({ ready }) => ready), key: gateKey },
        events: async () => {
            const sum: Record<string, number> = {};
            for (const { child } of started) {
                for (const [event, count] of Object.entries(await child.ask({}))) {
                    sum[event] = (sum[event] ?? 0) + count;
                }
            }
            return sum;
        },
        stop: async () => {
            for (const { child } of started) await child.stop();
        },
    };
}

/** The local cloud's AWS, alone and for one benchmark. */
export class Emulator {
    private tables = 0;

    private constructor(
        private readonly folder: string,
        private readonly server: Server,
        private readonly stopAtExit: () => void,
    ) {}

    /** Starts it; undefined, and said why, where it cannot be. */
    static async start(): Promise<Emulator | undefined> {
        const folder = mkdtempSync(join(tmpdir(), "platform-bench-aws-"));
        const stopAtExit = () => removeAtOnce(folder, folder);
        process.once("exit", stopAtExit);
        try {
            const python = await installEmulator(cacheDirectory());
            const certificate = await localCertificate(join(folder, "tls"));
            const port = await freePorts(2);
            const server = await step("local AWS: start", () => startServer(folder, python, port, certificate));
            return new Emulator(folder, server, stopAtExit);
        } catch (error) {
            if (!(error instanceof LocalError)) throw error;
            say(`DynamoDB cannot run here, so the gate is not measured with it: ${error.message}`);
            return undefined;
        }
    }

    get caBundle(): string {
        return this.server.caBundle;
    }

    nextTable(): Omit<Counting & { in: "dynamodb" }, "in"> {
        this.tables += 1;
        return { endpoint: this.server.endpoint, table: `gate-${this.tables}`, credentials: rootCredentials };
    }

    async stop(): Promise<void> {
        await stopServer(this.folder);
        process.off("exit", this.stopAtExit);
        this.stopAtExit();
    }
}
