import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stringify } from "yaml";

import { answers } from "../../local/health";
import { cacheDirectory, LocalError } from "../../local/paths";
import { pythonWith } from "../../local/python";
import { stopIfInterrupted } from "../../ops/common/interrupt";
import { say } from "../../ops/common/output";
import { freePort } from "../support/test-cloud";
import { model, prices, region } from "./load";

/** LiteLLM's proxy, installed. */
export interface LiteLlm {
    readonly version: string;
    readonly python: string;
}

const requirements = join(__dirname, "litellm.txt");

export const liteLlmVersion = /^litellm\[proxy\]==(\S+)$/m.exec(readFileSync(requirements, "utf8"))![1];

/** Installs LiteLLM's proxy; undefined, and said why, where it cannot be. */
export async function installLiteLlm(): Promise<LiteLlm | undefined> {
    const packages = {
        title: "LiteLLM",
        name: "litellm",
        version: liteLlmVersion,
        neededFor: "benchmark",
        requirements,
        hashes: false,
    };
    try {
        return { version: liteLlmVersion, python: await pythonWith(packages, cacheDirectory()) };
    } catch (error) {
        if (!(error instanceof LocalError)) throw error;
        say(`LiteLLM cannot run here, so it is not measured: ${error.message}`);
        return undefined;
    }
}

/** Which of LiteLLM's budgets is set. */
export type LiteLlmBudget =
    /** Of a virtual key (`max_budget`): it reserves what a request can cost, and shrinks that to what is left. */
    | "key"
    /** Of a provider (`provider_budget_config`): it counts afterwards. */
    | "provider";

export interface RunningLiteLlm {
    readonly url: string;
    stop(): Promise<void>;
}

/** How long it may take to answer, in milliseconds. */
const patience = 90_000;

/**
 * Starts the proxy in front of `bedrock`: one process, which counts in its memory as it does without Redis. Its virtual
 * keys are kept in PostgreSQL, whose client cannot be had from PyPI alone; so the key and its budget come from its
 * `custom_auth`, and the checks and the reservations are those of every virtual key.
 *
 * @throws Error when it does not answer, with the last lines of its log
 */
export async function startLiteLlm(
    { python }: LiteLlm,
    bedrock: string,
    budget: LiteLlmBudget,
    microUsd: bigint,
): Promise<RunningLiteLlm> {
    const folder = mkdtempSync(join(tmpdir(), "platform-bench-litellm-"));
    const usd = Number(microUsd) / 1e6;
    cpSync(join(__dirname, "litellm_key.py"), join(folder, "litellm_key.py"));
    writeFileSync(join(folder, "config.yaml"), stringify(configOf(bedrock, budget, usd)));
    const port = await freePort();
    const log = join(folder, "log");
    const output = openSync(log, "a");
    // Not by its script, which names its Python by the folder that it was installed in first.
    const start = ["-c", "from litellm import run_server; run_server()"];
    const options = ["--config", "config.yaml", "--host", "127.0.0.1", "--port", String(port), "--num_workers", "1"];
    const child = spawn(python, [...start, ...options], {
        cwd: folder,
        stdio: ["ignore", output, output],
        env: {
            PATH: process.env.PATH,
            HOME: folder,
            PYTHONPATH: folder,
            LITELLM_MASTER_KEY: `sk-${randomUUID()}`,
            // Its prices are given to it; the list of all others is not fetched.
            LITELLM_LOCAL_MODEL_COST_MAP: "True",
            LITELLM_LOG: "ERROR",
            LITELLM_MODE: "PRODUCTION",
            NO_PROXY: "127.0.0.1",
            BENCH_MAX_BUDGET: budget === "key" ? String(usd) : "",
        },
    });
    closeSync(output);
    let failure: Error | undefined;
    child.on("error", (error) => (failure = error));
    const kill = () => {
        child.kill("SIGKILL");
        rmSync(folder, { recursive: true, force: true });
    };
    process.once("exit", kill);
    const stop = async () => {
        process.off("exit", kill);
        const over = failure !== undefined || child.exitCode !== null || child.signalCode !== null;
        const gone = over || new Promise((resolve) => child.once("exit", resolve));
        kill();
        await gone;
    };
    const url = `http://127.0.0.1:${port}`;
    const deadline = Date.now() + patience;
    while (!(await answers(`${url}/health/liveliness`))) {
        if (failure || child.exitCode !== null || Date.now() > deadline) {
            const lines = failure ?? readFileSync(log, "utf8").trim().split("\n").slice(-15).join("\n");
            await stop();
            throw new Error(`LiteLLM's proxy did not start:\n${lines}`);
        }
        stopIfInterrupted();
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return { url, stop };
}

function configOf(bedrock: string, budget: LiteLlmBudget, usd: number) {
    const perToken = (microUsdPerMillion: number) => microUsdPerMillion / 1e12;
    return {
        model_list: [
            {
                model_name: model,
                litellm_params: {
                    model: `bedrock/converse/${model}`,
                    aws_bedrock_runtime_endpoint: bedrock,
                    aws_region_name: region,
                    aws_access_key_id: "bench",
                    aws_secret_access_key: "bench",
                    max_retries: 0,
                },
                model_info: {
                    input_cost_per_token: perToken(prices.input),
                    output_cost_per_token: perToken(prices.output),
                },
            },
        ],
        litellm_settings: { num_retries: 0, request_timeout: 120, telemetry: false },
        router_settings: {
            num_retries: 0,
            disable_cooldowns: true,
            ...(budget === "provider"
                ? { provider_budget_config: { bedrock: { budget_limit: usd, time_period: "1d" } } }
                : {}),
        },
        general_settings: { custom_auth: "litellm_key.known_caller", custom_auth_run_common_checks: true },
    };
}
