import { type ArnScope, bucketArn, globalArn, partitionOf, regionalArn } from "../../components/arn";
import {
    allowBudgetsToPublish,
    allowShutOff,
    invokeStatements,
    onlyInvoking,
    trustBudgets,
    withoutInvoking,
} from "../../components/bedrock-budget-tier/policy";
import {
    allowControl,
    callStatements,
    gatePolicy,
    trustLambda,
    trustScheduler,
} from "../../components/bedrock-gate/policy";
import { executionPolicy, taskPolicy, trustPolicy } from "../../components/ecs-task-role/policy";
import { type PolicyDocument } from "../../components/policy-document";
import { identityPolicy } from "../../components/scoped-identity/policy";
import { bucketPolicy } from "../../components/secure-bucket/policy";
import { type Resource } from "../../policy-pack/rule";
import { clinicalAi } from "../../services/clinical-ai";
import { llmModels } from "../../services/llm-models";
import { mlflow } from "../../services/mlflow";
import { namesIn } from "../../services/resources";
import { rlStudio } from "../../services/rl-studio";
import { snapshotter } from "../../services/snapshotter";
import { trustPodIdentity, trustPrincipal, trustServiceAccount } from "../../stacks/clinical-ai/trust";
import { type Settings } from "../../stacks/settings";

type Kind = "Policy" | "Role" | "BucketPolicy" | "TopicPolicy";

const types: Readonly<Record<Kind, [type: string, property: string]>> = {
    Policy: ["aws:iam/policy:Policy", "policy"],
    Role: ["aws:iam/role:Role", "assumeRolePolicy"],
    BucketPolicy: ["aws:s3/bucketPolicy:BucketPolicy", "policy"],
    TopicPolicy: ["aws:sns/topicPolicy:TopicPolicy", "policy"],
};

function resource(kind: Kind, name: string, document: PolicyDocument): Resource {
    const [type, property] = types[kind];
    const tags = { "platform:environment": "any", "platform:service": "any" };
    return { type, name, props: { name, tags, [property]: JSON.stringify(document) }, protect: false };
}

/**
 * The policy documents that the program makes of settings, by the same pure functions, as resources that the policy pack
 * judges: thousands of settings a second, where the program under mocks manages a few.
 */
export function documentsOf(settings: Settings): Resource[] {
    const { region, environment } = settings;
    const scope = { partition: partitionOf(region), accountId: settings.allowedAccountIds[0], region };
    const { name, environmentName } = namesIn(environment);
    const bucket = (of: string) => bucketArn(scope.partition, of);
    const everything = ["list", "read", "write", "delete"] as const;
    return [
        ...(settings["rl-studio"]
            ? [
                  resource("BucketPolicy", "rl", bucketPolicy(bucket(name(rlStudio.bucket)), "denyWrong")),
                  resource(
                      "Policy",
                      "rl",
                      identityPolicy([{ bucketArn: bucket(name(rlStudio.bucket)), actions: everything }]),
                  ),
              ]
            : []),
        ...(settings.mlflow
            ? [
                  resource(
                      "Policy",
                      "mlflow",
                      identityPolicy([
                          {
                              bucketArn: bucket(name(mlflow.bucket)),
                              prefix: mlflow.prefix,
                              actions: [...everything, "multipart"],
                          },
                      ]),
                  ),
              ]
            : []),
        ...(settings.snapshotter
            ? ofSnapshotter(scope, settings.snapshotter.image, bucket, { name, environmentName })
            : []),
        ...(settings["clinical-ai"] ? ofClinicalAi(scope, settings["clinical-ai"].identity, bucket, name) : []),
        ...(settings["llm-models"] ? ofLlmModels(scope, settings["llm-models"], { name, environmentName }) : []),
    ];
}

type Names = ReturnType<typeof namesIn>;

function ofSnapshotter(
    scope: ArnScope,
    image: string,
    bucket: (name: string) => string,
    { name, environmentName }: Names,
): Resource[] {
    const arn = bucket(environmentName(snapshotter.bucketStem));
    return [
        resource("BucketPolicy", "snapshots", bucketPolicy(arn, "requireHeader")),
        resource("Policy", "task", taskPolicy(arn, snapshotter.prefix)),
        resource("Policy", "execution", executionPolicy(scope, `/ecs/${name(snapshotter.taskFamily)}`, image)),
        resource("Role", "task", trustPolicy(scope)),
    ];
}

function ofClinicalAi(
    scope: ArnScope,
    identity: NonNullable<Settings["clinical-ai"]>["identity"],
    bucket: (name: string) => string,
    name: Names["name"],
): Resource[] {
    const buckets = [clinicalAi.sourceBucket, clinicalAi.destinationBucket].map((one) => bucket(name(one)));
    const account = { namespace: clinicalAi.namespace, name: clinicalAi.serviceAccount };
    const trust = {
        static: () => undefined,
        irsa: () => identity.mode === "irsa" && trustServiceAccount(identity.oidcProviderArn, account),
        podIdentity: () => identity.mode === "podIdentity" && trustPodIdentity(scope, identity.clusterName, account),
        vaultDynamic: () => identity.mode === "vaultDynamic" && trustPrincipal(identity.vaultPrincipalArn),
    }[identity.mode]();
    return [
        resource(
            "Policy",
            "worker",
            identityPolicy(
                buckets.map((bucketArn) => ({ bucketArn, actions: ["list", "read", "write", "delete"] as const })),
            ),
        ),
        ...(trust ? [resource("Role", "worker", trust)] : []),
    ];
}

function ofLlmModels(
    scope: ArnScope,
    settings: NonNullable<Settings["llm-models"]>,
    { name, environmentName }: Names,
): Resource[] {
    const functionName = environmentName(llmModels.gateFunction);
    const all = invokeStatements(scope, settings.models, settings.inferenceProfiles);
    const topicArn = regionalArn(scope, "sns", name(llmModels.topic));
    const policyArn = globalArn(scope, "iam", `policy/${name(llmModels.brakePolicy)}`);
    const targets = { users: [name(llmModels.user)], roles: settings.gate ? [name(llmModels.gateRole)] : [] };
    const rights = {
        ...(settings.gate
            ? {
                  provisioned: {
                      functionName,
                      instances: settings.gate.provisionedConcurrency?.instances ?? 0,
                  },
              }
            : {}),
        brake: { policyArn, ...targets },
        tableName: name(llmModels.gateTable),
        topicArn,
    };
    const user = settings.gate ? [...withoutInvoking(all), ...callStatements(scope, functionName)] : all;
    return [
        resource("Policy", "user", identityPolicy([], user)),
        resource("Policy", "keeper", allowControl(scope, `${functionName}-control`, rights)),
        resource("Policy", "shut-off", allowShutOff(scope, policyArn, targets)),
        resource("Role", "keeper", trustLambda()),
        resource("Role", "schedule", trustScheduler(scope.accountId)),
        resource("Role", "budgets", trustBudgets(scope)),
        resource("TopicPolicy", "topic", allowBudgetsToPublish(scope, topicArn)),
        ...(settings.gate
            ? [resource("Policy", "gate", gatePolicy(scope, functionName, rights, onlyInvoking(all)))]
            : []),
    ];
}
