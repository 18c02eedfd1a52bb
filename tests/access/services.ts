import { actions, type Ban, type Given, type Intent, type Right, under } from "./intent";
import { alarmsOf, codellama, invokersOf, llama, model, oidcProvider, type Places, vaultUser } from "./places";
import { spendingActions } from "./spending";
import { scope } from "./stacks";

/** Which policy of a shut-off is attached at the moment. */
export type ShutOff = "none" | "brake" | "deny";

/** What the services may do, by their facts, and what is denied to anyone. */
export function servicesIntent(places: Places, shutOff: ShutOff): Intent {
    return {
        bans: [
            ...(shutOff === "none" ? [] : [shutOffBan(places)]),
            ...Object.values(places.buckets).flatMap((bucket) =>
                bucketBans(bucket, bucket === places.buckets.snapshots),
            ),
        ],
        rights: [
            ...rlStudio(places),
            ...clinicalAi(places),
            ...snapshotter(places),
            ...mlflow(places),
            ...callers(places),
            ...brakes(places),
            ...keeping(places),
        ],
    };
}

/** Over TLS 1.2 or newer, and encrypted by S3's own keys: the default, or the header that says so (A1, C2). */
function bucketBans(bucket: string, headerRequired: boolean): Ban[] {
    const everywhere = [bucket, under(`${bucket}/`)];
    const put = { id: "C2", actions: actions("s3: PutObject"), on: [under(`${bucket}/`)] };
    const header = "s3:x-amz-server-side-encryption";
    const ban = (by: string, given: Given): Ban => ({ ...put, by, given });
    return [
        {
            id: "C2",
            by: "DenyInsecureTransport",
            actions: "s3",
            on: everywhere,
            given: { "aws:SecureTransport": "false" },
        },
        { id: "C2", by: "DenyOldTls", actions: "s3", on: everywhere, given: { "s3:TlsVersion": /^1\.[01]$/ } },
        ban("DenyWrongEncryption", { [header]: (value) => value !== undefined && value !== "AES256" }),
        ...(headerRequired ? [ban("DenyMissingEncryption", { [header]: (value) => value === undefined })] : []),
        ban("DenyCustomerKeys", { [`${header}-customer-algorithm`]: (value) => value !== undefined }),
    ];
}

/** Whoever may invoke at other times is denied everything of Bedrock that spends (E4). */
function shutOffBan(places: Places): Ban {
    return {
        id: "E4",
        who: [...invokersOf(places), narrowed(places)],
        by: "DenySpending",
        actions: spendingActions,
        on: [/^/],
    };
}

function rlStudio({ rlStudio, buckets: { rollouts } }: Places): Right[] {
    const who = [rlStudio];
    return [
        { id: "A2", who, by: "AllowList", actions: actions("s3: ListBucket"), on: [rollouts] },
        {
            id: "A2",
            who,
            by: "AllowObjectAccess",
            actions: actions("s3: GetObject PutObject DeleteObject"),
            on: [under(`${rollouts}/`)],
        },
    ];
}

function clinicalAi({ worker, workerMode, buckets: { source, destination } }: Places): Right[] {
    const account = "system:serviceaccount:clinical-ai:clinical-ai-prefect-worker";
    const issuer = oidcProvider.split("oidc-provider/")[1];
    const assume = { id: "B9", on: [worker] };
    const trusts: Partial<Record<Places["workerMode"], Right>> = {
        irsa: {
            ...assume,
            who: [oidcProvider],
            by: "TrustServiceAccount",
            actions: actions("sts: AssumeRoleWithWebIdentity"),
            given: { [`${issuer}:sub`]: account, [`${issuer}:aud`]: "sts.amazonaws.com" },
        },
        podIdentity: {
            ...assume,
            who: ["pods.eks.amazonaws.com"],
            by: "TrustPodIdentity",
            actions: actions("sts: AssumeRole TagSession"),
            given: {
                "aws:SourceAccount": scope.accountId,
                "aws:SourceArn": `arn:aws:eks:us-east-1:${scope.accountId}:cluster/a-cluster`,
                "aws:RequestTag/kubernetes-namespace": "clinical-ai",
                "aws:RequestTag/kubernetes-service-account": "clinical-ai-prefect-worker",
            },
        },
        vaultDynamic: { ...assume, who: [vaultUser], by: "TrustVault", actions: actions("sts: AssumeRole") },
    };
    const trust = trusts[workerMode];
    return [
        ...[source, destination].flatMap((bucket, index): Right[] => {
            const ordinal = index === 0 ? "" : "2";
            const of = { id: "B1", who: [worker] };
            return [
                { ...of, by: `AllowList${ordinal}`, actions: actions("s3: ListBucket"), on: [bucket] },
                {
                    ...of,
                    by: `AllowObjectAccess${ordinal}`,
                    actions: actions("s3: GetObject PutObject DeleteObject"),
                    on: [under(`${bucket}/`)],
                },
            ];
        }),
        ...(trust ? [trust] : []),
    ];
}

function snapshotter({ agent, task, execution, taskLog, buckets: { snapshots } }: Places): Right[] {
    const prefix = "repo-scans/snapshotter/";
    const who = [agent, task];
    return [
        {
            id: "C4",
            who,
            by: "AllowList",
            actions: actions("s3: ListBucket"),
            on: [snapshots],
            given: { "s3:prefix": under(prefix) },
        },
        {
            id: "C4",
            who,
            by: "AllowObjectAccess",
            actions: actions("s3: GetObject PutObject PutObjectTagging AbortMultipartUpload ListMultipartUploadParts"),
            on: [under(`${snapshots}/${prefix}`)],
        },
        {
            id: "C3",
            who: ["ecs-tasks.amazonaws.com"],
            by: "AllowEcsTasks",
            actions: actions("sts: AssumeRole"),
            on: [task, execution],
            given: {
                "aws:SourceAccount": scope.accountId,
                "aws:SourceArn": under(`arn:aws:ecs:us-east-1:${scope.accountId}:`),
            },
        },
        {
            id: "C7",
            who: [execution],
            by: "AllowLogs",
            actions: actions("logs: CreateLogStream PutLogEvents"),
            on: [under(`${taskLog}:log-stream:`)],
        },
    ];
}

function mlflow({ mlflow, buckets: { artifacts } }: Places): Right[] {
    const who = [mlflow];
    const prefix = "mlflow-artifacts/";
    return [
        {
            id: "D1",
            who,
            by: "AllowList",
            actions: actions("s3: ListBucket"),
            on: [artifacts],
            given: { "s3:prefix": under(prefix) },
        },
        {
            id: "D1",
            who,
            by: "AllowObjectAccess",
            actions: actions("s3: GetObject PutObject DeleteObject AbortMultipartUpload ListMultipartUploadParts"),
            on: [under(`${artifacts}/${prefix}`)],
        },
    ];
}

const invoking = "bedrock: InvokeModel InvokeModelWithResponseStream";

/** Who calls the models: the gate for everyone where there is one, else the service itself (E1). */
function callers(places: Places): Right[] {
    const { llm, gateRole, hasGate, hasProfiles, hasKeys, liveAlias, keysAlias, usProfile, globalProfile } = places;
    const who = hasGate ? [gateRole] : [llm, places.sessionRole];
    const models = [model(llama), model(codellama)];
    const profile = (given: Given) => ({ id: "E1", who, actions: actions(invoking), given });
    const through = (arn: string): Given => ({ "bedrock:InferenceProfileArn": arn });
    const looking = (by: string, names: string, on: readonly string[]): Right => ({
        id: "E1",
        who: [llm],
        by,
        actions: actions(`bedrock: ${names}`),
        on,
    });
    return [
        ...(hasProfiles
            ? [
                  { ...profile({}), by: "AllowInvokingProfiles", on: [usProfile, globalProfile] },
                  {
                      ...profile(through(usProfile)),
                      by: "AllowModelBehindProfile1",
                      on: [model(llama, "us-west-2"), model(llama, "us-east-1")],
                  },
                  { ...profile(through(globalProfile)), by: "AllowModelBehindProfile2", on: [model(llama)] },
                  {
                      ...profile({ ...through(globalProfile), "aws:RequestedRegion": "unspecified" }),
                      by: "AllowModelBehindProfile2Anywhere",
                      on: [model(llama, "")],
                  },
                  looking("AllowInvokingProfiles", "GetInferenceProfile", [usProfile, globalProfile]),
                  looking("AllowReadingModelsBehindProfiles", "GetFoundationModel", [model(llama)]),
              ]
            : [
                  { id: "E1", who, by: "AllowInvokingModels", actions: actions(invoking), on: models },
                  {
                      id: "E11",
                      who: [narrowed(places)],
                      by: "AllowInvokingModels",
                      actions: actions(invoking),
                      on: [model(llama)],
                  },
                  looking("AllowInvokingModels", "GetFoundationModel", models),
              ]),
        ...(hasGate
            ? []
            : [
                  {
                      id: "E11",
                      who: [llm],
                      by: "TrustUser",
                      actions: actions("sts: AssumeRole"),
                      on: [places.sessionRole],
                  },
              ]),
        looking("AllowListingModels", "ListFoundationModels", ["*"]),
        ...(hasGate
            ? [
                  ...throughUrl([llm], liveAlias, "AWS_IAM", ["AllowCallingGate", "AllowCallingGateThroughUrl"]),
                  ...(hasKeys ? throughUrl(undefined, keysAlias, "NONE", ["permission", "permission"]) : []),
              ]
            : []),
    ];
}

/** Calling a function's URL takes both actions, and neither calls the function in another way. */
function throughUrl(who: readonly string[] | undefined, on: string, type: string, [url, call]: string[]): Right[] {
    const of = { id: "E1", who: who ?? anyone, on: [on] };
    return [
        {
            ...of,
            by: url,
            actions: actions("lambda: InvokeFunctionUrl"),
            given: { "lambda:FunctionUrlAuthType": type },
        },
        {
            ...of,
            by: call,
            actions: actions("lambda: InvokeFunction"),
            given: { "lambda:InvokedViaFunctionUrl": "true" },
        },
    ];
}

/** A session of the role that is narrowed to one model (E11). */
export const narrowed = ({ sessionRole }: Places) => `${sessionRole}, narrowed`;

/** In the place of a list of all that ask. */
export const anyone: readonly string[] = Object.assign([], { includes: () => true });

/** The two brakes, each with its own policy: whoever holds one attaches that policy, on whoever calls models, alone (E4). */
function brakes(places: Places): Right[] {
    const { gateRole, hasGate, keeper, shutOff, brakePolicy, denyPolicy } = places;
    const [llm, role] = invokersOf(places);
    const on = (who: string, policy: string, verbs: readonly string[], users: string, roles: string): Right[] =>
        (["User", "Role"] as const).map((kind) => ({
            id: "E4",
            who: [who],
            by: kind === "User" ? users : roles,
            actions: actions(`iam: ${verbs.map((verb) => `${verb}${kind}Policy`).join(" ")}`),
            on: [kind === "User" ? llm : role],
            given: { "iam:PolicyARN": policy },
        }));
    const seeing = (kind: "User" | "Role", place: string): Right => ({
        id: "E4",
        who: [keeper],
        by: `AllowSeeingAttachmentsTo${kind}s`,
        actions: actions(`iam: ListAttached${kind}Policies`),
        on: [place],
    });
    return [
        ...on(shutOff, denyPolicy, ["Attach", "Detach"], "AllowShutOffOfUsers", "AllowShutOffOfRoles"),
        ...on(
            keeper,
            brakePolicy,
            ["Attach", "Detach"],
            "AllowAttachingAndDetachingToUsers",
            "AllowAttachingAndDetachingToRoles",
        ),
        ...(hasGate ? on(gateRole, brakePolicy, ["Attach"], "AllowAttachingToUsers", "AllowAttachingToRoles") : []),
        seeing("User", llm),
        seeing("Role", role),
    ];
}

/** What the gate and the keeper do beside that, and who starts them. */
function keeping(places: Places): Right[] {
    const {
        gateRole,
        keeper,
        starter,
        shutOff,
        keeperFunction,
        liveAlias,
        table,
        topic,
        gateTopic,
        gateLog,
        keeperLog,
    } = places;
    const both = places.hasGate ? [gateRole, keeper] : [keeper];
    const own: Given = { "aws:SourceAccount": scope.accountId };
    const logging = (who: string, log: string): Right => ({
        id: "E5",
        who: [who],
        by: "AllowLogging",
        actions: actions("logs: CreateLogStream PutLogEvents"),
        on: [under(`${log}:log-stream:`)],
    });
    const right = (id: string, who: readonly string[], by: string, names: string, on: Right["on"], given?: Given) => ({
        id,
        who,
        by,
        actions: actions(names),
        on,
        ...(given ? { given } : {}),
    });
    return [
        right("E6", both, "AllowCounting", "dynamodb: DeleteItem GetItem UpdateItem", [table]),
        right("E5", [keeper], "AllowLookingThroughTheTable", "dynamodb: Query", [table]),
        right("E2", both, "AllowTelling", "sns: Publish", [gateTopic]),
        ...alarmsOf(places).map((alarm) =>
            right("E5", ["cloudwatch.amazonaws.com"], "AllowAlarmsToPublish", "sns: Publish", [gateTopic], {
                ...own,
                "aws:SourceArn": alarm,
            }),
        ),
        ...(places.hasGate ? [logging(gateRole, gateLog)] : []),
        logging(keeper, keeperLog),
        // Whatever is billed and measured: most of it has no ARN.
        right("E5", [keeper], "AllowWatching", "ce: GetCostAndUsage", [/^/]),
        right("E5", [keeper], "AllowWatching", "cloudwatch: GetMetricData ListMetrics", [/^/]),
        ...(places.hasGate
            ? [right("E9", [keeper], "AllowEndingInstances", "lambda: DeleteProvisionedConcurrencyConfig", [liveAlias])]
            : []),
        ...(places.hasKeys
            ? [
                  right("E9", [gateRole], "AllowBeginningInstances", "lambda: PutProvisionedConcurrencyConfig", [
                      liveAlias,
                  ]),
              ]
            : []),
        right("E5", [starter], "AllowStarting", "lambda: InvokeFunction", [keeperFunction]),
        right("E5", ["lambda.amazonaws.com"], "TrustLambda", "sts: AssumeRole", both),
        right("E5", ["scheduler.amazonaws.com"], "TrustScheduler", "sts: AssumeRole", [starter], own),
        right("E4", ["budgets.amazonaws.com"], "TrustBudgets", "sts: AssumeRole", [shutOff], {
            ...own,
            "aws:SourceArn": under(`arn:aws:budgets::${scope.accountId}:budget/`),
        }),
        right("E2", ["budgets.amazonaws.com"], "AllowBudgetsToPublish", "sns: Publish", [topic], {
            ...own,
            "aws:SourceArn": under(`arn:aws:budgets::${scope.accountId}:`),
        }),
    ];
}
