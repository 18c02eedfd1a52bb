import {
    GetFoundationModelCommand,
    GetInferenceProfileCommand,
    ListFoundationModelsCommand,
} from "@aws-sdk/client-bedrock";
import { InvokeModelCommand, InvokeModelWithResponseStreamCommand } from "@aws-sdk/client-bedrock-runtime";
import { AttachUserPolicyCommand, ListAttachedUserPoliciesCommand } from "@aws-sdk/client-iam";

import { allowed, deniedByBedrock, healthy, notServed, routesInWords } from "../../services/checks";
import { type Clients, closeClients } from "../aws/clients";
import { isNamed } from "../aws/failures";
import { askControl } from "../aws/gate-control";
import { assumeNarrowed } from "../aws/sessions";
import { endTrial, markTrial } from "./left";
import { type Answer, outcomeInWords, settle } from "./outcome";
import { whileInterruptible } from "./restore";
import { type Executor, type ProbeOf } from "./run";
import { consentOf, whileTrying } from "./trial";

/** Whether the caller may make a call to Bedrock. */
export const bedrockAccess: Executor<"bedrock"> = ({ call, model = "" }, { clients }) => answer(call, model, clients);

/** Whether a model answers, and if not, which of the reasons it is (E2, E10). */
export const modelHealth: Executor<"modelHealth"> = async ({ model }, { clients }) => {
    try {
        await calls.invoke(clients, model);
        return { got: healthy };
    } catch (error) {
        return healthInWords(error);
    }
};

/** What a session that is narrowed to a model may do with it, and with another of the service's models (E11). */
export const narrowedSession: Executor<"narrowedSession"> = async ({ roleArn, policy, model, other }, run) => {
    const name = `verify-${run.scratch.runId}`;
    const { keys } = await assumeNarrowed(run.clients.sts, { roleArn, policy, name, seconds: 900 });
    const clients = run.clientsOf(keys);
    try {
        const invoke = async (who: string, id: string) => `${who}: ${(await answer("invoke", id, clients)).got}`;
        const found = [await invoke("it", model), ...(other === undefined ? [] : [await invoke(other, other)])];
        return { got: found.join("; ") };
    } finally {
        closeClients(clients);
    }
};

/** Which model an inference profile serves, and in which regions. */
export const inferenceProfile: Executor<"inferenceProfile"> = ({ profileId }, { clients: { bedrock } }) =>
    answered(async () => {
        const command = new GetInferenceProfileCommand({ inferenceProfileIdentifier: profileId });
        const { models = [] } = await bedrock.send(command);
        return modelsInWords(models.map(({ modelArn = "" }) => modelArn));
    });

function modelsInWords(arns: readonly string[]): string {
    const regionsOf = new Map<string, string[]>();
    for (const arn of arns) {
        const model = arn.slice(arn.lastIndexOf("/") + 1);
        regionsOf.set(model, [...(regionsOf.get(model) ?? []), arn.split(":")[3]]);
    }
    // That of a global profile has an ARN without a region beside the one in the source region.
    const sentences = [...regionsOf].map(([model, regions]) =>
        routesInWords(model, regions.includes("") ? [] : regions),
    );
    return sentences.sort().join("; ") || "no model";
}

function answer(call: ProbeOf<"bedrock">["call"], model: string, clients: Clients): Promise<Answer> {
    return answered(async () => {
        await calls[call](clients, model);
        return allowed;
    });
}

/** An unknown model was neither refused nor served, and that is said in Bedrock's own words. */
async function answered(ask: () => Promise<string>): Promise<Answer> {
    try {
        return { got: await ask() };
    } catch (error) {
        return { got: isUnknownModel(error) ? notServed((error as Error).name) : outcomeInWords(error) };
    }
}

function isUnknownModel(error: unknown): boolean {
    if (isNamed(error, "ResourceNotFoundException")) return true;
    return isNamed(error, "ValidationException") && /model identifier is invalid/.test((error as Error).message);
}

const calls: Readonly<Record<ProbeOf<"bedrock">["call"], (clients: Clients, model: string) => Promise<unknown>>> = {
    list: ({ bedrock }) => bedrock.send(new ListFoundationModelsCommand({})),
    get: ({ bedrock }, modelIdentifier) => bedrock.send(new GetFoundationModelCommand({ modelIdentifier })),
    invoke: ({ bedrockRuntime }, modelId) => bedrockRuntime.send(new InvokeModelCommand(request(modelId))),
    invokeStream: async ({ bedrockRuntime }, modelId) => {
        const { body } = await bedrockRuntime.send(new InvokeModelWithResponseStreamCommand(request(modelId)));
        // An error may come in the stream; one that is not read keeps its connection.
        for await (const event of body ?? []) {
            const failure = Object.values(event).find((part) => part instanceof Error);
            if (failure) throw failure;
        }
    },
};

/** The shortest answer that a Llama model gives: what is asked for is paid for. */
function request(modelId: string) {
    return {
        modelId,
        contentType: "application/json",
        accept: "application/json",
        body: JSON.stringify({ prompt: "Say yes.", max_gen_len: 1 }),
    };
}

/** Denies by hand, invokes, allows again, invokes again. One that was in force before stays in force. */
export const shutOff: Executor<"shutOff"> = async ({ user, policyArn, model }, run) => {
    const whileShutOff = consentOf(run);
    const { iam } = run.deployer();
    const service = run.service();
    const target = { UserName: user, PolicyArn: policyArn };
    const { AttachedPolicies = [] } = await iam.send(new ListAttachedUserPoliciesCommand({ UserName: user }));
    if (AttachedPolicies.some(({ PolicyArn }) => PolicyArn === policyArn)) {
        return { got: "not tried: a shut-off is in force" };
    }
    const invoke = (expected: string) =>
        settle(() => answer("invoke", model, service), expected, run.settleMilliseconds, run.stop);
    const attached = await whileShutOff({ user, policyArn }, () =>
        whileInterruptible(
            async () => {
                await markTrial(iam, { user, policyArn });
                await iam.send(new AttachUserPolicyCommand(target));
                return invoke(deniedByBedrock);
            },
            () => endTrial(iam, { user, policyArn }),
        ),
    );
    const detached = await invoke(allowed);
    return { got: `attached: ${attached.got}; detached: ${detached.got}` };
};

/** The keeper finds the level crossed and denies; once restored, invocations are allowed again (E4). */
export const keeperShutOff: Executor<"keeperShutOff"> = async (probe, run) => {
    const { lambda } = run.deployer();
    const service = run.service();
    const invoke = async (title: string, expected: string) => {
        const ask = () => answer("invoke", probe.model, service);
        return `${title}: ${(await settle(ask, expected, run.settleMilliseconds, run.stop)).got}`;
    };
    let note = "";
    const during = await whileTrying(run, probe, async () => {
        const before = await invoke("before", allowed);
        const began = Date.now();
        await askControl(lambda, probe.controlName, { task: "keep" });
        const kept = await invoke("kept", deniedByBedrock);
        note = `Denied ${Date.now() - began} ms after the keeper was started, as its schedule does every five minutes.`;
        return [before, kept];
    });
    return { got: [...during, await invoke("restored", allowed)].join("; "), note };
};

/** What Bedrock's errors mean, by their name and message: the first that fits. */
const meanings: readonly (readonly [name: RegExp, message: RegExp, words: string])[] = [
    [/^AccessDeniedException$/, /explicit deny/, "403: a policy denies it; a shut-off may be in force"],
    [/^AccessDeniedException$/, /not authorized to perform/, "403: no policy allows it"],
    [/^AccessDeniedException$/, /access to the model/, "403: the account has no access to this model"],
    [/^AccessDeniedException$/, /^/, "403: denied"],
    [/^ValidationException$/, /on-demand throughput/, "400: not served on demand here, only by an inference profile"],
    [/^ValidationException$/, /model identifier is invalid/, "400: no such model in this region"],
    [/^ResourceNotFoundException$/, /end of its life/, "404: no longer served"],
    [/^ResourceNotFoundException$/, /^/, "404: no such model in this region"],
    [/^(ThrottlingException|ServiceQuotaExceededException)$/, /^/, "429: too many requests"],
];

/** Why a model does not answer, with Bedrock's own sentence beside it. */
export function healthInWords(error: unknown): Answer {
    const { name = "", message = "" } = (error ?? {}) as { name?: string; message?: string };
    const found = meanings.find(([names, messages]) => names.test(name) && messages.test(message));
    return found ? { got: found[2], note: `Bedrock: ${message}` } : { got: outcomeInWords(error) };
}
