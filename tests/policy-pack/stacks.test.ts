import assert from "node:assert/strict";

import { exceptions } from "../../policy-pack/exceptions";
import { faultsOf } from "../../policy-pack/judge";
import { type Resource } from "../../policy-pack/rule";
import { rules } from "../../policy-pack/rules";
import { runBootstrap } from "../support/bootstrap";
import { judged } from "../support/judged";
import { RecordingMocks } from "../support/mocks";
import { runProgram, stackConfig, stackNames } from "../support/stack-files";
import { draft } from "../support/violations";
import { violations } from "./violations";

const section = "platform:clinical-ai";

/** Every stack as it is committed, and dev in the ways to give clinical-ai its identity that no stack file chooses. */
const variants: Readonly<Record<string, Record<string, unknown>>> = {
    ...Object.fromEntries(stackNames.map((stack) => [stack, stackConfig(stack)])),
    ...Object.fromEntries(
        [
            {
                mode: "irsa",
                oidcProviderArn: "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC",
            },
            { mode: "podIdentity", clusterName: "a-cluster" },
            {
                mode: "vaultDynamic",
                vaultPrincipalArn: "arn:aws:iam::123456789012:user/vault",
                ttlSeconds: 3600,
                refreshSeconds: 1200,
            },
        ].map((identity) => {
            const config = stackConfig("dev");
            return [
                `dev with ${identity.mode}`,
                { ...config, [section]: { ...(config[section] as object), identity } },
            ];
        }),
    ),
};

/** What each of them registers, and what an account's first deployment does. */
const registered: Record<string, Resource[]> = {};
before(async function () {
    this.timeout(120_000);
    for (const [name, config] of Object.entries(variants)) {
        const mocks = new RecordingMocks();
        const [stack] = stackNames.filter((one) => name.startsWith(one));
        await runProgram(mocks, config, { stack });
        registered[name] = judged(mocks);
    }
    for (const stack of accounts) {
        const mocks = new RecordingMocks();
        await runBootstrap(mocks, stack);
        registered[`bootstrap of ${stack}`] = judged(mocks);
    }
});

const accounts = ["dev", "staging", "prod"] as const;
const every = [...Object.keys(variants), ...accounts.map((stack) => `bootstrap of ${stack}`)];

describe("the policy pack, over all that the stacks register", () => {
    for (const name of every) {
        it(`finds nothing in ${name}`, () => {
            const resources = registered[name];
            const found = rules.flatMap((rule) =>
                resources.flatMap((resource) =>
                    faultsOf(rule, resource, resources).map((fault) => `${rule.id}: ${resource.name} ${fault}`),
                ),
            );
            assert.deepEqual(found, []);
        });
    }

    for (const rule of rules) {
        it(`${rule.id} is broken by a change to what a stack registers`, () => {
            assert.ok(violations.some((violation) => violation.rule === rule.id));
        });
    }

    for (const { rule: id, what, fault, stack = "prod", change } of violations) {
        it(`${id} finds ${what}`, () => {
            const rule = rules.find((one) => one.id === id)!;
            const changed = draft(registered[stack]);
            change(changed);
            const found = changed.flatMap((resource) => faultsOf(rule, resource, changed));
            assert.match(found.join("\n"), fault);
        });
    }

    for (const exception of exceptions) {
        it(`${exception.rule} would find ${exception.what}, were it no exception`, () => {
            const rule = rules.find(({ id }) => id === exception.rule);
            const found = Object.values(registered).flatMap((all) =>
                all
                    .filter((resource) => rule!.types.includes(resource.type) && exception.holds(resource))
                    .flatMap((resource) => rule!.faults(resource, all)),
            );
            assert.ok(found.length > 0);
        });
    }
});
