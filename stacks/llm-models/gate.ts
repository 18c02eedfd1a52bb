import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { regionalArn } from "../../components/arn";
import { BedrockGate } from "../../components/bedrock-gate";
import { callStatements } from "../../components/bedrock-gate/policy";
import { invokeStatements, onlyInvoking, withoutInvoking } from "../../components/bedrock-budget-tier/policy";
import { type PolicyStatement } from "../../components/policy-document";
import { llmModels, type LlmModelsSettings } from "../../services/llm-models";
import { bedrockUrl } from "../../services/llm-models/endpoints";
import { type GateOutputs, type GateSettings } from "../../services/llm-models/gate";
import { type StackContext } from "../context";
import { gateCode } from "./gate-code";

const functionName = (context: StackContext) => context.environmentName(llmModels.gateFunction);

/** What the service's user may do: invoke its models or, where there is a gate, look at them and call it. */
export function userStatements(settings: LlmModelsSettings, context: StackContext): pulumi.Output<PolicyStatement[]> {
    return context.scope.apply((scope) => {
        const all = invokeStatements(scope, settings.models, settings.inferenceProfiles);
        return settings.gate ? [...withoutInvoking(all), ...callStatements(scope, functionName(context))] : all;
    });
}

/**
 * The gate, which alone invokes the models, and counts what that costs (E4, E6–E8). It stands before the budget, whose
 * action reaches its role: so it has the topic's ARN by the topic's name.
 */
export function deployGate(
    gate: GateSettings,
    settings: LlmModelsSettings,
    shutOff: {
        readonly brake: aws.iam.Policy;
        /** The policy of the budget's action. */
        readonly deny: aws.iam.Policy;
        readonly user: pulumi.Output<string>;
    },
    context: StackContext,
): { readonly roleName: pulumi.Output<string>; readonly outputs: pulumi.Output<GateOutputs> } {
    const { timeoutSeconds } = llmModels.gate;
    const component = new BedrockGate("llm-models-gate", {
        scope: context.scope,
        functionName: functionName(context),
        tableName: context.name(llmModels.gateTable),
        roleName: context.name(llmModels.gateRole),
        code: gateCode(),
        brake: shutOff.brake,
        deniedBy: [shutOff.deny],
        users: [shutOff.user],
        topicArn: context.scope.apply((scope) => regionalArn(scope, "sns", context.name(llmModels.topic))),
        models: context.scope.apply((scope) =>
            onlyInvoking(invokeStatements(scope, settings.models, settings.inferenceProfiles)),
        ),
        settings: {
            environment: context.environment,
            region: context.region,
            endpoint: bedrockUrl(context.region),
            microUsdPerMonth: String(Math.round(settings.monthlyLimitUsd * 1_000_000)),
            shutOffPercent: llmModels.shutOffPercent,
            models: [...settings.models, ...settings.inferenceProfiles.map(({ profileId }) => profileId)],
            requestsPerHour: String(gate.requestsPerHour),
            requestsPerDay: String(gate.requestsPerDay),
            cacheSeconds: gate.cacheMinutes * 60,
            // The function has time to wait for an equal request before the longest call and to count after it, and a
            // lease outlives the function.
            callSeconds: timeoutSeconds - 40,
            leaseSeconds: timeoutSeconds + 30,
            tiers: gate.tiers,
            prices: gate.prices,
            budgetServices: settings.budgetServices,
            bypassShutsOff: gate.bypassShutsOff,
        },
        keys: gate.keys,
        timeoutSeconds,
        logRetentionDays: llmModels.gate.logRetentionDays,
        protectTable: context.protectData,
        tags: context.tags(llmModels.name),
    });
    const outputs = pulumi.output({
        url: component.url,
        keysUrl: component.keysUrl,
        functionName: component.functionName,
        roleName: component.roleName,
        tableName: component.tableName,
        controlName: component.controlName,
        brakePolicyArn: shutOff.brake.arn,
        requestsPerHour: gate.requestsPerHour,
        requestsPerDay: gate.requestsPerDay,
        cacheMinutes: gate.cacheMinutes,
    });
    return { roleName: component.roleName, outputs };
}
