// The contract of a resource type: created, unchanged, drifted by hand and repaired, imported, replaced, deleted.

import assert from "node:assert/strict";
import type { TypePlan } from "../../../local/plugins/declare";
import { UNKNOWN, type Properties } from "../../../local/plugins/wire";
import type { Engine, State } from "./engine";
import type { Sample } from "./samples";

/** Fails where the type breaks its contract; what it made is gone afterwards. */
export async function wholeLife(engine: Engine, type: TypePlan, sample: Sample | undefined): Promise<void> {
    const { token } = type;
    assert.ok(sample, `${token} has no sample`);
    const program = (olds?: Properties) => engine.check(token, sample.inputs, olds);
    const unchanged = async (state: State, when: string, except: readonly string[] = []) => {
        const difference = await engine.diff(token, state, await program(state.inputs));
        assert.deepEqual(difference.paths, except, `${token} differs ${when}`);
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
    await unchanged(imported, "after an import", sample.untold);
    if (sample.importId === undefined) {
        assert.equal(imported.id, state.id);
    }

    if (type.tagged === true && sample.tagsStay !== true) {
        for (const tags of [{ team: "b", more: "1" }, sample.inputs["tags"] as Properties]) {
            const retagged = await engine.check(token, { ...sample.inputs, tags }, state.inputs);
            state = await refreshed(await engine.update(token, state, retagged));
            assert.deepEqual(state.outputs["tagsAll"], { owner: "contract", ...tags });
        }
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
}
