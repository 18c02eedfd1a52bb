import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { BedrockGate, type BedrockGateArgs } from "../../components/bedrock-gate";
import { callStatements } from "../../components/bedrock-gate/policy";
import { invokeStatements, onlyInvoking, withoutInvoking } from "../../components/bedrock-budget-tier/policy";
import { type PolicyStatement } from "../../components/policy-document";
import { llmModels, type LlmModelsOutputs, type LlmModelsSettings } from "../../services/llm-models";
import { bedrockUrl } from "../../services/llm-models/endpoints";
import { type GateSettings } from "../../services/llm-models/gate";
import { type StackContext } from "../context";
import { type Lifted } from "../lifted";
import { gateCode, keeperCode } from "./gate-code";

const functionName = (context: StackContext) => context.environmentName(llmModels.gateFunction);

/** What the service's user may do: invoke its models or, where there is a gate, look at them and call it. */
export function userStatements(settings: LlmModelsSettings, context: StackContext): pulumi.Output<PolicyStatement[]> {
    return context.scope.apply((scope) => {
        const all = invokeStatements(scope, settings.models, settings.inferenceProfiles);
        return settings.gate ? [...withoutInvoking(all), ...callStatements(scope, functionName(context))] : all;
    });
}

/**
 * The keeper, which shuts off (E4, E5), and the gate where there is one: it alone invokes the models then, and counts what
 * that costs (E6–E8). Both tell people on a topic of their own: AWS Budgets mails the addresses itself what it publishes to
 * the budget's, so that whoever was subscribed to that would get each of its alerts twice.
 */
export function deployGate(
    settings: LlmModelsSettings,
    shutOff: {
        readonly brake: aws.iam.Policy;
        /** The policy of the budget's action. */
        readonly deny: aws.iam.Policy;
        readonly user: pulumi.Output<string>;
        /** Roles that invoke besides the gate's. */
        readonly roles: pulumi.Output<string>[];
    },
    context: StackContext,
): Lifted<Pick<LlmModelsOutputs, "keeper" | "gate">> & {
    /** Every role that a shut-off reaches. */
    readonly roles: pulumi.Output<string>[];
} {
    const { gate } = settings;
    const component = new BedrockGate("llm-models-gate", {
        scope: context.scope,
        functionName: functionName(context),
        tableName: context.name(llmModels.gateTable),
        code: keeperCode(),
        brake: shutOff.brake,
        deniedBy: [shutOff.deny],
        users: [shutOff.user],
        topicName: context.name(llmModels.gateTopic),
        alertEmails: settings.alertEmails,
        roles: shutOff.roles,
        settings: {
            environment: context.environment,
            region: context.region,
            microUsdPerMonth: String(Math.round(settings.monthlyLimitUsd * 1_000_000)),
            shutOffPercent: llmModels.shutOffPercent,
            models: [...settings.models, ...settings.inferenceProfiles.map(({ profileId }) => profileId)],
            prices: settings.prices,
            budgetServices: settings.budgetServices,
            bypassShutsOff: gate?.bypassShutsOff ?? false,
        },
        front: gate && frontArgs(gate, settings, context),
        logRetentionDays: llmModels.gate.logRetentionDays,
        protectTable: context.protectData,
        tags: context.tags(llmModels.name),
    });
    return {
        keeper: pulumi.output({
            tableName: component.tableName,
            controlName: component.controlName,
            brakePolicyArn: shutOff.brake.arn,
            topicArn: component.topicArn,
        }),
        gate:
            gate &&
            component.gate &&
            pulumi.output({
                ...component.gate,
                requestsPerHour: gate.requestsPerHour,
                requestsPerDay: gate.requestsPerDay,
                cacheMinutes: gate.cacheMinutes,
                provisionedInstances: gate.provisionedConcurrency?.instances,
            }),
        roles: [...shutOff.roles, ...(component.gate ? [component.gate.roleName] : [])],
    };
}

function frontArgs(
    gate: GateSettings,
    settings: LlmModelsSettings,
    context: StackContext,
): NonNullable<BedrockGateArgs["front"]> {
    const { timeoutSeconds } = llmModels.gate;
    return {
        roleName: context.name(llmModels.gateRole),
        models: context.scope.apply((scope) =>
            onlyInvoking(invokeStatements(scope, settings.models, settings.inferenceProfiles)),
        ),
        keys: gate.keys,
        provisionedConcurrency: gate.provisionedConcurrency,
        timeoutSeconds,
        code: gateCode(),
        settings: {
            endpoint: bedrockUrl(context.region),
            requestsPerHour: String(gate.requestsPerHour),
            requestsPerDay: String(gate.requestsPerDay),
            cacheSeconds: gate.cacheMinutes * 60,
            // The function has time to wait for an equal request before the longest call and to count after it, and a
            // lease outlives the function.
            callSeconds: timeoutSeconds - 40,
            leaseSeconds: timeoutSeconds + 30,
            tiers: gate.tiers,
        },
    };
}
