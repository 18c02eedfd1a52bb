import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import {
    GetAccessKeyLastUsedCommand,
    GetUserCommand,
    type IAMClient,
    paginateListAccessKeys,
} from "@aws-sdk/client-iam";

import { type AccessKeySettings, accessKeysTag, parseAccessKeys } from "../../components/scoped-identity/access-keys";
import { serviceFacts, type ServiceName, type ServiceOutputs } from "../../services";
import { type KeyFacts, type KeyProbe } from "../../services/access-keys";
import { clientsFor } from "../aws/clients";
import { type Host } from "../cli/host";
import { exitCodes, InfraError } from "../common/errors";
import { ClusterFailure } from "../kubernetes/access";
import { type ExportedState } from "../recover/state";
import { parsed, settingsWith } from "../stack/outputs";
import { type ConsumerFile, lookAtFiles } from "./env-files";
import { evidenceOf } from "./evidence";
import { lookAtPods, type TryKey, tryKey, withoutAnswer } from "./proof";
import { keySettings } from "./settings";
import { type Situation, type UserKey } from "./situation";
import { keysInState, outputsInState, type StateKey } from "./state";

/** Whose keys are rotated, and where. */
export interface Subject {
    readonly host: Host;
    readonly stack: string;
    readonly service: ServiceName;
    readonly region: string;
    readonly confirmed: boolean;
    /** Paths of the files from which consumers read the service's variables. */
    readonly envFiles: readonly string[];
}

/** The situation, and what the next step may need of the stack. */
export interface Seen extends Situation {
    readonly user: string;
    readonly path: readonly string[];
    readonly probe: KeyProbe;
    readonly stateKeys: readonly StateKey[];
    readonly validSeconds: number;
    readonly timeoutSeconds: number;
}

/**
 * Looks at everything that decides on the next step.
 *
 * @throws InfraError when the service has no static keys, is not deployed, or something cannot be reached
 */
export async function look(subject: Subject, now: Date): Promise<Seen> {
    try {
        return await lookAtAll(subject, now);
    } catch (error) {
        if (error instanceof ClusterFailure) throw new InfraError(exitCodes.unreachable, error.message);
        // Every error of the SDK has it.
        if (!(error instanceof Error && "$metadata" in error)) throw error;
        throw new InfraError(exitCodes.unreachable, `AWS did not answer as asked: ${error.name}: ${error.message}`);
    }
}

async function lookAtAll(subject: Subject, now: Date): Promise<Seen> {
    const { host, stack, service, region, confirmed } = subject;
    const facts = serviceFacts[service].keys as KeyFacts<ServiceOutputs[ServiceName]>;
    const stackSettings = settingsWith({ stack, host }, service);
    const settings = keySettings(stackSettings, service, facts.settings);
    if (!settings) throw withoutKeys(service);
    const state = await exportState(host, stack);
    const outputs = outputsInState(state, [service])[service];
    const user = outputs && facts.user(outputs);
    if (!outputs || user === undefined) {
        throw new InfraError(exitCodes.failed, `${service} is not deployed in stack ${stack}: it has no keys yet.`);
    }
    const stateKeys = keysInState(state, user);
    const connection = { ...host.aws, region };
    const { iam } = clientsFor(await host.credentials("deployer"), connection);
    const published = stateKeys.find(({ generation }) => generation === settings.published);
    const probe = facts.probe(outputs);
    const unseenConsumers = facts.unseenConsumers(outputs);
    const fault = published ? await answerOf(tryKey(published, probe, connection)) : "the stack does not have it";
    const files = published ? lookAtFiles(subject, published) : [];
    const [applied, keys] = await Promise.all([appliedSettings(iam, user), userKeys(iam, user, stateKeys)]);
    return {
        now,
        fileName: basename(host.stackFile(stack)),
        settings,
        ...(applied ? { applied } : {}),
        keys,
        publishedAsDeclared: published !== undefined && outputs.accessKeyId === published.accessKeyId,
        publishedWorks: fault === undefined,
        ...(fault === undefined ? {} : { publishedFault: fault }),
        staleFiles: files.filter(({ since }) => since === undefined).map(({ path }) => path),
        evidence: await evidence(subject, now, settings, keys, files, unseenConsumers === undefined),
        ...(unseenConsumers === undefined ? {} : { unseen: unseenConsumers }),
        confirmed,
        ...stackSettings.rotation,
        user,
        path: facts.settings,
        probe,
        stateKeys,
    };
}

/**
 * What AWS answers to a key. A lost connection says nothing of the key.
 *
 * @throws InfraError when AWS cannot be reached
 */
async function answerOf(attempt: TryKey): Promise<string | undefined> {
    for (let tries = 1; ; tries++) {
        const fault = await attempt();
        if (fault === undefined || !withoutAnswer(fault)) return fault;
        if (tries === 5) throw new InfraError(exitCodes.unreachable, `The published key could not be tried: ${fault}`);
        await pause(tries * 1000);
    }
}

function withoutKeys(service: ServiceName): InfraError {
    return new InfraError(
        exitCodes.usage,
        `${service} has no static keys in this stack: there is nothing to rotate.`,
        "Its credentials are temporary and renew themselves.",
    );
}

async function exportState(host: Host, stack: string): Promise<ExportedState> {
    const { exitCode, stdout, stderr } = await host.pulumi(stack, ["stack", "export", "--show-secrets"]);
    if (exitCode === 0) return parsed<ExportedState>(stdout);
    throw new InfraError(exitCodes.unreachable, `The state of stack ${stack} could not be read: ${stderr.trim()}`);
}

async function appliedSettings(iam: IAMClient, UserName: string): Promise<AccessKeySettings | undefined> {
    const { User } = await iam.send(new GetUserCommand({ UserName }));
    const tag = User?.Tags?.find(({ Key }) => Key === accessKeysTag)?.Value;
    return tag === undefined ? undefined : parseAccessKeys(tag);
}

async function userKeys(iam: IAMClient, UserName: string, known: readonly StateKey[]): Promise<UserKey[]> {
    const keys: UserKey[] = [];
    for await (const { AccessKeyMetadata = [] } of paginateListAccessKeys({ client: iam }, { UserName })) {
        for (const { AccessKeyId: id = "", Status, CreateDate } of AccessKeyMetadata) {
            const used = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: id }));
            const lastUsed = used.AccessKeyLastUsed?.LastUsedDate;
            const generation = known.find(({ accessKeyId }) => accessKeyId === id)?.generation;
            keys.push({
                id,
                ...(generation === undefined ? {} : { generation }),
                active: Status === "Active",
                created: CreateDate ?? new Date(0),
                ...(lastUsed ? { lastUsed } : {}),
            });
        }
    }
    return keys;
}

async function evidence(
    { host, stack, service }: Subject,
    now: Date,
    { published, retiring, since }: AccessKeySettings,
    keys: readonly UserKey[],
    files: readonly ConsumerFile[],
    inPods: boolean,
) {
    const of = (generation: number | undefined) => keys.find((key) => key.generation === generation);
    const [current, old] = [of(published), of(retiring?.generation)];
    // Of a key that is inactive nothing has to be shown any more.
    if (!retiring || !current || (retiring.inactive && !old?.active)) return [];
    const access = inPods ? host.cluster(stack, "deployer") : undefined;
    if (inPods && !access) {
        throw new InfraError(
            exitCodes.unreachable,
            `The pods of ${service} cannot be seen from here; both keys stay.`,
            "Set VAULT_TOKEN to the deployer's, where the stack's kubeconfig is, and run this again.",
        );
    }
    const { quietSeconds, timeoutSeconds } = host.settings(stack).rotation;
    return evidenceOf({
        now,
        since: latest([since === undefined ? now : new Date(since), ...files.map((file) => file.since ?? now)]),
        quietSeconds,
        timeoutSeconds,
        granularitySeconds: host.aws.endpoint === undefined ? awsGranularitySeconds : 1,
        published: { generation: published, id: current.id },
        retiring,
        ...(tellsLastUse(host, keys) ? { lastUse: { published: current.lastUsed, retiring: old?.lastUsed } } : {}),
        ...(access ? { pods: await lookAtPods(access) } : {}),
    });
}

const latest = (dates: readonly Date[]) => new Date(Math.max(...dates.map((date) => date.getTime())));

/**
 * Of several uses within 15 minutes AWS may have noted the first one only: so its credential report documents the date.
 */
const awsGranularitySeconds = 900;

/**
 * Whether the platform tells when a key was used last. The published key has just been tried: an emulator that then
 * knows of no use at all keeps no note of it. AWS does, and may be late.
 */
const tellsLastUse = ({ aws }: Host, keys: readonly UserKey[]) =>
    aws.endpoint === undefined || keys.some(({ lastUsed }) => lastUsed !== undefined);
