import assert from "node:assert/strict";

import { deployerPolicy } from "../../ops/rights/deployer";
import { type ReferenceAction, referenceOf } from "./reference";
import { askedServices } from "./requests";
import { scope } from "./stacks";

/** What reasons of equivalents rest on, looked up in AWS's service authorization reference. */
describe("what is said of mutants that no request tells from the policy", () => {
    let all: readonly ReferenceAction[];
    before(async () => {
        all = (await Promise.all(askedServices.map(referenceOf))).flatMap(({ actions }) => actions);
    });

    const carriers: readonly (readonly [key: string, actions: string])[] = [
        ["lambda:InvokedViaFunctionUrl", "lambda: InvokeFunction"],
        ["bedrock:InferenceProfileArn", "bedrock: InvokeModel InvokeModelWithResponseStream"],
        ["iam:PassedToService", "iam: PassRole"],
        [
            "iam:PolicyARN",
            "iam: AttachGroupPolicy AttachRolePolicy AttachUserPolicy DetachGroupPolicy DetachRolePolicy DetachUserPolicy",
        ],
    ];
    for (const [key, actions] of carriers) {
        it(`says ${key} with ${actions} alone`, () => {
            const carrying = all.filter(({ conditionKeys }) => conditionKeys.includes(key)).map(({ name }) => name);
            const [service, names] = actions.split(": ");
            assert.deepEqual(
                carrying,
                names.split(" ").map((name) => `${service}:${name}`),
            );
        });
    }

    const account = scope.accountId;
    const reaches: readonly (readonly [statement: string, service: string, arns: readonly string[]])[] = [
        [
            "Identities",
            "iam",
            ["user/a", "role/a", "group/a", "policy/a"].map((name) => `arn:aws:iam::${account}:${name}`),
        ],
        ["HandRolesOver", "iam", [`arn:aws:iam::${account}:role/a`]],
        [
            "Functions",
            "dynamodb",
            ["table/a", "table/a/stream/1", "table/a/index/1"].map(
                (name) => `arn:aws:dynamodb:us-east-1:${account}:${name}`,
            ),
        ],
        ["Functions", "scheduler", [`arn:aws:scheduler:us-east-1:${account}:schedule/default/a`]],
    ];
    for (const [sid, service, arns] of reaches) {
        it(`asks the actions on ${service} of the deployer's statement ${sid} of ${arns.map((arn) => arn.split(":")[5]).join(", ")} alone`, () => {
            const statement = deployerPolicy("aws", account).Statement.find(({ Sid }) => Sid === sid)!;
            const names = ([statement.Action].flat() as string[]).filter((name) => name.startsWith(`${service}:`));
            assert.ok(names.length > 0);
            for (const name of names) {
                const { resources } = all.find((action) => action.name === name)!;
                assert.ok(resources.length > 0, `${name} has no resource level`);
                for (const type of resources) {
                    assert.ok(
                        arns.some((arn) => type.test(arn)),
                        `${name}: ${type.source}`,
                    );
                }
            }
        });
    }

    it("asks of a schedule what the deployer may, and nothing else", () => {
        const schedule = `arn:aws:scheduler:us-east-1:${account}:schedule/default/a`;
        const asked = all.filter(({ resources }) => resources.some((type) => type.test(schedule)));
        assert.deepEqual(
            asked.map(({ name }) => name),
            ["CreateSchedule", "DeleteSchedule", "GetSchedule", "UpdateSchedule"].map((name) => `scheduler:${name}`),
        );
    });
});
