// The pinned SDK runs on Node 20; its warning of what later versions will need is of no use here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

import { Command } from "commander";

import { LocalError } from "../../local/paths";
import { elapsed } from "../../local/progress";
import { interrupted, listenForInterrupts } from "../../ops/common/interrupt";
import { say } from "../../ops/common/output";
import { measureAccess, renderAccess } from "./access";
import { measureAgainstByHand } from "./against-by-hand";
import { measureFleet } from "./fleet";
import { renderFleet } from "./fleet-report";
import { measureGate, renderGate } from "./gate";
import { measureOvershoot, renderOvershoot } from "./overshoot";
import { measurePolicyPack, renderPolicyPack } from "./policy-pack";
import { renderTable } from "./report";

/** Measures, and prints what was measured as a table or as JSON. */
async function run<Summary>(
    measure: () => Promise<Summary>,
    render: (summary: Summary) => string,
    json = false,
): Promise<void> {
    const start = performance.now();
    const summary = await measure();
    say(`Took ${elapsed(start)}.`);
    process.stdout.write(`${json ? JSON.stringify(summary, null, 2) : render(summary)}\n`);
}

interface Options {
    readonly json?: boolean;
}

const bench = new Command("npm run bench --");
bench
    .description("What the program costs, compared with the same resources registered by hand.")
    .option("--json", "the figures as one JSON document")
    .addHelpText(
        "after",
        "\nnpm run bench -- fleet previews, too; npm run bench -- gate, -- overshoot and -- access need nothing of the local cloud's engine",
    )
    .action(async ({ json }: Options) => {
        say(
            "Previews, by components and by hand. There are also: npm run bench -- fleet, -- gate, -- overshoot, -- access",
        );
        await run(measureAgainstByHand, renderTable, json);
    });
bench
    .command("fleet")
    .description("What CI takes for a change in a fleet of 100 stacks: all previewed, and those that it can touch.")
    .action(() => run(measureFleet, renderFleet, bench.opts<Options>().json));
bench
    .command("overshoot")
    .description(
        "By how much money callers at once go beyond a limit: through the gate, LiteLLM, and a count afterwards.",
    )
    .action(() => run(measureOvershoot, renderOvershoot, bench.opts<Options>().json));
bench
    .command("gate")
    .description("What the gate adds to a request's time, and how many requests a second it takes; LiteLLM beside it.")
    .action(() => run(measureGate, renderGate, bench.opts<Options>().json));
bench
    .command("policy-pack")
    .description("What the policy pack adds to the time of a preview.")
    .action(() => run(measurePolicyPack, renderPolicyPack, bench.opts<Options>().json));
bench
    .command("access")
    .description("How many decisions the evaluator of policies makes in a second, over cases of the access matrix.")
    .action(() => run(measureAccess, renderAccess, bench.opts<Options>().json));

listenForInterrupts();
process.on("SIGHUP", () => process.exit(129));
bench.parseAsync().catch((error: unknown) => {
    if (interrupted.aborted) {
        process.exitCode = 130;
        return;
    }
    say(error instanceof LocalError ? error.message : error instanceof Error ? String(error.stack) : String(error));
    process.exitCode = 1;
});
