import * as pulumi from "@pulumi/pulumi";

import { BedrockBudgetTier } from "../components/bedrock-budget-tier";
import { spendingDeny } from "../components/bedrock-budget-tier/deny";
import { invokeStatements, onlyInvoking } from "../components/bedrock-budget-tier/policy";
import { ScopedIdentity } from "../components/scoped-identity";
import { trustUser } from "../components/scoped-identity/policy";
import { llmModels, type LlmModelsOutputs, type LlmModelsSettings } from "../services/llm-models";
import { uncountedModels } from "../services/llm-models/marketplace";
import { rising } from "../services/llm-models/names";
import { adoptedUser } from "./adoption";
import { type StackContext } from "./context";
import { type Lifted } from "./lifted";
import { deployGate, userStatements } from "./llm-models/gate";
import { warnOfShutOff } from "./llm-models/shut-off-warning";

/** A budget that does not see what is spent neither alerts nor shuts anything off; which names to add only a bill says. */
function warnOfUncounted(tier: BedrockBudgetTier, settings: LlmModelsSettings): void {
    const models = uncountedModels(settings);
    if (models.length === 0) return;
    void pulumi.log.warn(
        `The budget does not count ${models.join(", ")}: AWS sells these models through its Marketplace and bills ` +
            'them under names of their own, such as "Claude 3 Haiku (Amazon Bedrock Edition)". Add the names that Cost ' +
            "Explorer shows under Service to llm-models.budgetServices.",
        tier,
    );
}

/** The user that may invoke the chosen models, the role of its narrowed sessions, and the budget that stops both (E1–E4, E11). */
export function deploy(settings: LlmModelsSettings, context: StackContext): Lifted<LlmModelsOutputs> {
    const tags = context.tags(llmModels.name);
    const deny = spendingDeny(
        "llm-models-budget-deny",
        { policyName: context.name(llmModels.denyPolicy), tags },
        // It was the budget's child.
        { aliases: [{ parent: pulumi.createUrn("llm-models-budget", "platform:ai:BedrockBudgetTier") }] },
    );
    const brake = spendingDeny("llm-models-brake", { policyName: context.name(llmModels.brakePolicy), tags });
    const identity = new ScopedIdentity("llm-models-service", {
        principal: { kind: "user", userName: context.name(llmModels.user), accessKeys: settings.accessKeys },
        grants: [],
        statements: userStatements(settings, context),
        deniedBy: [deny, brake],
        adopt: adoptedUser(settings.adopt.user),
        tags,
    });
    const session = settings.gate
        ? undefined
        : new ScopedIdentity("llm-models-session", {
              principal: {
                  kind: "role",
                  roleName: context.name(llmModels.sessionRole),
                  trust: identity.arn.apply(trustUser),
              },
              statements: context.scope.apply((scope) =>
                  onlyInvoking(invokeStatements(scope, settings.models, settings.inferenceProfiles)),
              ),
              deniedBy: [deny, brake],
              tags,
          });
    const invoking = { user: identity.userName, roles: session ? [session.roleName] : [] };
    const { keeper, gate, roles } = deployGate(settings, { brake, deny, ...invoking }, context);
    const tier = new BedrockBudgetTier("llm-models-budget", {
        scope: context.scope,
        budgetName: context.name(llmModels.budget),
        topicName: context.name(llmModels.topic),
        monthlyLimitUsd: settings.monthlyLimitUsd,
        alertPercents: rising([...llmModels.usualAlertPercents, settings.alertPercent]),
        alertEmails: settings.alertEmails,
        services: settings.budgetServices,
        costTag: settings.costTag,
        shutOff: {
            denyPolicyArn: deny.arn,
            executionRoleName: context.name(llmModels.shutOffRole),
            users: [identity.userName],
            // Whoever invokes: a deny on the user alone would stop neither a gate nor a session of a role.
            roles,
            percent: llmModels.shutOffPercent,
            budgetAction: settings.budgetAction,
        },
        tags,
    });
    warnOfUncounted(tier, settings);
    warnOfShutOff([brake, deny]);
    return {
        region: context.region,
        models: settings.models,
        inferenceProfiles: settings.inferenceProfiles,
        budgetServices: settings.budgetServices,
        costTag: settings.costTag,
        userName: identity.userName,
        ...identity.accessKeys,
        budgetName: tier.budgetName,
        monthlyLimitUsd: settings.monthlyLimitUsd,
        alertPercent: settings.alertPercent,
        alertEmails: settings.alertEmails,
        topicArn: tier.topicArn,
        denyPolicyArn: deny.arn,
        shutOffRoleArn: tier.executionRoleArn,
        sessionRoleArn: session?.arn,
        budgetAction: settings.budgetAction,
        keeper,
        gate,
    };
}
