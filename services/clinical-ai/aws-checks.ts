import {
    accountCheck,
    check,
    foreignBucketChecks,
    leftoversCheck,
    objectCalls,
    s3Check,
    userChecks,
} from "../check-helpers";
import { allowed, type Check, type CheckContext, denied } from "../checks";
import { grantsInWords, type Statement } from "../grants";
import { names } from "./names";
import { bucketsOf, type ClinicalAiOutputs } from "./outputs";

/**
 * What must hold on the AWS side of clinical-ai (B1).
 *
 * Only static keys can be tried from outside: in the other modes nobody but the pod gets credentials, so there what is
 * granted is compared as declared.
 */
export function clinicalAiAwsChecks(outputs: ClinicalAiOutputs, context: CheckContext): Check[] {
    const buckets = bucketsOf(outputs);
    const plaintext = buckets.map((bucket) => access(bucket, "list", "TLS only on", denied, true));
    const live = [
        accountCheck("B1", context),
        ...buckets.flatMap((bucket) => objectCalls.map(([call, does]) => access(bucket, call, does, allowed))),
        ...foreignBucketChecks("B1", context),
        access(outputs.sourceBucket, "listBuckets", "list all buckets, not only", denied),
        access(outputs.sourceBucket, "readVersioning", "read the versioning of", denied),
        ...plaintext,
        ...buckets.map((bucket) => leftoversCheck("B1", bucket)),
    ];
    return [...declaredIdentity(outputs, context), ...(outputs.identityMode === "static" ? live : [])];
}

function access(
    bucket: string,
    call: "list" | "put" | "get" | "delete" | "listBuckets" | "readVersioning",
    does: string,
    expected: string,
    plaintext = false,
): Check {
    const how = plaintext ? { plaintext } : {};
    return s3Check("B1", `${does} ${bucket}`, expected, { call, bucket, under: "", ...how });
}

function declaredIdentity(outputs: ClinicalAiOutputs, context: CheckContext): Check[] {
    const { partition } = context;
    const arns = bucketsOf(outputs).map((name) => `arn:${partition}:s3:::${name}`);
    const grants = grantsInWords([
        {
            Effect: "Allow",
            Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            Resource: arns.map((arn) => `${arn}/*`),
        },
        { Effect: "Allow", Action: "s3:ListBucket", Resource: arns },
    ]);
    const { userName, roleArn } = outputs;
    if (userName !== undefined) return userChecks("B1", userName, { name: "both buckets, no other", grants }, outputs);
    if (roleArn === undefined) return [];
    const role = roleArn.slice(roleArn.lastIndexOf("/") + 1);
    const of = (aspect: "grants" | "attachments" | "trust", name: string, expected: string) =>
        check("B1", name, expected, { kind: "role", aspect, role });
    return [
        of("grants", "role's policy: both buckets, no other", grants),
        of("attachments", "role's attached policies", "none"),
        of("trust", "role's trust", grantsInWords(trustOf(outputs, context))),
    ];
}

/** Who may assume the worker's role: in each mode one way in, for that service account or for Vault. */
function trustOf(outputs: ClinicalAiOutputs, { partition, accountId }: CheckContext): Statement[] {
    const { identityMode, region } = outputs;
    const { namespace, serviceAccount } = names;
    switch (identityMode) {
        case "static":
            return [];
        case "irsa": {
            const provider = outputs.oidcProviderArn ?? "(the stack exports no oidcProviderArn)";
            const issuer = provider.replace(/^.*?:oidc-provider\//, "");
            const token = {
                [`${issuer}:sub`]: `system:serviceaccount:${namespace}:${serviceAccount}`,
                [`${issuer}:aud`]: "sts.amazonaws.com",
            };
            return [
                {
                    Effect: "Allow",
                    Principal: { Federated: provider },
                    Action: "sts:AssumeRoleWithWebIdentity",
                    Condition: { StringEquals: token },
                },
            ];
        }
        case "podIdentity": {
            const cluster = outputs.clusterName ?? "(the stack exports no clusterName)";
            return [
                {
                    Effect: "Allow",
                    Principal: { Service: "pods.eks.amazonaws.com" },
                    Action: ["sts:AssumeRole", "sts:TagSession"],
                    Condition: {
                        StringEquals: {
                            "aws:SourceAccount": accountId,
                            "aws:RequestTag/kubernetes-namespace": namespace,
                            "aws:RequestTag/kubernetes-service-account": serviceAccount,
                        },
                        ArnEquals: {
                            "aws:SourceArn": `arn:${partition}:eks:${region}:${accountId}:cluster/${cluster}`,
                        },
                    },
                },
            ];
        }
        case "vaultDynamic":
            return [
                {
                    Effect: "Allow",
                    Principal: { AWS: outputs.vaultPrincipalArn ?? "(the stack exports no vaultPrincipalArn)" },
                    Action: "sts:AssumeRole",
                },
            ];
    }
}
