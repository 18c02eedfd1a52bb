import {
    AttachUserPolicyCommand,
    CreateAccessKeyCommand,
    CreatePolicyCommand,
    CreateUserCommand,
    DeleteAccessKeyCommand,
    type IAMClient,
    ListAccessKeysCommand,
} from "@aws-sdk/client-iam";

import { globalArn } from "../../components/arn";
import { physicalName } from "../../components/naming";
import { policyDocument } from "../../components/policy-document";
import { clientsFor, closeClients } from "../../ops/aws/clients";
import { type Vault } from "../../ops/vault/client";
import { clinicalAi } from "../../services/clinical-ai";
import { unless, vaultUserName } from "../aws/identities";
import { localAccount, rootCredentials, type Server } from "../aws/server";
import { type Places } from "./places";
import { asOwner } from "./vault";

const scope = { partition: "aws", accountId: localAccount } as const;

/** The principal with which the local Vault calls AWS: what a role of mode `vaultDynamic` has to trust. */
export const vaultPrincipalArn = globalArn(scope, "iam", `user/${vaultUserName}`);

/**
 * Gives Vault's AWS secrets engine, at mount path `aws`, a user of the local AWS that may assume the worker's role and
 * nothing else: what the owner of a Vault does once, so that stacks can use the engine.
 */
export async function enableAwsEngine(places: Places, { endpoint, caBundle }: Server, region: string): Promise<void> {
    const clients = clientsFor(rootCredentials, { endpoint, caBundle, region });
    try {
        await configureEngine(asOwner(places), clients.iam, endpoint, region);
    } finally {
        closeClients(clients);
    }
}

/** As `enableAwsEngine` says, unless it is so: what Vault and IAM have decides, whatever an earlier run got done. */
export async function configureEngine(
    vault: Pick<Vault, "read" | "write">,
    iam: IAMClient,
    endpoint: string,
    region: string,
): Promise<void> {
    const mounted = (await vault.read("sys/mounts"))?.["aws/"] !== undefined;
    if (!mounted) await vault.write("sys/mounts/aws", { type: "aws" });
    const keys = await accessKeysOf(iam, vaultUserName);
    const inUse = (await vault.read("aws/config/root"))?.access_key;
    if (keys.some((id) => id === inUse)) return;
    await makeUser(iam);
    // Nobody has the secret of a key that an interrupted run made, and IAM gives a user two at most.
    for (const AccessKeyId of keys) {
        await iam.send(new DeleteAccessKeyCommand({ UserName: vaultUserName, AccessKeyId }));
    }
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: vaultUserName }));
    // Last: a key that Vault has says that all the rest is there.
    await vault.write("aws/config/root", {
        access_key: key!.AccessKeyId,
        secret_key: key!.SecretAccessKey,
        region,
        iam_endpoint: endpoint,
        sts_endpoint: endpoint,
        sts_region: region,
    });
}

async function makeUser(iam: IAMClient): Promise<void> {
    const role = globalArn(scope, "iam", `role/${physicalName(clinicalAi.role, "dev")}`);
    const document = policyDocument({
        Sid: "AssumeWorker",
        Effect: "Allow",
        Action: "sts:AssumeRole",
        Resource: role,
    });
    await unless("EntityAlreadyExists", iam.send(new CreateUserCommand({ UserName: vaultUserName })));
    const policy = { PolicyName: vaultUserName, PolicyDocument: JSON.stringify(document) };
    await unless("EntityAlreadyExists", iam.send(new CreatePolicyCommand(policy)));
    const PolicyArn = globalArn(scope, "iam", `policy/${vaultUserName}`);
    await iam.send(new AttachUserPolicyCommand({ UserName: vaultUserName, PolicyArn }));
}

/** The ids of a user's access keys; none where there is no such user. */
async function accessKeysOf(iam: IAMClient, UserName: string): Promise<string[]> {
    const listed = iam.send(new ListAccessKeysCommand({ UserName })).then(({ AccessKeyMetadata = [] }) => {
        return AccessKeyMetadata.map(({ AccessKeyId }) => AccessKeyId!);
    });
    return listed.catch((error: Error) => {
        if (/^NoSuchEntity/.test(error.name)) return [];
        throw error;
    });
}
