/** Names that are not written as English words are. */
const spellings: Readonly<Record<string, string>> = {
    iam: "IAM",
    s3: "S3",
    sns: "SNS",
    ecs: "ECS",
    eks: "EKS",
    dynamodb: "DynamoDB",
    cloudwatch: "CloudWatch",
    kv: "KV",
    jwt: "JWT",
    url: "URL",
};

const spelled = (word: string) => spellings[word] ?? word;
const capitalized = (word: string) => spellings[word] ?? word.charAt(0).toUpperCase() + word.slice(1);

/**
 * A type as people call it: `aws:s3/bucketPolicy:BucketPolicy` is an `S3 bucket policy`,
 * `kubernetes:apps/v1:Deployment` a `Kubernetes Deployment`, `platform:storage:SecureBucket` a `SecureBucket`.
 */
export function typeTitle(type: string): string {
    const [provider, module = "", kind = ""] = type.split(":");
    if (provider === "platform") return kind;
    if (provider === "kubernetes") return `Kubernetes ${kind}`;
    const place = provider === "aws" ? module.split("/")[0] : provider;
    // That it is configured is what every part of a bucket has in its name.
    const words = kind
        .replace(/(Configuration|V2)$/, "")
        .replace(/([a-z\d])([A-Z])/g, "$1 $2")
        .toLowerCase()
        .split(" ")
        .filter(Boolean);
    return [capitalized(place), ...words.map(spelled)].join(" ").trim();
}
