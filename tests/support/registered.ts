import { type LifecycleRule } from "@aws-sdk/client-s3";
import { type V1PodSpec } from "@kubernetes/client-node";

import { capitalised } from "../../ops/adopt/declared";
import { peersInWords, rulesInWords, variablesInWords } from "../../ops/verify/probes-kubernetes";
import {
    actionsInWords,
    denialsInWords,
    lifecycleInWords,
    limitInWords,
    notificationsInWords,
    publicAccessInWords,
    subscribersInWords,
} from "../../ops/verify/words";
import { alarmInWords } from "../../services/alarms";
import { keysInWords, type ObjectReference, type Probe, type ProbeKind, subscribed } from "../../services/checks";
import { at, placesInWords } from "../../services/fields";
import { grantsInWords, type Statement } from "../../services/grants";
import { type RecordingMocks, type Registered } from "./mocks";

/** What a check's probe would find if AWS and the cluster had just what was registered; undefined where only they know. */
export function answerOf(probe: Probe, mocks: RecordingMocks): string | undefined {
    const answer = answers[probe.kind] as ((probe: Probe, mocks: RecordingMocks) => string | undefined) | undefined;
    return answer?.(probe, mocks);
}

const answers: {
    readonly [Kind in ProbeKind]?: (probe: Extract<Probe, { kind: Kind }>, mocks: RecordingMocks) => string | undefined;
} = {
    bucket: ({ aspect, bucket }, mocks) => bucketAspects[aspect](only(mocks, bucketTypes[aspect], "bucket", bucket)),
    user: ofUser,
    role: ofRole,
    policy: ofPolicy,
    taskDefinition: (_, mocks) => taskDefinition(mocks),
    budget: ofBudget,
    budgetAction: (_, mocks) =>
        actionsInWords(mocks.all("aws:budgets/budgetAction:BudgetAction").map(({ inputs }) => actionOf(inputs))),
    topic: ({ topicArn }, mocks) => {
        const policies = mocks.all("aws:sns/topicPolicy:TopicPolicy").filter(({ inputs }) => inputs.arn === topicArn);
        return grantsInWords(policies.flatMap(({ inputs }) => statements(inputs.policy)));
    },
    subscription: ({ topicArn, email }, mocks) => {
        const all = mocks.all("aws:sns/topicSubscription:TopicSubscription").map(({ inputs }) => inputs);
        const found = all.filter(({ topic, protocol, endpoint }) => {
            return topic === topicArn && protocol === "email" && endpoint === email;
        });
        return found.length === 1 ? subscribed.confirmed : `${found.length} subscriptions`;
    },
    alarm: ({ name }, mocks) => alarmOf(mocks.all("aws:cloudwatch/metricAlarm:MetricAlarm"), name),
    kubernetesFields: ({ object, fields }, mocks) =>
        placesInWords(fields.map((place) => [place, at(place, objectOf(object, mocks)?.inputs)])),
    kubernetes: ({ aspect, object }, mocks) => objectAspects[aspect]?.(objectOf(object, mocks)),
};

type Inputs = Registered["inputs"];

const bucketTypes = {
    versioning: "bucketVersioning:BucketVersioning",
    encryption: "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    publicAccess: "bucketPublicAccessBlock:BucketPublicAccessBlock",
    lifecycle: "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    ownership: "bucketOwnershipControls:BucketOwnershipControls",
    cors: "bucketCorsConfiguration:BucketCorsConfiguration",
} as const;

const bucketAspects: Readonly<Record<keyof typeof bucketTypes, (inputs: Inputs | undefined) => string>> = {
    versioning: (inputs) => inputs?.versioningConfiguration.status ?? "never enabled",
    encryption: (inputs) =>
        (inputs?.rules ?? []).map((rule: Inputs) => rule.applyServerSideEncryptionByDefault.sseAlgorithm).join(", "),
    publicAccess: (inputs) => publicAccessInWords(capitalised(inputs ?? {}) as object),
    lifecycle: (inputs) => lifecycleInWords(capitalised(inputs?.rules ?? []) as LifecycleRule[]),
    ownership: (inputs) => inputs?.rule.objectOwnership ?? "none (OwnershipControlsNotFoundError)",
    cors: (inputs) => (inputs ? "rules" : "none (NoSuchCORSConfiguration)"),
};

function only(mocks: RecordingMocks, type: string, key: string, value: string): Inputs | undefined {
    const found = mocks.all(`aws:s3/${type}`).filter(({ inputs }) => inputs[key] === value);
    if (found.length > 1) throw new Error(`${found.length} ${type} of ${value}`);
    return found[0]?.inputs;
}

function ofUser({ aspect, user }: Extract<Probe, { kind: "user" }>, mocks: RecordingMocks): string {
    const of = (type: string) => mocks.all(type).filter(({ inputs }) => inputs.user === user);
    const attached = of("aws:iam/userPolicyAttachment:UserPolicyAttachment").map(({ inputs }) => inputs.policyArn);
    switch (aspect) {
        case "grants": {
            const inline = of("aws:iam/userPolicy:UserPolicy").flatMap(({ inputs }) => statements(inputs.policy));
            return grantsInWords([...inline, ...attached.flatMap((arn) => managed(arn, mocks))]);
        }
        case "attachments":
            return words(attached.map(nameOf));
        case "groups":
            return words(
                of("aws:iam/userGroupMembership:UserGroupMembership").flatMap(
                    ({ inputs }) => inputs.groups as string[],
                ),
            );
        case "keys": {
            const keys = of("aws:iam/accessKey:AccessKey");
            const ids = (status: string) =>
                keys.filter(({ inputs }) => (inputs.status ?? "Active") === status).map(({ name }) => `${name}-id`);
            return keysInWords(ids("Active"), ids("Inactive"));
        }
    }
}

function ofRole({ aspect, role }: Extract<Probe, { kind: "role" }>, mocks: RecordingMocks): string {
    const of = (type: string) => mocks.all(type).filter(({ inputs }) => inputs.role === role);
    const attached = of("aws:iam/rolePolicyAttachment:RolePolicyAttachment").map(({ inputs }) => inputs.policyArn);
    switch (aspect) {
        case "grants": {
            const inline = of("aws:iam/rolePolicy:RolePolicy").flatMap(({ inputs }) => statements(inputs.policy));
            return grantsInWords([...inline, ...attached.flatMap((arn) => managed(arn, mocks))]);
        }
        case "attachments":
            return words(attached.map(nameOf));
        case "trust": {
            const own = mocks.all("aws:iam/role:Role").find(({ inputs }) => inputs.name === role);
            return grantsInWords(statements(own!.inputs.assumeRolePolicy));
        }
    }
}

function ofPolicy({ aspect, policyArn }: Extract<Probe, { kind: "policy" }>, mocks: RecordingMocks): string {
    const holders = (type: string, key: string) =>
        words(
            mocks
                .all(type)
                .filter(({ inputs }) => inputs.policyArn === policyArn)
                .map(({ inputs }) => inputs[key]),
        );
    switch (aspect) {
        case "grants":
            return grantsInWords(managed(policyArn, mocks));
        case "deniesInvoking":
            return denialsInWords(managed(policyArn, mocks));
        case "attachments":
            return [
                `groups: ${holders("aws:iam/groupPolicyAttachment:GroupPolicyAttachment", "group")}`,
                `roles: ${holders("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role")}`,
                `users: ${holders("aws:iam/userPolicyAttachment:UserPolicyAttachment", "user")}`,
            ].join("; ");
    }
}

/** Of a policy of AWS's own nothing is known here. */
function managed(arn: string, mocks: RecordingMocks): Statement[] {
    const own = mocks.all("aws:iam/policy:Policy").find(({ inputs }) => inputs.name === nameOf(arn));
    return own ? statements(own.inputs.policy) : [];
}

function alarmOf(alarms: readonly Registered[], name: string): string {
    const { okActions, dimensions, ...inputs } = alarms.find((one) => one.inputs.name === name)!.inputs;
    return alarmInWords({
        ...(capitalised(inputs) as object),
        Dimensions: Object.entries(dimensions as Record<string, string>).map(([Name, Value]) => ({ Name, Value })),
        OKActions: okActions as string[] | undefined,
    });
}

function taskDefinition(mocks: RecordingMocks): string {
    const [{ inputs }] = mocks.all("aws:ecs/taskDefinition:TaskDefinition");
    return (
        `${inputs.requiresCompatibilities.join(", ")}, ${inputs.networkMode}; ` +
        `task role ${nameOf(inputs.taskRoleArn)}; execution role ${nameOf(inputs.executionRoleArn)}`
    );
}

function ofBudget({ aspect, budget }: Extract<Probe, { kind: "budget" }>, mocks: RecordingMocks): string {
    const { inputs } = mocks.all("aws:budgets/budget:Budget").find((one) => one.inputs.name === budget)!;
    const notifications = inputs.notifications as Inputs[];
    switch (aspect) {
        case "limit": {
            const filters = inputs.costFilters as { name: string; values: string[] }[];
            return limitInWords({
                BudgetType: inputs.budgetType,
                TimeUnit: inputs.timeUnit,
                BudgetLimit: { Amount: inputs.limitAmount, Unit: inputs.limitUnit },
                CostFilters: Object.fromEntries(filters.map(({ name, values }) => [name, values])),
                CostTypes: capitalised(inputs.costTypes ?? {}) as object,
            });
        }
        case "notifications":
            return notificationsInWords(
                notifications.map(({ notificationType, comparisonOperator, threshold, thresholdType }) => ({
                    NotificationType: notificationType,
                    ComparisonOperator: comparisonOperator,
                    Threshold: threshold,
                    ThresholdType: thresholdType,
                })),
            );
        case "subscribers":
            return subscribersInWords(
                notifications.map(({ subscriberEmailAddresses = [], subscriberSnsTopicArns = [] }) => [
                    ...subscriberEmailAddresses.map((Address: string) => ({ SubscriptionType: "EMAIL", Address })),
                    ...subscriberSnsTopicArns.map((Address: string) => ({ SubscriptionType: "SNS", Address })),
                ]),
            );
    }
}

function actionOf({ actionType, approvalModel, notificationType, actionThreshold, definition, ...inputs }: Inputs) {
    const iam = definition.iamActionDefinition;
    return {
        ActionType: actionType,
        ApprovalModel: approvalModel,
        NotificationType: notificationType,
        ActionThreshold: {
            ActionThresholdType: actionThreshold.actionThresholdType,
            ActionThresholdValue: actionThreshold.actionThresholdValue,
        },
        Definition: { IamActionDefinition: { PolicyArn: iam.policyArn, Users: iam.users, Roles: iam.roles } },
        ExecutionRoleArn: inputs.executionRoleArn,
    } as Parameters<typeof actionsInWords>[0][number];
}

const objectAspects: Partial<
    Record<Extract<Probe, { kind: "kubernetes" }>["aspect"], (object: Registered | undefined) => string>
> = {
    variables: (object) => variablesInWords(object?.inputs.spec.template.spec as V1PodSpec),
    ingress: (object) => rulesInWords(object?.inputs.spec.ingress, (rule) => peersInWords(at(["from"], rule))),
    egress: (object) => rulesInWords(object?.inputs.spec.egress, (rule) => peersInWords(at(["to"], rule))),
};

function objectOf({ kind, name }: ObjectReference, mocks: RecordingMocks): Registered | undefined {
    return mocks.resources.find(({ inputs }) => inputs.kind === kind && inputs.metadata?.name === name);
}

function statements(policy: string): Statement[] {
    return [(JSON.parse(policy) as { Statement: Statement | Statement[] }).Statement].flat();
}

function words(names: readonly string[]): string {
    return [...names].sort().join(", ") || "none";
}

function nameOf(arn: string): string {
    return arn.slice(arn.lastIndexOf("/") + 1);
}
