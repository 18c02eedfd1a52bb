import assert from "node:assert/strict";

import { failureOf, matricesOf } from "./matrix";
import { runStack, stacks } from "./stacks";

describe("who may do what where, and by which statement", () => {
    for (const [file, variant] of stacks) {
        it(`of stack ${file}, ${variant}`, async function () {
            this.timeout(120_000);
            const matrices = await matricesOf(await runStack(file, variant));
            for (const { name, world, cases } of matrices) {
                const failures = cases.flatMap((one) => failureOf(one, world) ?? []);
                assert.equal(
                    failures.length,
                    0,
                    `${name}: ${failures.length}, such as\n${failures.slice(0, 20).join("\n")}`,
                );
            }
            // An empty matrix would hold, too.
            const [{ cases }] = matrices;
            const allowed = cases.filter(({ expected }) => expected.allowed);
            assert.ok(cases.length > 100_000 && allowed.length > 1000, `${allowed.length} of ${cases.length} allowed`);
        });
    }
});
