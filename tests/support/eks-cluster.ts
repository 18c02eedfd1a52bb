import { CreateClusterCommand, DeleteClusterCommand, EKSClient } from "@aws-sdk/client-eks";
import { CreateRoleCommand, DeleteRoleCommand } from "@aws-sdk/client-iam";

import { localAccount, rootCredentials } from "../../local/aws/server";
import { type TestCloud } from "./test-cloud";

/** Name of the cluster of EKS that a pod identity is made in, and of its role. */
export const eksCluster = "platform-eks";

export function eksOf({ root, connection: { endpoint, region } }: TestCloud): EKSClient {
    return new EKSClient({
        endpoint,
        region,
        credentials: rootCredentials,
        requestHandler: root.iam.config.requestHandler,
    });
}

/** Makes a cluster of EKS, an entry of the local AWS, for pod identities. */
export async function makeEksCluster(cloud: TestCloud): Promise<void> {
    const trust = { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "eks.amazonaws.com" } };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    await cloud.root.iam.send(new CreateRoleCommand({ RoleName: eksCluster, AssumeRolePolicyDocument }));
    const roleArn = `arn:aws:iam::${localAccount}:role/${eksCluster}`;
    await eksOf(cloud).send(new CreateClusterCommand({ name: eksCluster, roleArn, resourcesVpcConfig: {} }));
}

export async function removeEksCluster(cloud: TestCloud): Promise<void> {
    await eksOf(cloud).send(new DeleteClusterCommand({ name: eksCluster }));
    await cloud.root.iam.send(new DeleteRoleCommand({ RoleName: eksCluster }));
}
