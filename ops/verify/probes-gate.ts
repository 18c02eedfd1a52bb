import { randomBytes } from "node:crypto";

import { ListAttachedRolePoliciesCommand, ListAttachedUserPoliciesCommand } from "@aws-sdk/client-iam";
import { GetProvisionedConcurrencyConfigCommand } from "@aws-sdk/client-lambda";
import { GetScheduleCommand } from "@aws-sdk/client-scheduler";

import { DynamoStore } from "../../functions/bedrock-gate/adapters/dynamodb-store";
import { gateKeyItem, gateKeyPrefix } from "../../functions/bedrock-gate/core/callers";
import { totalsKey } from "../../functions/bedrock-gate/core/ledger";
import { counter, text } from "../../functions/bedrock-gate/core/store";
import { nameOf } from "../../functions/bedrock-gate/core/time";
import { healthy } from "../../services/checks";
import { type Clients } from "../aws/clients";
import { isNamed } from "../aws/failures";
import { askGate, callGate, type GateAnswer } from "../aws/gate";
import { askControl } from "../aws/gate-control";
import { type Answer, NotTried } from "./outcome";
import { whileInterruptible } from "./restore";
import { type Executor, type ProbeOf } from "./run";
import { consentOf, whileTrying } from "./trial";

/** What two equal requests are answered with, and what each is charged. */
export const gateCache: Executor<"gateCache"> = async ({ url, model }, { clients, scratch }) => {
    const text = `Say yes. (${scratch.runId})`;
    const first = await askGate({ clients }, url, model, text);
    const second = await askGate({ clients }, url, model, text);
    return { got: `first: ${inWords(first)}; second: ${inWords(second)}`, ...noteOf(first, second) };
};

/** Whether a model answers through the gate, and if not, why, with the time that it took (E10). */
export const gateHealth: Executor<"gateHealth"> = async ({ url, model }, { clients, scratch }) => {
    const began = Date.now();
    const answer = await askGate({ clients }, url, model, `Say yes. (health, ${scratch.runId})`);
    if (answer.status !== 200) return { got: refusalInWords(answer), ...noteOf(answer) };
    return { got: healthy, note: `Through the gate, in ${Date.now() - began} ms.` };
};

/** What the gate tells a caller of its own limits, and whether it counts. */
export const gateUsage: Executor<"gateUsage"> = async ({ url, model }, { clients, scratch }) => {
    const usage = async () => {
        const { status, body } = await callGate({ clients }, url, "GET", "v1/usage");
        if (status !== 200) throw new NotTried(`the gate answered ${status}`);
        return body as { readonly hour: Counted; readonly day: Counted };
    };
    const before = await usage();
    await askGate({ clients }, url, model, `Say yes. (usage, ${scratch.runId})`);
    const { hour, day } = await usage();
    const counted = hour.requests > before.hour.requests || hour.name !== before.hour.name;
    return { got: `${hour.limit} an hour, ${day.limit} a day; ${counted ? "counted" : "not counted"}` };
};

interface Counted {
    readonly name: string;
    readonly requests: number;
    readonly limit: number;
}

/** What a key with a limit of one request an hour gets: at first, above the limit, and when it is revoked (E6). */
export const gateKey: Executor<"gateKey"> = async ({ keysUrl: url, model, controlName }, run) => {
    const deployer = run.deployer();
    const key = gateKeyPrefix + randomBytes(32).toString("base64url");
    const name = `verify-${run.scratch.runId}`.toLowerCase();
    const hash = gateKeyItem(key).sort;
    const caller = { clients: deployer, key };
    const ask = async (title: string) => {
        const answer = await askGate(caller, url, model, `Say yes. (${title}, ${run.scratch.runId})`);
        return `${title}: ${statusInWords(answer)}`;
    };
    const found = await whileInterruptible(
        async () => {
            await askControl(deployer.lambda, controlName, {
                task: "createKey",
                name,
                hash,
                by: "verify",
                requestsPerHour: 1,
            });
            return [await ask("first"), await ask("second")];
        },
        () => askControl(deployer.lambda, controlName, { task: "revokeKey", name }),
    );
    return { got: [...found, await ask("revoked")].join("; ") };
};

/** For how long instances are waited for, in milliseconds: the request that asks for them does not. */
const instancesTime = 5_000;

/** How many instances wait once the gate was used, once it is idle, and once it was used again (E9). */
export const gateInstances: Executor<"gateInstances"> = async (probe, run) => {
    const { url, model, controlName, functionName: FunctionName, alias: Qualifier } = probe;
    consentOf(run, "takes the live gate its instances for a moment");
    const { lambda } = run.deployer();
    const service = { clients: run.service() };
    const waiting = async () => {
        const command = new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier });
        try {
            return String((await lambda.send(command)).RequestedProvisionedConcurrentExecutions);
        } catch (error) {
            if (isNamed(error, "ProvisionedConcurrencyConfigNotFoundException")) return "none";
            throw error;
        }
    };
    const used = async (title: string) => {
        const answer = await askGate(service, url, model, `Say yes. (${title}, ${run.scratch.runId})`);
        if (answer.status !== 200) return `${title}: ${refusalInWords(answer)}`;
        const until = Date.now() + instancesTime;
        while ((await waiting()) === "none" && Date.now() < until) {
            await new Promise((resolve) => setTimeout(resolve, 200));
        }
        return `${title}: ${await waiting()}`;
    };
    const first = await used("used");
    await askControl(lambda, controlName, { task: "endInstances" });
    const idle = `idle: ${await waiting()}`;
    return { got: [first, idle, await used("used again")].join("; ") };
};

/** What the ledger says of this month. */
export const ledger: Executor<"ledger"> = async ({ tableName, microUsd }, { clients: { dynamodb } }) => {
    const totals = await new DynamoStore(dynamodb, tableName).get(totalsKey(nameOf("month", new Date())));
    const shutOffAt = text(totals, "shutOffAt");
    const within = counter(totals, "held") <= BigInt(microUsd);
    return {
        got: `${within ? "within the limit" : "ABOVE THE LIMIT"}; ${shutOffAt === undefined ? "open" : "shut off"}`,
        note: `${counter(totals, "spent")} micro-dollars spent this month.`,
    };
};

/** When a schedule starts what, and as whom. */
export const schedule: Executor<"schedule"> = async ({ name }, { clients: { scheduler } }) => {
    const found = await scheduler.send(new GetScheduleCommand({ Name: name }));
    const { ScheduleExpression, ScheduleExpressionTimezone, State, Target } = found;
    return {
        got: `${State}: ${ScheduleExpression} ${ScheduleExpressionTimezone}: ${Target?.Input} to ${Target?.Arn} as ${Target?.RoleArn}`,
    };
};

/** For how long a gate may remember that it refused, in milliseconds. */
const refusalMemory = 5_000;

/** How soon after the crossing request the deny has to be attached, in milliseconds. */
const brakeTime = 5_000;

/** One request crosses the level: from then on everybody is refused and denied, until it is restored (E4). */
export const gateShutOff: Executor<"gateShutOff"> = async (probe, run) => {
    const { url, model } = probe;
    const { iam } = run.deployer();
    const service = run.service();
    let count = 0;
    const ask = () =>
        askGate({ clients: service }, url, model, `Say yes. (shut-off, ${run.scratch.runId}, ${count++})`);
    const words = async (title: string, answer: GateAnswer) => {
        const attached = await attachedTo(iam, probe);
        return `${title}: ${statusInWords(answer)}, deny attached to ${attached.join(" and ") || "nobody"}`;
    };
    let note = "";
    const during = await whileTrying(run, probe, async () => {
        const began = Date.now();
        const [crossing, after] = await Promise.all([ask(), attachedAfter(iam, probe, began)]);
        note = `The deny was attached ${after} ms after the crossing request was sent, and that was answered after ${Date.now() - began} ms.`;
        const prompt = after <= brakeTime ? "in time" : `after ${after} ms`;
        return [await words(`crossing, ${prompt}`, crossing), await words("next", await ask())];
    });
    const restored = await settled(ask, Math.max(run.settleMilliseconds, refusalMemory));
    return { got: [...during, await words("restored", restored)].join("; "), note };
};

/** After how many milliseconds everybody has the deny. It is waited for for twice the time that it may take. */
async function attachedAfter(iam: Clients["iam"], probe: ProbeOf<"gateShutOff">, began: number): Promise<number> {
    for (;;) {
        const passed = Date.now() - began;
        if ((await attachedTo(iam, probe)).length === 2 || passed > 2 * brakeTime) return passed;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

/** A deny that is taken away is felt for a while. */
async function settled(ask: () => Promise<GateAnswer>, milliseconds: number): Promise<GateAnswer> {
    const until = Date.now() + milliseconds;
    for (;;) {
        const answer = await ask();
        if (answer.status === 200 || Date.now() >= until) return answer;
        await new Promise((resolve) => setTimeout(resolve, 500));
    }
}

async function attachedTo(iam: Clients["iam"], { user, role, policyArn }: ProbeOf<"gateShutOff">): Promise<string[]> {
    const [ofUser, ofRole] = await Promise.all([
        iam.send(new ListAttachedUserPoliciesCommand({ UserName: user })),
        iam.send(new ListAttachedRolePoliciesCommand({ RoleName: role })),
    ]);
    const has = ({ AttachedPolicies = [] }: { AttachedPolicies?: { PolicyArn?: string }[] }) =>
        AttachedPolicies.some(({ PolicyArn }) => PolicyArn === policyArn);
    return [...(has(ofUser) ? ["the user"] : []), ...(has(ofRole) ? ["the gate's role"] : [])];
}

const statusInWords = (answer: GateAnswer) => (answer.status === 200 ? "200" : refusalInWords(answer));

function inWords(answer: GateAnswer): string {
    const { status, gate } = answer;
    if (status !== 200) return refusalInWords(answer);
    const cost = Number(gate["cost-microusd"]);
    const charged = cost > 0 ? "charged" : "nothing charged";
    return `${status}, ${gate.cache}, ${Number.isNaN(cost) ? "cost not told" : charged}`;
}

const refusalInWords = ({ status, gate: { error = "refused" } }: GateAnswer) => `${status}: ${error}`;

/** What the gate says of the first refusal among these. */
function noteOf(...answers: readonly GateAnswer[]): Pick<Answer, "note"> {
    const refused = answers.find(({ status }) => status !== 200);
    const { message } = (refused?.body ?? {}) as { message?: string };
    return message === undefined ? {} : { note: message };
}
