import {
    AttachUserPolicyCommand,
    CreateAccessKeyCommand,
    CreatePolicyCommand,
    CreateUserCommand,
    DeletePolicyCommand,
    DetachUserPolicyCommand,
    type IAMClient,
} from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { globalArn } from "../../components/arn";
import { type PolicyDocument } from "../../components/policy-document";
import { clientsFor, type Keys } from "../../ops/aws/clients";
import { writeAtomically } from "../../ops/common/files";
import { verifierPolicy } from "../../ops/rights/deployer";
import { localDeployerPolicy } from "./gaps";
import { localAccount, rootCredentials, type Server } from "./server";

/** The people of the local cloud: who runs `pulumi up`, and who may look but not touch. */
export interface Identities {
    readonly deployer: Keys;
    readonly operator: Keys;
}

const names = { deployer: "platform-deployer", operator: "platform-operator" } as const;

const verifierName = "platform-verifier";

/** The user with which the local Vault calls AWS. */
export const vaultUserName = "platform-vault";

/** Names of these users and of their policies. */
export const localUserNames: readonly string[] = [...Object.values(names), verifierName, vaultUserName];

/**
 * Makes the two users of a new local AWS with the emulator's root credentials, as an account's owner would, and keeps
 * their keys in a file that only this user can read. Nothing else is done as root: the program runs with the exact
 * rights that a deployer needs.
 */
export async function localIdentities(folder: string, server: Server, region: string): Promise<Identities> {
    const kept = server.fresh ? undefined : keptIdentities(folder);
    if (kept && (await areValid(kept, server, region))) return kept;
    const { iam } = clientsFor(rootCredentials, { ...server, region });
    const identities = { deployer: await makeUser(iam, names.deployer), operator: await makeUser(iam, names.operator) };
    await setPolicy(iam, names.deployer, localDeployerPolicy(localAccount));
    await setPolicy(iam, names.deployer, verifierPolicy("aws", localAccount), verifierName);
    writeAtomically(fileOf(folder), JSON.stringify(identities));
    return identities;
}

/** The users that were made last; undefined where none were. */
export function keptIdentities(folder: string): Identities | undefined {
    const path = fileOf(folder);
    return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Identities) : undefined;
}

const fileOf = (folder: string) => join(folder, "identities.json");

/** Lets the read-only operator see what `policy` names, and nothing else. */
export async function allowOperator(server: Server, region: string, policy: PolicyDocument): Promise<void> {
    await setPolicy(clientsFor(rootCredentials, { ...server, region }).iam, names.operator, policy);
}

async function makeUser(iam: IAMClient, name: string): Promise<Keys> {
    // An interrupted run may have made the user already.
    await unless("EntityAlreadyExists", iam.send(new CreateUserCommand({ UserName: name })));
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
    return { accessKeyId: key!.AccessKeyId!, secretAccessKey: key!.SecretAccessKey! };
}

/** A policy of the user, its name the user's unless told; managed, since an inline policy of a user holds 2,048 characters at most. */
async function setPolicy(iam: IAMClient, user: string, policy: PolicyDocument, name = user): Promise<void> {
    const PolicyArn = globalArn({ partition: "aws", accountId: localAccount }, "iam", `policy/${name}`);
    await unless("NoSuchEntity", iam.send(new DetachUserPolicyCommand({ UserName: user, PolicyArn })));
    await unless("NoSuchEntity", iam.send(new DeletePolicyCommand({ PolicyArn })));
    await iam.send(new CreatePolicyCommand({ PolicyName: name, PolicyDocument: JSON.stringify(policy) }));
    await iam.send(new AttachUserPolicyCommand({ UserName: user, PolicyArn }));
}

/** Waits for a call; that AWS answers with the error `expected` is no failure. */
export async function unless(expected: string, made: Promise<unknown>): Promise<void> {
    await made.catch((error: Error) => {
        if (error.name !== expected && error.name !== `${expected}Exception`) throw error;
    });
}

async function areValid(identities: Identities, server: Server, region: string): Promise<boolean> {
    try {
        for (const credentials of [identities.deployer, identities.operator]) {
            const { sts } = clientsFor(credentials, { ...server, region });
            await sts.send(new GetCallerIdentityCommand({}));
        }
        return true;
    } catch {
        return false;
    }
}
