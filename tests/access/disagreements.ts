import { type Case } from "./matrix";

/** Where the local AWS answers otherwise than AWS would. */
export interface Disagreement {
    /** The cases that are meant: the local AWS answers every one of them in this way. */
    readonly where: (request: Case["request"]) => boolean;
    /** What it answers: `allowed`, `denied`, or the status and code of an error of another kind. */
    readonly answers: string;
    readonly because: string;
    /** The page of AWS's documentation that the expectation rests on. */
    readonly judge: string;
}

const header = "s3:x-amz-server-side-encryption";
const customer = `${header}-customer-algorithm`;

/** Those whose own rights let them write there, so that nothing but the bucket's policy denies it. */
const writers = [
    ["rl-studio-rollouts-service-user", "rl-studio-rollouts"],
    ["clinical-ai-prefect-worker", "clinical-ai-source"],
    ["clinical-ai-prefect-worker", "clinical-ai-destination"],
    ["mlflow-basketworld", "mlflow-basketworld"],
    ["agent-repo-snapshotter", "fruitful-lab-snapshots"],
] as const;

const writesWithCustomerKey = ({ principal, action, resource, context = {} }: Case["request"]) =>
    action === "s3:PutObject" &&
    context[customer] !== undefined &&
    writers.some(
        ([user, bucket]) => principal.includes(`/${user}`) && resource.startsWith(`arn:aws:s3:::${bucket}-dev/`),
    );

export const disagreements: readonly Disagreement[] = [
    {
        // The bucket of snapshots denies it all the same: the header is missing.
        where: (request) =>
            writesWithCustomerKey(request) &&
            request.context?.[header] === undefined &&
            !request.resource.includes("fruitful-lab-snapshots"),
        answers: "allowed",
        because: "the local AWS does not know the condition key of a customer key",
        judge: "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html",
    },
    {
        where: (request) => writesWithCustomerKey(request) && request.context?.[header] !== undefined,
        answers: "400 InvalidArgument",
        because: "the local AWS refuses a request with both kinds of keys as invalid, not knowing the condition key",
        judge: "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html",
    },
    {
        where: ({ principal, action }) =>
            principal === "anonymous" && ["iam:ListUserPolicies", "iam:PutUserPolicy"].includes(action),
        answers: "400 InvalidAction",
        because:
            "the local AWS finds the service of a request by its signature, and of some calls by their names alone",
        judge: "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html",
    },
];
