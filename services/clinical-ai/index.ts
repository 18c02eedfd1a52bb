import { type ServiceFacts } from "../service";
import { clinicalAiAwsChecks } from "./aws-checks";
import { clinicalAiClusterChecks } from "./cluster-checks";
import { names } from "./names";
import { bucketsOf, type ClinicalAiOutputs, outputs } from "./outputs";
import { type ClinicalAiSettings, settings } from "./settings";

export { type ClinicalAiClusterOutputs, type ClinicalAiOutputs } from "./outputs";
export { type ClinicalAiClusterSettings, type ClinicalAiSettings } from "./settings";

/** clinical-ai: a Prefect worker on Kubernetes that moves files between two buckets. */
export const clinicalAi = {
    name: "clinical-ai",
    ...names,
    gets:
        `buckets \`${names.sourceBucket}\` and \`${names.destinationBucket}\`; user or role \`${names.user}\`; with ` +
        "`cluster`: the keys in Vault, their delivery to the cluster by External Secrets, and the Prefect worker",
    settings,
    outputs,
    // By its mode a user, or a role of the same name.
    resources: ({ identity }, { name }) => {
        const inPods = identity.mode === "podIdentity";
        return [
            { kind: "bucket", name: name(names.sourceBucket), adopt: "sourceBucket" },
            { kind: "bucket", name: name(names.destinationBucket), adopt: "destinationBucket" },
            identity.mode === "static"
                ? { kind: "user", name: name(names.user), adopt: "user" }
                : { kind: "role", name: name(names.role), ...(inPods ? { receiver: "eks" } : {}) },
            ...(inPods ? [{ kind: "podIdentity", name: identity.clusterName } as const] : []),
        ];
    },
    buckets: bucketsOf,
    needsCluster: ({ cluster }) => cluster !== undefined,
    // B6.
    credentials: { kind: "pods", namespace: names.namespace, deployment: names.deployment },
    environment: {
        neverInAFile:
            "its worker reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and STORAGE_ENVIRONMENT from the " +
            "cluster. Its keys come through Vault and are never written to a file",
    },
    keys: {
        user: ({ userName }) => userName,
        settings: ["identity", "accessKeys"],
        probe: ({ sourceBucket: bucket }) => ({ kind: "s3", call: "list", bucket, under: "" }),
        maximumAgeDays: 90,
        unseenConsumers: ({ cluster }) =>
            cluster ? undefined : "the worker, whose cluster is not of this stack and has its keys from elsewhere",
    },
    checks: (exported, context) => [
        ...clinicalAiAwsChecks(exported, context),
        ...clinicalAiClusterChecks(exported, context),
    ],
} as const satisfies ServiceFacts<ClinicalAiSettings, ClinicalAiOutputs>;
