import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { stopServer } from "../../local/aws/server";
import { startCloud } from "../../local/cloud";
import { localDirectory } from "../../local/paths";
import { step } from "../../local/progress";
import { type Affected } from "../../ops/affected";
import { say } from "../../ops/common/output";
import { FleetCheckout } from "../support/fleet/checkout";
import { serviceSets } from "../support/fleet/fleet";
import { freePorts } from "../support/test-cloud";
import { removeAtOnce } from "./at-once";
import { type Change, type FleetMeasurements, summariseFleet } from "./fleet-report";
import { type Bench, type Cost, costOf, costOfPreview } from "./preview";

const count = 100;
/** How often `infra affected` is measured after each change. */
const rounds = 5;

const nameOf = (index: number) => `team-${String(index).padStart(2, "0")}`;
const stacks = Array.from({ length: count }, (_, index) => nameOf(index));
/** One that has every service: no preview takes longer. */
const dearest = nameOf(serviceSets.length - 1);

/** The changes whose cost is compared. */
const changes: readonly { readonly what: string; readonly make: (checkout: FleetCheckout) => void }[] = [
    {
        what: "one stack's settings",
        make: (checkout) => edit(checkout, `Pulumi.${dearest}.yaml`, "monthlyLimitUsd: 50", "monthlyLimitUsd: 51"),
    },
    {
        what: "the code of one service, mlflow",
        make: (checkout) => edit(checkout, "stacks/mlflow.ts", "versioning: true", "versioning: false"),
    },
    {
        what: "code that every stack loads",
        make: (checkout) => edit(checkout, "services/mlflow.ts", '"mlflow-artifacts/"', '"mlflow-edited/"'),
    },
    {
        what: "a page of the documentation",
        make: (checkout) => edit(checkout, "README.md", "\n", "\n\n"),
    },
];

function edit(checkout: FleetCheckout, path: string, from: string, to: string): void {
    const text = readFileSync(join(checkout.folder, path), "utf8");
    if (!text.includes(from)) throw new Error(`${path} has no ${JSON.stringify(from)}`);
    checkout.write(path, text.replace(from, to));
}

/** Measures what CI takes for a change in a fleet of 100 stacks: all previewed, and those that `infra affected` names. */
export async function measureFleet() {
    const folder = mkdtempSync(join(tmpdir(), "platform-bench-"));
    process.on("exit", () => removeAtOnce(folder, localDirectory({ PLATFORM_LOCAL_DIR: folder })));
    const checkout = new FleetCheckout({});
    process.on("exit", () => checkout.remove());
    try {
        return summariseFleet(await measure(folder, checkout));
    } finally {
        await stopServer(localDirectory({ PLATFORM_LOCAL_DIR: folder }));
    }
}

async function measure(folder: string, checkout: FleetCheckout): Promise<FleetMeasurements> {
    process.env.PLATFORM_LOCAL_DIR = folder;
    process.env.PLATFORM_LOCAL_PORT = String(await freePorts(2));
    say("Local cloud of the benchmark");
    const { engine, providers, pulumi } = await startCloud();
    const bench: Bench = { engine: engine.folder, env: pulumi.env };
    writeStacks(checkout, pulumi.stackFile);

    say("Measuring");
    const preview = (stack: string) =>
        costOfPreview(bench, { folder: checkout.folder, stackFile: join(checkout.folder, `Pulumi.${stack}.yaml`) });
    const measured: Change[] = [];
    const previews = new Map<string, Cost>();
    await step("infra affected, and a preview of what it names", async (doing) => {
        doing("once, to have its files in memory");
        await preview(dearest);
        await affected(checkout);
        for (const [index, { what, make }] of changes.entries()) {
            doing(`change ${index + 1} of ${changes.length}`);
            make(checkout);
            const runs = [];
            for (let round = 0; round < rounds; round++) runs.push(await affected(checkout));
            const named = runs[0].stacks;
            measured.push({
                what,
                stacks: named,
                affected: runs.map(({ cost }) => cost),
                // As it is after the change; of more than one, the sum of what each took below.
                previews: named.length === 1 ? [await preview(named[0])] : undefined,
            });
            checkout.reset();
        }
    });
    await step(`previews of ${count} stacks`, async (doing) => {
        for (const stack of stacks) {
            doing(`${previews.size + 1} of ${count}`);
            previews.set(stack, await preview(stack));
        }
    });
    return { changes: measured, previews, cloud: { engine, providers } };
}

/** Stacks on the local AWS, with every choice of services in turn. */
function writeStacks(checkout: FleetCheckout, local: string): void {
    const file = parse(readFileSync(local, "utf8")) as { config: Record<string, unknown> };
    for (const [index, stack] of stacks.entries()) {
        const config = { ...file.config, "platform:services": serviceSets[index % serviceSets.length] };
        checkout.write(`Pulumi.${stack}.yaml`, stringify({ ...file, config }));
    }
    checkout.commit();
}

async function affected(checkout: FleetCheckout): Promise<{ stacks: readonly string[]; cost: Cost }> {
    const command = [process.execPath, join(checkout.folder, "bin/infra.js"), "affected", "--since", "HEAD", "--json"];
    const { cost, stdout } = await costOf(command, process.env as Record<string, string>);
    const { stacks: named, untouched } = JSON.parse(stdout) as Affected;
    if (named.length + untouched.length !== count) throw new Error(`${named.length + untouched.length} stacks`);
    return { stacks: named, cost };
}
