import {
    DeleteAccessKeyCommand,
    GetAccessKeyLastUsedCommand,
    type IAMClient,
    paginateListAccessKeys,
} from "@aws-sdk/client-iam";

import { exitCodes, InfraError } from "../common/errors";
import { judgeUnknownKey, type ListedKey } from "./keys";
import { mayBeAlive, type UpdateLock } from "./lock";
import { type ExportedState, type IamAccount, interruptedKeyCreations, takeBackPending } from "./state";

/** What recovery works on. */
export interface RecoverTarget {
    /** Runs the engine's command line on the stack and returns what it printed; fails when it fails. */
    readonly pulumi: (args: readonly string[], input?: string) => Promise<string>;
    /** IAM with the deployer's credentials. */
    readonly iam: IAMClient;
    readonly account: IamAccount;
    /** The locks of the stack; undefined when its backend does not tell. */
    readonly locks: readonly UpdateLock[] | undefined;
    /** When the interrupted update began, if the caller knows it better than the locks do. */
    readonly began?: Date;
    readonly say: (text: string) => void;
}

/** Recovery stopped before it changed anything that it should not: the message says what to decide. */
export class RecoveryStopped extends InfraError {
    constructor(message: string) {
        super(exitCodes.unreachable, message);
    }
}

/**
 * Brings a stack whose update was killed back into order: deletes the access keys that the update created and whose
 * secret nobody has, removes the stale lock, takes half-created resources back into the state, and refreshes. It can
 * itself be interrupted and run again.
 *
 * @returns false when there was nothing to recover
 * @throws RecoveryStopped when the update may still be running, or a key is found that may be somebody's
 */
export async function recover(target: RecoverTarget): Promise<boolean> {
    const { pulumi, say, locks = [] } = target;
    const running = locks.find(mayBeAlive);
    if (running) {
        throw new RecoveryStopped(
            `An update by ${running.username} on ${running.hostname} (process ${running.pid}) has held the lock since ` +
                `${running.began.toISOString()}. Wait for it; if that machine is gone, run \`pulumi cancel\` first.`,
        );
    }
    const state = JSON.parse(await pulumi(["stack", "export"])) as ExportedState;
    const pending = state.deployment.pending_operations ?? [];
    if (locks.length === 0 && pending.length === 0) return false;
    say(`An update was interrupted: ${pending.length} operations are unfinished.`);
    await deleteOrphanedKeys(target, state);
    if (locks.length > 0) await pulumi(["cancel", "--yes"]);
    if (pending.length > 0) {
        for (const { type, resource } of pending) {
            say(`  unfinished: ${type} ${resource.urn.split("::").slice(2).join(" ")}`);
        }
        await pulumi(["stack", "import"], JSON.stringify(takeBackPending(state, target.account)));
        await pulumi(["refresh", "--yes", "--skip-preview"]);
    }
    say("The state is in order again; `pulumi up` goes on from here.");
    return true;
}

async function deleteOrphanedKeys(target: RecoverTarget, state: ExportedState): Promise<void> {
    const began = target.began ?? earliest((target.locks ?? []).map((lock) => lock.began));
    const orphans: { user: string; id: string }[] = [];
    for (const { user, knownIds } of interruptedKeyCreations(state)) {
        for (const key of await listKeys(target.iam, user)) {
            if (knownIds.includes(key.id)) continue;
            const verdict = judgeUnknownKey(key, began);
            if (!verdict.delete) {
                throw new RecoveryStopped(
                    `User ${user} has the access key ${key.id}, which the state does not know, and ${verdict.reason}. ` +
                        "Find out whose it is; delete it by hand if it is nobody's, then run this again.",
                );
            }
            orphans.push({ user, id: key.id });
        }
    }
    // Only now: a key that stops recovery leaves everything as it was.
    for (const { user, id } of orphans) {
        await target.iam.send(new DeleteAccessKeyCommand({ UserName: user, AccessKeyId: id }));
        target.say(`  deleted the access key ${id} of ${user}: made by the interrupted update, never used`);
    }
}

const earliest = (dates: readonly Date[]) => [...dates].sort((a, b) => a.getTime() - b.getTime())[0];

async function listKeys(iam: IAMClient, user: string): Promise<ListedKey[]> {
    const keys: ListedKey[] = [];
    try {
        for await (const page of paginateListAccessKeys({ client: iam }, { UserName: user })) {
            for (const { AccessKeyId: id, CreateDate: created } of page.AccessKeyMetadata ?? []) {
                const { AccessKeyLastUsed } = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: id }));
                keys.push({ id: id!, created: created!, lastUsed: AccessKeyLastUsed?.LastUsedDate });
            }
        }
    } catch (error) {
        if (!(error as Error).name.startsWith("NoSuchEntity")) throw error;
    }
    return keys;
}
