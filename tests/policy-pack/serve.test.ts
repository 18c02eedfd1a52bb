import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import * as grpc from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import { type AnalyzerInfo, EnforcementLevel } from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

import { root } from "../../local/paths";
import { rules } from "../../policy-pack/rules";

const folder = join(root, "policy-pack");

/** Starts the pack as `command` does, asks it what it is, and ends it. */
async function served(command: readonly string[], cwd: string): Promise<AnalyzerInfo.AsObject> {
    // The engine's address comes first; the pack calls nobody.
    const [program, ...args] = command;
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
    try {
        const [port] = (await once(child.stdout, "data")) as [Buffer];
        const address = `127.0.0.1:${port.toString().trim()}`;
        const client = new AnalyzerClient(address, grpc.credentials.createInsecure());
        const info = await new Promise<AnalyzerInfo>((resolve, reject) =>
            client.getAnalyzerInfo(new Empty(), (error, answer) => (error ? reject(error) : resolve(answer))),
        );
        client.close();
        return info.toObject();
    } finally {
        child.kill();
    }
}

describe("the policy pack is served", function () {
    this.timeout(60_000);
    const runPolicyPack = join(root, "node_modules", "@pulumi", "pulumi", "cmd", "run-policy-pack");
    const ways: Readonly<Record<string, readonly [command: readonly string[], cwd: string]>> = {
        "as a program, wherever it is called": [[join(folder, "serve.js"), "127.0.0.1:1"], "/"],
        // What Pulumi's language host does with `--policy-pack policy-pack` (RunPlugin in pulumi-language-nodejs).
        "as a folder, by the module of the SDK that runs packs": [
            [process.execPath, runPolicyPack, "127.0.0.1:1", folder],
            folder,
        ],
    };
    for (const [way, [command, cwd]] of Object.entries(ways)) {
        it(`${way}, with every rule, and each is mandatory`, async () => {
            const { name, version, policiesList } = await served(command, cwd);
            assert.deepEqual([name, version], ["ai-service-platform", "1.0.0"]);
            assert.deepEqual(policiesList.map((policy) => policy.name).sort(), rules.map(({ id }) => id).sort());
            for (const policy of policiesList) assert.equal(policy.enforcementlevel, EnforcementLevel.MANDATORY);
        });
    }
});
