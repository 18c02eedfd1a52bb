import { oidcProvider, scope, vaultUser, type Stack } from "./stacks";

const { accountId, region } = scope;

/** Another account, whose owner gave its user every right that an account has to give. */
export const otherAccount = "999988887777";
export const stranger = `arn:aws:iam::${otherAccount}:user/stranger`;

/** A bucket of that account's, whose policy opens it to this one. */
export const openedBucket = "arn:aws:s3:::opened-by-another-account";

/** One of AWS's own, which belongs to no account. */
export const administratorPolicy = "arn:aws:iam::aws:policy/AdministratorAccess";

export { oidcProvider, vaultUser };

export const iam = (resource: string, account: string = accountId) => `arn:aws:iam::${account}:${resource}`;
export const regional = (service: string, resource: string, where: string = region, account: string = accountId) =>
    `arn:aws:${service}:${where}:${account}:${resource}`;
export const model = (id: string, where: string = region) => `arn:aws:bedrock:${where}::foundation-model/${id}`;

export const llama = "meta.llama3-1-70b-instruct-v1:0";
export const codellama = "meta.codellama-34b-instruct-v1:0";

/** Names as the facts of the services give them, in one environment: each thing that has policies or appears in them. */
export function placesOf({ environment, variant, file }: Pick<Stack, "environment" | "variant" | "file">) {
    const name = (production: string) => (environment === "prod" ? production : `${production}-${environment}`);
    const bucket = (of: string) => `arn:aws:s3:::${of}`;
    const gate = `deployer-ddf-llm-models-${environment}`;
    const worker = ["irsa", "podIdentity", "vaultDynamic"].includes(variant) ? "role" : "user";
    return {
        buckets: {
            rollouts: bucket(name("rl-studio-rollouts")),
            source: bucket(name("clinical-ai-source")),
            destination: bucket(name("clinical-ai-destination")),
            snapshots: bucket(`fruitful-lab-snapshots-${environment}`),
            artifacts: bucket(name("mlflow-basketworld")),
        },
        rlStudio: iam(`user/${name("rl-studio-rollouts-service-user")}`),
        worker: iam(`${worker}/${name("clinical-ai-prefect-worker")}`),
        agent: iam(`user/${name("agent-repo-snapshotter")}`),
        task: iam(`role/${name("fruitful-repo-snapshotter-task-role")}`),
        execution: iam(`role/${name("fruitful-repo-snapshotter-task-role")}-execution`),
        mlflow: iam(`user/${name("mlflow-basketworld")}`),
        llm: iam(`user/${name("deployer-ddf-llm-models")}`),
        /** Only in front of a gate. */
        gateRole: iam(`role/${name("deployer-ddf-llm-models-gate-role")}`),
        /** Only without one: its sessions are narrowed to a model. */
        sessionRole: iam(`role/${name("deployer-ddf-llm-models-session-role")}`),
        keeper: iam(`role/${gate}-control`),
        starter: iam(`role/${gate}-control-schedule`),
        shutOff: iam(`role/${name("deployer-ddf-llm-models-shut-off-role")}`),
        brakePolicy: iam(`policy/${name("deployer-ddf-llm-models-brake")}`),
        denyPolicy: iam(`policy/${name("deployer-ddf-llm-models-shut-off")}`),
        scansPolicy: iam(`policy/${name("fruitful-s3-repo-scans-rw")}`),
        agents: iam(`group/${name("fruitful-agents")}`),
        gateFunction: regional("lambda", `function:${gate}`),
        liveAlias: regional("lambda", `function:${gate}:live`),
        keysAlias: regional("lambda", `function:${gate}:keys`),
        keeperFunction: regional("lambda", `function:${gate}-control`),
        table: regional("dynamodb", `table/${name("deployer-ddf-llm-models-gate")}`),
        topic: regional("sns", name("deployer-ddf-llm-models-alerts")),
        gateTopic: regional("sns", name("deployer-ddf-llm-models-gate-alerts")),
        alarms: [`${gate}-control-errors`, `${gate}-control-silent`, `${gate}-errors`, `${gate}-throttles`].map(
            (alarm) => regional("cloudwatch", `alarm:${alarm}`),
        ),
        budget: `arn:aws:budgets::${accountId}:budget/${name("deployer-ddf-llm-models-budget")}`,
        schedules: ["keep", "month", "daily"].map((task) =>
            regional("scheduler", `schedule/default/${gate}-control-${task}`),
        ),
        gateLog: regional("logs", `log-group:/aws/lambda/${gate}`),
        keeperLog: regional("logs", `log-group:/aws/lambda/${gate}-control`),
        taskLog: regional("logs", `log-group:/ecs/${name("fruitful-repo-snapshotter")}`),
        usProfile: regional("bedrock", `inference-profile/us.${llama}`),
        globalProfile: regional("bedrock", `inference-profile/global.${llama}`),
        deployer: iam("user/platform-deployer"),
        verifier: iam("user/platform-verifier"),
        operator: iam("user/platform-operator"),
        hasGate: variant !== "noGate",
        /** Gate keys and instances that wait are in the local stack alone. */
        hasKeys: file === "local",
        hasProfiles: variant === "profiles",
        hasBudgetAction: file !== "local",
        workerMode: variant,
    };
}

export type Places = ReturnType<typeof placesOf>;

/** Those of the keeper, and those of the gate where there is one. */
export function alarmsOf({ alarms, hasGate }: Places): readonly string[] {
    return hasGate ? alarms : alarms.slice(0, 2);
}

/** Who calls models, and is denied that by a shut-off: the service's user and a role. */
export function invokersOf({ llm, gateRole, sessionRole, hasGate }: Places): readonly string[] {
    return [llm, hasGate ? gateRole : sessionRole];
}
