import { strict as assert } from "node:assert";

import { networkRules } from "../../stacks/clinical-ai/network";
import { trustPodIdentity, trustPrincipal, trustServiceAccount } from "../../stacks/clinical-ai/trust";

const scope = { partition: "aws", accountId: "123456789012", region: "eu-west-1" };
const account = { namespace: "a-namespace", name: "an-account" };

describe("clinical-ai: who may assume the worker's role (B9)", () => {
    it("IRSA: one service account, with a token made for AWS", () => {
        const issuer = "oidc.eks.eu-west-1.amazonaws.com/id/ABC";
        const provider = `arn:aws:iam::123456789012:oidc-provider/${issuer}`;
        assert.deepEqual(trustServiceAccount(provider, account), {
            Version: "2012-10-17",
            Statement: [
                {
                    Sid: "TrustServiceAccount",
                    Effect: "Allow",
                    Principal: { Federated: provider },
                    Action: "sts:AssumeRoleWithWebIdentity",
                    Condition: {
                        StringEquals: {
                            "oidc.eks.eu-west-1.amazonaws.com/id/ABC:sub":
                                "system:serviceaccount:a-namespace:an-account",
                            "oidc.eks.eu-west-1.amazonaws.com/id/ABC:aud": "sts.amazonaws.com",
                        },
                    },
                },
            ],
        });
    });

    it("Pod Identity: one service account of one cluster of this account", () => {
        assert.deepEqual(trustPodIdentity(scope, "a-cluster", account), {
            Version: "2012-10-17",
            Statement: [
                {
                    Sid: "TrustPodIdentity",
                    Effect: "Allow",
                    Principal: { Service: "pods.eks.amazonaws.com" },
                    Action: ["sts:AssumeRole", "sts:TagSession"],
                    Condition: {
                        StringEquals: {
                            "aws:SourceAccount": "123456789012",
                            "aws:RequestTag/kubernetes-namespace": "a-namespace",
                            "aws:RequestTag/kubernetes-service-account": "an-account",
                        },
                        ArnEquals: { "aws:SourceArn": "arn:aws:eks:eu-west-1:123456789012:cluster/a-cluster" },
                    },
                },
            ],
        });
    });

    it("Vault: one principal, nobody else", () => {
        const vault = "arn:aws-cn:iam::123456789012:role/vault";
        assert.deepEqual(trustPrincipal(vault), {
            Version: "2012-10-17",
            Statement: [{ Sid: "TrustVault", Effect: "Allow", Principal: { AWS: vault }, Action: "sts:AssumeRole" }],
        });
    });
});

describe("clinical-ai: what reaches the worker and what it reaches (B6)", () => {
    const privateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
    const rules = {
        ingress: [{ from: [{ podSelector: {} }], ports: [{ protocol: "TCP", port: 8080 }] }],
        egress: [
            {
                to: [
                    {
                        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
                        podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
                    },
                ],
                ports: [
                    { protocol: "UDP", port: 53 },
                    { protocol: "TCP", port: 53 },
                ],
            },
            { to: [{ podSelector: {} }], ports: [{ protocol: "TCP", port: 4200 }] },
            {
                to: [{ podSelector: {} }, ...privateNetworks.map((cidr) => ({ ipBlock: { cidr } }))],
                ports: [{ protocol: "TCP", port: 5432 }],
            },
            {
                to: [
                    { ipBlock: { cidr: "0.0.0.0/0", except: [...privateNetworks, "169.254.0.0/16"] } },
                    { ipBlock: { cidr: "::/0", except: ["fc00::/7", "fe80::/10"] } },
                ],
                ports: [{ protocol: "TCP", port: 443 }],
            },
        ],
    };

    it("its health check, DNS, Prefect, PostgreSQL and TLS out of the cluster", () => {
        assert.deepEqual(networkRules(false), rules);
    });

    it("B9: the node's Pod Identity agent too, where credentials come from it", () => {
        assert.deepEqual(networkRules(true), {
            ...rules,
            egress: [
                ...rules.egress,
                {
                    to: [{ ipBlock: { cidr: "169.254.170.23/32" } }],
                    ports: [{ protocol: "TCP", port: 80 }],
                },
            ],
        });
    });
});
