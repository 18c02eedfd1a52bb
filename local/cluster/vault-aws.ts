import {
    AttachUserPolicyCommand,
    CreateAccessKeyCommand,
    CreatePolicyCommand,
    CreateUserCommand,
} from "@aws-sdk/client-iam";

import { globalArn } from "../../components/arn";
import { physicalName } from "../../components/naming";
import { policyDocument } from "../../components/policy-document";
import { clientsFor, closeClients } from "../../ops/verify/clients";
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
export async function enableAwsEngine(places: Places, server: Server, region: string): Promise<void> {
    const vault = asOwner(places);
    const mounted = (await vault.read("sys/mounts"))?.["aws/"] !== undefined;
    if (mounted && !server.fresh) return;
    if (!mounted) await vault.write("sys/mounts/aws", { type: "aws" });
    const clients = clientsFor(rootCredentials, { ...server, region });
    try {
        const { iam } = clients;
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
        const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: vaultUserName }));
        await vault.write("aws/config/root", {
            access_key: key!.AccessKeyId,
            secret_key: key!.SecretAccessKey,
            region,
            iam_endpoint: server.endpoint,
            sts_endpoint: server.endpoint,
            sts_region: region,
        });
    } finally {
        closeClients(clients);
    }
}
