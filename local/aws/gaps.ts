import { type PolicyDocument, policyDocument } from "../../components/policy-document";
import { deployerPolicy } from "../../ops/rights/deployer";
import { allowed, type Gap } from "../../services/checks";

/** What MiniStack has otherwise than AWS, as far as checks and rights meet it. */
export const gaps: readonly Gap[] = [
    {
        id: "A1",
        name: "write with a customer key",
        answers: allowed,
        lacks: "the condition key s3:x-amz-server-side-encryption-customer-algorithm, so DenyCustomerKeys is not tried there",
    },
];

/** The deployer's policy, with what MiniStack asks for where AWS asks for something narrower. */
export function localDeployerPolicy(accountId: string): PolicyDocument {
    return withEmulators(deployerPolicy("aws", accountId), [
        // It names its actions on budgets after the calls.
        "budgets:CreateBudget",
        "budgets:CreateNotification",
        "budgets:DeleteBudget",
        "budgets:DeleteNotification",
        "budgets:DescribeBudget",
        "budgets:DescribeNotificationsForBudget",
        "budgets:DescribeSubscribersForNotification",
        "budgets:UpdateBudget",
        // It looks at no resource.
        "dynamodb:ListTagsOfResource",
        "dynamodb:TagResource",
        "dynamodb:UntagResource",
        "lambda:CreateFunction",
        "iam:CreatePolicy",
        "iam:GetAccessKeyLastUsed",
        "iam:SimulatePrincipalPolicy",
    ]);
}

/** The same of the read-only operator. */
export function localOperatorPolicy(policy: PolicyDocument): PolicyDocument {
    return withEmulators(policy, [
        "budgets:DescribeBudget",
        "budgets:DescribeNotificationsForBudget",
        "budgets:DescribeSubscribersForNotification",
    ]);
}

function withEmulators({ Statement }: PolicyDocument, Action: readonly string[]): PolicyDocument {
    return policyDocument(...Statement, { Sid: "Emulator", Effect: "Allow", Action, Resource: "*" });
}
