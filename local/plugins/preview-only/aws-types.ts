// Types of the aws package that the local emulator has no API for: they can be previewed and nothing more.

import type { AwsType } from "../aws/common";
import { anything, list, map, text } from "../declare";

export const awsPreviewOnlyTypes: readonly AwsType[] = [
    {
        token: "aws:budgets/budgetAction:BudgetAction",
        previewOnly: refusal(
            "aws:budgets/budgetAction:BudgetAction",
            "CreateBudgetAction",
            "the setting that adds an automatic shut-off to the budget",
        ),
        inputs: {
            accountId: text({ computed: true, replace: true }),
            actionThreshold: anything({ required: true }),
            actionType: text({ required: true, replace: true }),
            approvalModel: text({ required: true }),
            budgetName: text({ required: true, replace: true }),
            definition: anything({ required: true }),
            executionRoleArn: text({ required: true }),
            notificationType: text({ required: true }),
            subscribers: list(anything(), { required: true }),
            tags: map(),
        },
        outputs: ["actionId", "arn", "status"],
        tagged: true,
    },
];

function refusal(token: string, operation: string, setting: string): string {
    return (
        `${token} can only be previewed here: the local emulator has no API for it (${operation}). ` +
        `Turn off ${setting} in this stack's settings, or deploy to AWS with the official aws plugin.`
    );
}
