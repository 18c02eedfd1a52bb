// The stand-in for the aws package: its types, its functions, its settings.

import { parseConfig, SECRET_SETTINGS, unknownSettings, type AwsConfig } from "../config";
import { Refusal } from "../errors";
import type { Configured, Package } from "../package";
import { awsPreviewOnlyTypes } from "../preview-only/aws-types";
import { budgetTypes } from "./budget";
import { AwsContext } from "./clients";
import type { AwsType } from "./common";
import { ecsTypes } from "./ecs";
import { eksTypes } from "./eks";
import { functions } from "./functions";
import { iamAccessKeyTypes } from "./iam-access-key";
import { iamAttachmentTypes } from "./iam-attachments";
import { iamGroupTypes } from "./iam-group";
import { iamInlinePolicyTypes } from "./iam-inline-policies";
import { iamPolicyTypes } from "./iam-policy";
import { iamRoleTypes } from "./iam-role";
import { iamUserTypes } from "./iam-user";
import { logTypes } from "./logs";
import { s3BucketTypes } from "./s3-bucket";
import { s3LifecycleTypes } from "./s3-lifecycle";
import { s3PolicyTypes } from "./s3-policy";
import { s3SettingTypes } from "./s3-settings";
import { snsSubscriptionTypes } from "./sns-subscription";
import { snsTopicTypes } from "./sns-topic";

const VERSION = "7.48.0";

/** The types that are made for real. */
export const realTypes: readonly AwsType[] = [
    ...s3BucketTypes,
    ...s3SettingTypes,
    ...s3LifecycleTypes,
    ...s3PolicyTypes,
    ...iamUserTypes,
    ...iamAccessKeyTypes,
    ...iamPolicyTypes,
    ...iamRoleTypes,
    ...iamInlinePolicyTypes,
    ...iamGroupTypes,
    ...iamAttachmentTypes,
    ...ecsTypes,
    ...eksTypes,
    ...logTypes,
    ...snsTopicTypes,
    ...snsSubscriptionTypes,
    ...budgetTypes,
];

const byToken = new Map([...realTypes, ...awsPreviewOnlyTypes].map((type) => [type.token, type]));

export const awsPackage: Package<AwsContext> = {
    name: "aws",
    version: VERSION,
    functions,
    secretSettings: SECRET_SETTINGS,
    type: (token) => byToken.get(token),
    checkConfig: unknownSettings,
    configure: async (args) => {
        const parsed = parseConfig(args, process.env);
        if ("faults" in parsed) {
            throw new Refusal(parsed.faults.join("\n"));
        }
        return configured(parsed.config);
    },
};

async function configured(config: AwsConfig): Promise<Configured<AwsContext>> {
    const contexts = new Map([[config.region, new AwsContext(config, config.region)]]);
    const context = (region = config.region): AwsContext => {
        const present = contexts.get(region) ?? new AwsContext(config, config.region).inRegion(region);
        contexts.set(region, present);
        return present;
    };
    await guardAccount(config, context());
    const { accessKeyId, secretAccessKey, sessionToken } = config.credentials;
    return {
        region: config.region,
        defaultTags: config.defaultTags,
        secrets: [accessKeyId, secretAccessKey, sessionToken ?? ""],
        context,
    };
}

/** The wrong account is refused before any other call. */
async function guardAccount(config: AwsConfig, context: AwsContext): Promise<void> {
    const { allowedAccountIds, forbiddenAccountIds } = config;
    if (allowedAccountIds.length === 0 && forbiddenAccountIds.length === 0) {
        return;
    }
    const { accountId } = await context.caller();
    const allowed = allowedAccountIds.length === 0 || allowedAccountIds.includes(accountId);
    if (!allowed || forbiddenAccountIds.includes(accountId)) {
        throw new Refusal(`AWS account ID not allowed: ${accountId}`);
    }
}
