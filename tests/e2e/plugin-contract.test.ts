// One contract for every type that the stand-in aws plugin makes for real: created, unchanged, drifted by hand and
// repaired, imported, replaced, deleted. A type without a sample fails.

import assert from "node:assert/strict";
import type { Server } from "@grpc/grpc-js";
import { awsPackage, realTypes } from "../../local/plugins/aws";
import { serve } from "../../local/plugins/server";
import { Engine, type State } from "../../local/plugins/testing/engine";
import { contractSamples } from "../../local/plugins/testing/samples";
import { describeWorld, makeWorld, removeWorld } from "../../local/plugins/testing/world";
import { UNKNOWN, type Properties } from "../../local/plugins/wire";

const endpoint = process.env["PLATFORM_TEST_AWS_ENDPOINT"] ?? "";
const world = describeWorld(endpoint);
const samples = contractSamples(world);

const settings = (more: Properties = {}): Properties => ({
    region: "us-east-1",
    accessKey: "test",
    secretKey: "test",
    s3UsePathStyle: "true",
    endpoints: JSON.stringify([
        Object.fromEntries(["budgets", "ecs", "iam", "logs", "s3", "sns", "sts"].map((name) => [name, endpoint])),
    ]),
    ...more,
});

describe("stand-in aws plugin", () => {
    let server: Server;
    let engine: Engine;

    before(async () => {
        assert.notEqual(
            endpoint,
            "",
            "PLATFORM_TEST_AWS_ENDPOINT must be the address of an AWS emulator whose root key is test/test",
        );
        const served = await serve(awsPackage, () => undefined);
        server = served.server;
        engine = new Engine(served.port);
        await engine.configure(settings({ defaultTags: '{"tags":{"owner":"contract"}}' }));
        await makeWorld(world);
    });

    after(async () => {
        engine?.close();
        server?.forceShutdown();
        if (endpoint !== "") {
            await removeWorld(world);
        }
    });

    it("has a sample for every type", () => {
        assert.deepEqual(Object.keys(samples).sort(), realTypes.map(({ token }) => token).sort());
    });

    for (const type of realTypes) {
        const { token } = type;
        const sample = samples[token];

        it(`${token}: the whole life`, async () => {
            assert.ok(sample, `${token} has no sample`);
            const program = (olds?: Properties) => engine.check(token, sample.inputs, olds);
            const unchanged = async (state: State, when: string) => {
                const difference = await engine.diff(token, state, await program(state.inputs));
                assert.deepEqual(difference.paths, [], `${token} differs ${when}`);
            };

            const checked = await program();
            const planned = await engine.create(token, checked, true);
            assert.equal(planned.id, "");
            for (const output of type.outputs) {
                assert.equal(planned.outputs[output], UNKNOWN, `${output} must be unknown in a preview`);
            }

            let state = await engine.create(token, checked);
            for (const output of type.secretOutputs ?? []) {
                assert.ok(state.secrets.has(output), `${output} must be secret`);
            }
            await unchanged(state, "right after its creation");
            state = await refreshed(state);
            assert.deepEqual(state.inputs, checked, "a refresh must keep the inputs of what nobody changed");
            await unchanged(state, "after a refresh");

            const once = Object.fromEntries((type.once ?? []).map((key) => [key, state.outputs[key]]));
            await sample.drift(state.id, state.outputs);
            if (sample.shows === "gone") {
                assert.equal(await engine.read(token, state.id, state), undefined, "gone must be seen");
                state = await engine.create(token, checked);
            } else {
                state = await refreshed(state);
                const { paths } = await engine.diff(token, state, await program(state.inputs));
                assert.ok(paths.includes(sample.shows), `drift must show at ${sample.shows}, not at [${paths.join()}]`);
                state = await engine.update(token, state, await program(state.inputs));
            }
            state = await refreshed(state);
            await unchanged(state, "after the repair");
            for (const [key, value] of Object.entries(once)) {
                assert.equal(state.outputs[key], value, `${key} must be carried over`);
            }

            const imported = await engine.read(token, sample.importId?.(state.outputs) ?? state.id);
            assert.ok(imported, `${token} must be found by its import id`);
            await unchanged(imported, "after an import");
            if (sample.importId === undefined) {
                assert.equal(imported.id, state.id);
            }

            if (sample.replacedBy !== undefined) {
                const changed = await engine.check(token, { ...sample.inputs, ...sample.replacedBy }, state.inputs);
                const { replaces } = await engine.diff(token, state, changed);
                assert.deepEqual(replaces, Object.keys(sample.replacedBy));
            }

            await engine.delete(token, state);
            if (sample.lasting !== true) {
                assert.equal(await engine.read(token, state.id, state), undefined, "deleted must be gone");
            }
            await engine.delete(token, state);

            async function refreshed(old: State): Promise<State> {
                const found = await engine.read(token, old.id, old);
                assert.ok(found, `${token} ${old.id} must be there`);
                return found;
            }
        });
    }
});
