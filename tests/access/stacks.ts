import { deployerPolicy, verifierPolicy } from "../../ops/rights/deployer";
import { operatorPolicy } from "../../ops/rights/operator";
import { type StackResource } from "../../ops/access/world-of";
import { type NamedPolicy, type World } from "../../ops/access/world";
import { serviceNames, type ServiceOutputs } from "../../services";
import { sessionPolicy } from "../../services/llm-models/session";
import { RecordingMocks, valueOf } from "../support/mocks";
import { runProgram, stackConfig, type StackName } from "../support/stack-files";

/** The account that the mocks are in, and where. */
export const scope = { partition: "aws", accountId: "123456789012", region: "us-east-1" } as const;

const llama = "meta.llama3-1-70b-instruct-v1:0";
export const oidcProvider = `arn:aws:iam::${scope.accountId}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC`;
export const vaultUser = `arn:aws:iam::${scope.accountId}:user/platform-vault`;

/** What a stack file leaves out of what settings can be: each with its own policies. */
export const variants = {
    "as committed": {},
    irsa: { "platform:clinical-ai": { identity: { mode: "irsa", oidcProviderArn: oidcProvider } } },
    podIdentity: { "platform:clinical-ai": { identity: { mode: "podIdentity", clusterName: "a-cluster" } } },
    vaultDynamic: {
        "platform:clinical-ai": {
            identity: { mode: "vaultDynamic", vaultPrincipalArn: vaultUser, ttlSeconds: 3600, refreshSeconds: 1200 },
        },
    },
    noGate: { "platform:llm-models": { gate: undefined } },
    profiles: {
        "platform:llm-models": {
            models: [],
            inferenceProfiles: [
                { profileId: `us.${llama}`, modelId: llama, destinationRegions: ["us-west-2", "us-east-1"] },
                { profileId: `global.${llama}`, modelId: llama },
            ],
        },
    },
} as const;
export type Variant = keyof typeof variants;

/** One stack as the program makes it of its settings. */
export interface Stack {
    readonly name: string;
    readonly file: StackName;
    readonly variant: Variant;
    readonly environment: string;
    readonly resources: readonly StackResource[];
    readonly people: World["identities"];
    /** The policy that narrows a session of llm-models to its first model, where there are such sessions (E11). */
    readonly narrowing?: NamedPolicy;
}

export async function runStack(file: StackName, variant: Variant): Promise<Stack> {
    const mocks = new RecordingMocks();
    const config = { ...stackConfig(file) };
    for (const [key, changed] of Object.entries(variants[variant])) {
        const whole = key === "platform:clinical-ai" ? {} : (config[key] as object);
        config[key] = { ...whole, ...changed };
    }
    const exported = await runProgram(mocks, config, { stack: file });
    const outputs = (await valueOf(exported)) as unknown as ServiceOutputs;
    const services = serviceNames.filter((name) => outputs[name]);
    const operator = operatorPolicy({ accountId: scope.accountId, outputs, services, cluster: undefined });
    const person = (name: string, ...documents: (readonly [string, ReturnType<typeof operatorPolicy>])[]) => ({
        arn: `arn:aws:iam::${scope.accountId}:user/${name}`,
        kind: "user" as const,
        policies: documents.map(([policy, document]) => ({ name: policy, document })),
    });
    const llmModels = outputs["llm-models"];
    const narrowing = llmModels?.sessionRoleArn && sessionPolicy(llmModels, [llmModels.models[0]], scope);
    return {
        name: variant === "as committed" ? file : `${file} with ${variant}`,
        file,
        variant,
        environment: String(config["platform:environment"]),
        resources: mocks.resources,
        people: [
            person("platform-deployer", ["deployer", deployerPolicy(scope.partition, scope.accountId)]),
            person("platform-verifier", ["verifier", verifierPolicy(scope.partition, scope.accountId)]),
            person("platform-operator", ["operator", operator]),
        ],
        ...(narrowing ? { narrowing: { name: "narrowing of a session", document: narrowing } } : {}),
    };
}

/** What is run: every committed stack file, and what else its settings can be. */
export const stacks: readonly (readonly [StackName, Variant])[] = [
    ...(["dev", "staging", "prod", "local"] as const).map((file) => [file, "as committed"] as const),
    ...(["irsa", "podIdentity", "vaultDynamic", "noGate", "profiles"] as const).map(
        (variant) => ["dev", variant] as const,
    ),
];
