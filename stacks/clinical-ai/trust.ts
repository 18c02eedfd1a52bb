import { type ArnScope, regionalArn } from "../../components/arn";
import { type PolicyDocument, policyDocument } from "../../components/policy-document";

/** The service account that a role is for. */
export interface ServiceAccount {
    readonly namespace: string;
    readonly name: string;
}

/** Lets one service account of the cluster with that OIDC provider assume the role, with a token made for AWS. */
export function trustServiceAccount(oidcProviderArn: string, account: ServiceAccount): PolicyDocument {
    // IAM names a provider after its issuer: the host and path without `https://`.
    const issuer = oidcProviderArn.replace(/^.*?:oidc-provider\//, "");
    return policyDocument({
        Sid: "TrustServiceAccount",
        Effect: "Allow",
        Principal: { Federated: oidcProviderArn },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
            StringEquals: {
                [`${issuer}:sub`]: `system:serviceaccount:${account.namespace}:${account.name}`,
                [`${issuer}:aud`]: "sts.amazonaws.com",
            },
        },
    });
}

/** Lets EKS Pod Identity assume the role for one service account of one cluster of this account. */
export function trustPodIdentity(scope: ArnScope, clusterName: string, account: ServiceAccount): PolicyDocument {
    return policyDocument({
        Sid: "TrustPodIdentity",
        Effect: "Allow",
        Principal: { Service: "pods.eks.amazonaws.com" },
        // Pod Identity tags every session: without the second action it cannot assume the role at all.
        Action: ["sts:AssumeRole", "sts:TagSession"],
        Condition: {
            StringEquals: {
                "aws:SourceAccount": scope.accountId,
                "aws:RequestTag/kubernetes-namespace": account.namespace,
                "aws:RequestTag/kubernetes-service-account": account.name,
            },
            ArnEquals: { "aws:SourceArn": regionalArn(scope, "eks", `cluster/${clusterName}`) },
        },
    });
}

/** Lets one principal assume the role: the one with which Vault calls AWS. IAM wants it to exist. */
export function trustPrincipal(principalArn: string): PolicyDocument {
    return policyDocument({
        Sid: "TrustVault",
        Effect: "Allow",
        Principal: { AWS: principalArn },
        Action: "sts:AssumeRole",
    });
}
