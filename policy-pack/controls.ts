/** Standards that the rules are mapped to. */
export const standards = {
    FSBP: "AWS Foundational Security Best Practices v1.0.0 (AWS Security Hub)",
    CIS: "CIS Amazon Web Services Foundations Benchmark v3.0.0",
    PSS: "Kubernetes Pod Security Standards, level restricted",
} as const;

/** The controls of these standards that a rule makes hold, with the standard's own words. */
export const controls = {
    "FSBP S3.2": "S3 general purpose buckets should block public read access",
    "FSBP S3.3": "S3 general purpose buckets should block public write access",
    "FSBP S3.5": "S3 general purpose buckets should require requests to use SSL",
    "FSBP S3.6": "S3 general purpose bucket policies should restrict access to other AWS accounts",
    "FSBP S3.8": "S3 general purpose buckets should block public access",
    "FSBP S3.12": "ACLs should not be used to manage user access to S3 general purpose buckets",
    "FSBP IAM.1": 'IAM policies should not allow full "*" administrative privileges',
    "FSBP IAM.5": "MFA should be enabled for all IAM users that have a console password",
    "FSBP IAM.21": "IAM customer managed policies that you create should not allow wildcard actions for services",
    "FSBP KMS.1": "IAM customer managed policies should not allow decryption actions on all KMS keys",
    "FSBP KMS.2": "IAM principals should not have IAM inline policies that allow decryption actions on all KMS keys",
    "FSBP KMS.5": "KMS keys should not be publicly accessible",
    "FSBP Lambda.1": "Lambda function policies should prohibit public access",
    "FSBP Lambda.2": "Lambda functions should use supported runtimes",
    "FSBP DynamoDB.1": "DynamoDB tables should automatically scale capacity with demand",
    "FSBP DynamoDB.2": "DynamoDB tables should have point-in-time recovery enabled",
    "FSBP ECS.3": "ECS task definitions should not share the host's process namespace",
    "FSBP ECS.4": "ECS containers should run as non-privileged",
    "FSBP ECS.5": "ECS containers should be limited to read-only access to root filesystems",
    "FSBP ECS.8": "Secrets should not be passed as container environment variables",
    "FSBP ECS.9": "ECS task definitions should have a logging configuration",
    "FSBP SNS.4": "SNS topic access policies should not allow public access",
    "CIS 1.10": "MFA is enabled for all IAM users that have a console password",
    "CIS 1.16": 'IAM policies that allow full "*:*" administrative privileges are not attached',
    "CIS 2.1.1": "S3 bucket policy is set to deny HTTP requests",
    "CIS 2.1.4": "S3 buckets are configured with Block public access",
    "CIS 3.6": "Rotation for customer created symmetric CMKs is enabled",
    "PSS Privileged Containers": "Privileged Pods disable most security mechanisms and must be disallowed",
    "PSS Host Namespaces": "Sharing the host namespaces must be disallowed",
    "PSS Host Ports": "HostPorts should be disallowed entirely",
    "PSS Volume Types":
        "Only configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected, secret",
    "PSS Privilege Escalation": "Privilege escalation should not be allowed",
    "PSS Running as Non-root": "Containers must be required to run as non-root users",
    "PSS Running as Non-root user": "Containers must not set runAsUser to 0",
    "PSS Seccomp": "Seccomp profile must be explicitly set to one of the allowed values",
    "PSS Capabilities": "Containers must drop ALL capabilities, and may only add back NET_BIND_SERVICE",
} as const;

/** A control by its standard and its id there. */
export type ControlId = keyof typeof controls;
