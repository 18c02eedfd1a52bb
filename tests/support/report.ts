import * as pulumi from "@pulumi/pulumi";
import { Document } from "yaml";

import { type ExportedState } from "../../ops/recover/state";
import { type Report, reportOf } from "../../ops/report/data";
import { settingsOf } from "../../ops/stack/settings";
import { type CheckResult } from "../../ops/verify/target";
import { RecordingMocks, valueOf } from "./mocks";
import { stateOf } from "./mock-state";
import { runProgram, stackConfig } from "./stack-files";

/** What every secret of the stack has in it. */
export const planted = "planted-secret";

/** Markup that a page has to show as text. */
export const markup = "</script><img id=planted src=x onerror=alert(1)>";

const now = new Date("2026-03-31T12:00:00Z");

const check = (id: string, service: CheckResult["service"], got: string, rest: Partial<CheckResult> = {}) => ({
    id,
    service,
    name: `what ${id} is about`,
    identity: "operator",
    expected: "as declared",
    got,
    ok: got === "as declared",
    ...rest,
});

/** One of each kind. */
const checks: CheckResult[] = [
    check("A1", "rl-studio", "as declared"),
    check("A2", "rl-studio", "something else", { note: "a note" }),
    check("C1", "snapshotter", "as declared"),
    check("C2", "snapshotter", "no deployer given", { notTried: true }),
];

/** Where secrets may be in a state: each in its own way. */
function withSecrets(state: ExportedState): ExportedState {
    const { deployment } = state;
    const resources = (deployment.resources ?? []).map((resource) => {
        if (resource.type !== "aws:lambda/function:Function") return resource;
        const inputs = {
            ...resource.inputs,
            password: `${planted}-by-name`,
            declared: `${planted}-by-declaration`,
            description: markup,
            environment: { variables: { API_TOKEN: `${planted}-nested`, PLAIN: "to be seen" } },
            document: JSON.stringify({ user: "u", password: `${planted}-in-json` }),
            containerDefinitions: JSON.stringify([
                { environment: [{ name: "DB_PASSWORD", value: `${planted}-of-a-container` }] },
            ]),
            marked: {
                "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
                value: `${planted}-marked`,
            },
        };
        return { ...resource, inputs, additionalSecretOutputs: ["declared"] };
    });
    return { ...state, deployment: { ...deployment, resources } };
}

/** The report of stack dev with every service, from the state that its program makes, secrets in the clear. */
export async function devReport(): Promise<{ report: Report; state: ExportedState }> {
    const mocks = new RecordingMocks({
        outputs: {
            "aws:iam/accessKey:AccessKey": ({ name }) => ({
                secret: `${planted}-of-${name}`,
                createDate: "2026-01-30T12:00:00Z",
            }),
        },
    });
    const config = stackConfig("dev");
    const outputs = await runProgram(mocks, config, { stack: "dev" });
    const exported = withSecrets(stateOf(mocks, "dev", (await valueOf(pulumi.output(outputs))) as object));
    const report = reportOf({
        stack: "dev",
        settings: settingsOf(new Document({ config }), "Pulumi.dev.yaml"),
        state: { exported, locks: [] },
        history: [{ kind: "update", result: "succeeded", ended: now, changes: { create: 3 } }],
        checks: { verified: true, results: checks },
        spending: {
            known: true,
            state: {
                month: "2026-03",
                endsAt: "2026-04-01T00:00:00.000Z",
                limitMicroUsd: "50000000",
                meter: { spentMicroUsd: "41250000", deniedTo: [] },
                gate: { reservedMicroUsd: "125000", savedMicroUsd: "3000000", calls: 1200, cacheHits: 80 },
                awsBudgets: { deniedTo: [] },
            },
        },
        now,
    });
    return { report, state: exported };
}
