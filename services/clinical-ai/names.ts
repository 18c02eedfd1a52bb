/** Production names of what is in AWS, and the names in the cluster and in Vault. */
export const names = {
    /** Production names; every other environment adds `-<environment>`. */
    sourceBucket: "clinical-ai-source",
    destinationBucket: "clinical-ai-destination",
    user: "clinical-ai-prefect-worker",
    role: "clinical-ai-prefect-worker",
    namespace: "clinical-ai",
    serviceAccount: "clinical-ai-prefect-worker",
    deployment: "clinical-ai-prefect-worker",
    /** The Secret that the worker reads, and its keys. */
    secret: "clinical-ai-aws-credentials",
    secretKeys: { accessKeyId: "aws-access-key-id", secretAccessKey: "aws-secret-access-key" },
    secretStore: "vault-backend",
    externalSecret: "clinical-ai-aws-credentials",
    configMap: "clinical-ai-config",
    /** A Secret that the checks make for a moment, to bind a token to it. */
    probeSecret: "clinical-ai-verify",
    vault: {
        mount: "secret",
        path: "clinical-ai/aws",
        policy: "clinical-ai-aws-read",
        authMount: "kubernetes",
        role: "clinical-ai-prefect",
        /** Where Vault makes the keys: a policy and a role of their own, whose tokens live as long as the keys. */
        dynamicPolicy: "clinical-ai-aws-make",
        dynamicRole: "clinical-ai-prefect-dynamic",
        /** The role of Vault's AWS secrets engine that makes them. */
        awsRole: "clinical-ai-prefect",
        auditDevice: "file",
        /** With whose token a Vault outside of the cluster asks whether other tokens are genuine. */
        reviewer: { namespace: "kube-system", name: "vault-token-reviewer" },
        fields: { accessKeyId: "aws_access_key_id", secretAccessKey: "aws_secret_access_key" },
        tokenTtlSeconds: 3600,
    },
    /** Keys of the ConfigMap. */
    configKeys: { storage: "storage-environment", region: "aws-region", prefect: "prefect-api-url" },
    /** Of the worker's health check: the image starts `prefect worker start --with-healthcheck`. */
    healthPort: 8080,
    prefectPort: 4200,
    postgresPort: 5432,
    containerResources: { requests: { cpu: "250m", memory: "512Mi" }, limits: { cpu: "1", memory: "1Gi" } },
    /** Annotations with a version of the Vault secret: of the Secret that External Secrets writes, and of the pods. */
    versionAnnotations: { secret: "vault-version", pod: "clinical-ai/vault-secret-version" },
    /** Annotations with the time at which that version was written. */
    writtenAnnotations: { secret: "vault-created", pod: "clinical-ai/vault-secret-created" },
    prefectApiUrl: "http://clinical-ai-prefect-server.clinical-ai.svc.cluster.local:4200/api",
    storageEnvironment: "production",
} as const;

/** Where the External Secrets Operator comes from, and where it goes, when a stack installs it. */
export const externalSecrets = {
    repository: "https://charts.external-secrets.io",
    chart: "external-secrets",
    release: "external-secrets",
    namespace: "external-secrets",
} as const;
