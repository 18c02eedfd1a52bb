import { type AccessRequest } from "../../ops/access/world";
import { type Ask } from "./intent";
import {
    administratorPolicy,
    codellama,
    iam,
    llama,
    model,
    oidcProvider,
    openedBucket,
    otherAccount,
    type Places,
    regional,
} from "./places";
import { type ReferenceAction, referenceOf } from "./reference";
import { scope } from "./stacks";

type Context = NonNullable<AccessRequest["context"]>;

/** The services of AWS that the program's policies name, and with them every action that each of them has. */
export const askedServices = [
    "bedrock",
    "bedrock-mantle",
    "budgets",
    "ce",
    "cloudwatch",
    "dynamodb",
    "ecs",
    "eks",
    "iam",
    "lambda",
    "logs",
    "s3",
    "scheduler",
    "sns",
    "sts",
] as const;

/**
 * Every action of these services on every place where AWS lets it be, in every way that a policy tells apart. Anybody
 * may ask who they are, whatever policies say, so that is not asked.
 */
export async function asksAt(places: Places): Promise<Ask[]> {
    const services = await Promise.all(
        askedServices.map(async (service) => {
            const { actions, examples } = await referenceOf(service);
            const resources = [...new Set([...resourcesOf(places), ...examples])];
            return actions
                .filter(({ name }) => name !== "sts:GetCallerIdentity")
                .flatMap((action) =>
                    on(action, resources).flatMap((resource) =>
                        waysOf(action, places).map((context) => ({ action: action.name, resource, context })),
                    ),
                );
        }),
    );
    return services.flat();
}

function on(action: ReferenceAction, resources: readonly string[]): readonly string[] {
    if (action.resources.length === 0) return ["*"];
    return resources.filter((resource) => action.resources.some((expression) => expression.test(resource)));
}

/** Every place of the stack, its neighbours by name, and what bears its name in another account and another region. */
function resourcesOf(places: Places): string[] {
    const buckets = Object.values(places.buckets);
    const named = [
        places.rlStudio,
        places.worker,
        places.agent,
        places.mlflow,
        places.llm,
        places.task,
        places.execution,
        places.gateRole,
        places.sessionRole,
        places.keeper,
        places.starter,
        places.shutOff,
        places.brakePolicy,
        places.denyPolicy,
        places.scansPolicy,
        places.agents,
        places.deployer,
        places.gateFunction,
        places.liveAlias,
        places.keysAlias,
        places.keeperFunction,
        places.table,
        places.topic,
        places.gateTopic,
        ...places.alarms,
        places.budget,
        `${places.budget}/action/1`,
        `${places.budget}-2/action/1`,
        ...places.schedules,
        ...places.schedules.map((schedule) => schedule.replace("/default/", "/default-2/")),
        ...[places.gateLog, places.keeperLog, places.taskLog].flatMap((log) => [log, `${log}:log-stream:today`]),
        administratorPolicy,
        ...[llama, codellama, "anthropic.claude-3-haiku-20240307-v1:0"].map((id) => model(id)),
        places.usProfile,
        places.globalProfile,
    ];
    const inOtherRegions = (arn: string) =>
        arn.includes(`:${scope.region}:`)
            ? [arn.replace(scope.region, "us-west-2"), arn.replace(scope.region, "")]
            : [];
    return [
        openedBucket,
        `${openedBucket}/key`,
        `${openedBucket}/verify-1/key`,
        ...buckets.flatMap((bucket) => [bucket, `${bucket}-2`]),
        ...buckets.flatMap((bucket) => keysIn(bucket, places).map((key) => `${bucket}/${key}`)),
        ...buckets.map((bucket) => `${bucket}-2/key`),
        ...named.flatMap((arn) => [
            arn,
            `${arn}-2`,
            arn.replace(scope.accountId, otherAccount),
            ...inOtherRegions(arn),
            ...inOtherRegions(`${arn}-2`),
        ]),
    ];
}

/** The part of a bucket that its service has; the others have the whole. */
function prefixOf(bucket: string, { buckets }: Places): string {
    if (bucket === buckets.snapshots) return "repo-scans/snapshotter/";
    return bucket === buckets.artifacts ? "mlflow-artifacts/" : "";
}

/** Under the service's own prefix, beside it, above it, at the top, and where checks put their own objects. */
function keysIn(bucket: string, places: Places): string[] {
    const prefix = prefixOf(bucket, places);
    if (prefix === "") return ["key", "a/b/key", "verify-1/key", "a/verify-1/key"];
    const beside = prefix.replace(/\/$/, "-2/");
    const above = prefix
        .split("/")
        .slice(0, -2)
        .map((part) => `${part}/`)
        .join("");
    return [
        `${prefix}run/key`,
        prefix,
        `${beside}key`,
        `${above}key`,
        "key",
        "other/key",
        "verify-1/key",
        `${prefix}verify-1/key`,
    ];
}

/** The contexts in which an action is asked for: all that a policy of the program tells apart, and one beside each. */
function waysOf(action: ReferenceAction, places: Places): readonly Context[] {
    const { name, conditionKeys } = action;
    if (name.startsWith("s3:")) return waysOfS3(action);
    if (name.startsWith("sts:")) return waysOfAssuming(name);
    if (name === "sns:Publish") return [...waysOfServices, ...waysOnBehalf(alarmsBeside(places))];
    if (asTopicsOwner.has(name)) return [...waysOfServices, ...waysOnBehalf(places.alarms.slice(0, 1))];
    if (name === "iam:PassRole") return passedTo;
    if (conditionKeys.includes("iam:PolicyARN")) {
        const policies = [places.brakePolicy, places.denyPolicy, places.scansPolicy];
        return [
            {},
            ...[
                ...policies,
                ...policies.map((arn) => `${arn}-2`),
                ...policies.map((arn) => arn.replace(scope.accountId, otherAccount)),
                administratorPolicy,
            ].map((arn) => ({ "iam:PolicyARN": arn })),
        ];
    }
    if (conditionKeys.includes("lambda:FunctionUrlAuthType")) {
        return [{}, ...["AWS_IAM", "NONE"].map((type) => ({ "lambda:FunctionUrlAuthType": type }))];
    }
    if (conditionKeys.includes("lambda:InvokedViaFunctionUrl")) {
        return [{}, ...["true", "false"].map((via) => ({ "lambda:InvokedViaFunctionUrl": via }))];
    }
    if (conditionKeys.includes("bedrock:InferenceProfileArn")) {
        const profiles = [places.usProfile, places.globalProfile].flatMap((arn) => [arn, `${arn}-2`]);
        const regions = [{}, ...[scope.region, "unspecified"].map((region) => ({ "aws:RequestedRegion": region }))];
        return regions.flatMap((region) => [
            region,
            ...profiles.map((arn) => ({ ...region, "bedrock:InferenceProfileArn": arn })),
        ]);
    }
    return [{}];
}

/** What else a topic's policy could let a service of AWS do. */
const asTopicsOwner = new Set(
    ["Subscribe", "SetTopicAttributes", "AddPermission", "DeleteTopic"].map((action) => `sns:${action}`),
);

const passedTo: readonly Context[] = [
    {},
    ...["ecs-tasks", "budgets", "pods.eks", "lambda", "scheduler", "ec2", "glue"].map((service) => ({
        "iam:PassedToService": `${service}.amazonaws.com`,
    })),
    // One of China's, which begins alike.
    { "iam:PassedToService": "lambda.amazonaws.com.cn" },
];

const tls = (version: string): Context => ({ "aws:SecureTransport": "true", "s3:TlsVersion": version });
const secure = tls("1.3");
const transports: readonly Context[] = [secure, tls("1.2"), tls("1.1"), tls("1.0"), { "aws:SecureTransport": "false" }];

/** What is listed: all, either prefix that is a service's, what is above, under, beside it and begins alike, and another. */
const listed = [
    "",
    "repo-scans/",
    ...["repo-scans/snapshotter/", "mlflow-artifacts/"].flatMap((own) => [
        own,
        `${own}run/`,
        own.slice(0, -1),
        own.replace(/\/$/, "-2/"),
    ]),
    "other/",
];

/** Reading, writing and deleting an object, listing, and the neighbours that would undo the guards of a bucket. */
const asksOverAll = new Set(
    [
        ...["GetObject", "PutObject", "DeleteObject", "DeleteObjectVersion", "PutObjectAcl", "ListBucket"],
        ...["GetBucketVersioning", "PutBucketPolicy", "DeleteBucketPolicy", "PutBucketAcl"],
    ].map((action) => `s3:${action}`),
);

const header = "s3:x-amz-server-side-encryption";

function waysOfS3({ name, conditionKeys }: ReferenceAction): readonly Context[] {
    const ways = asksOverAll.has(name) ? transports : [secure];
    if (conditionKeys.includes(header)) {
        const encryptions = ["AES256", "aws:kms", "aws:kms:dsse", "aes256"].map((value) => ({ [header]: value }));
        const customer = { [`${header}-customer-algorithm`]: "AES256" };
        return [
            ...ways,
            ...ways.map((way) => ({ ...way, [header]: "AES256" })),
            ...[...encryptions, customer, { ...customer, [header]: "AES256" }].map((way) => ({ ...secure, ...way })),
        ];
    }
    if (conditionKeys.includes("s3:prefix")) {
        return [...ways, ...listed.flatMap((prefix) => ways.map((way) => ({ ...way, "s3:prefix": prefix })))];
    }
    return ways;
}

/** On whose behalf a service of AWS asks: what of this account, of another, in another region. */
const sources: readonly string[] = [
    regional("ecs", "task/cluster/1"),
    regional("ecs", "task/cluster/1", "us-west-2"),
    regional("ecs", "task/cluster/1", scope.region, otherAccount),
    regional("eks", "cluster/a-cluster"),
    regional("eks", "cluster/a-cluster-2"),
    regional("eks", "cluster/a-cluster", "us-west-2"),
    regional("eks", "cluster/a-cluster", scope.region, otherAccount),
    regional("scheduler", "schedule/default/any"),
    regional("budgets", "budget/any", ""),
    regional("budgets", "budget/any", "", otherAccount),
    regional("budgets", "other/any", ""),
    regional("budgets", "budget-2/any", ""),
    iam("budget/any"),
];

/** Alarms of the stack, and beside each that of another name, region and account. */
function alarmsBeside({ alarms }: Places): string[] {
    return alarms.flatMap((one) => [
        one,
        `${one}-2`,
        one.replace(scope.region, "us-west-2"),
        one.replace(scope.accountId, otherAccount),
    ]);
}

const waysOnBehalf = (arns: readonly string[]): Context[] =>
    arns.flatMap((arn): Context[] => [
        { "aws:SourceArn": arn },
        { "aws:SourceArn": arn, "aws:SourceAccount": scope.accountId },
        { "aws:SourceArn": arn, "aws:SourceAccount": otherAccount },
    ]);

const waysOfServices: readonly Context[] = [
    {},
    ...waysOnBehalf(sources),
    { "aws:SourceAccount": scope.accountId },
    { "aws:SourceAccount": otherAccount },
];

/** Which service account a token or a tag speaks of. */
const accounts = [
    ["clinical-ai", "clinical-ai-prefect-worker"],
    ["clinical-ai", "clinical-ai-prefect-worker-2"],
    ["clinical-ai", "default"],
    ["clinical-ai-2", "clinical-ai-prefect-worker"],
] as const;

function waysOfAssuming(name: string): readonly Context[] {
    const issuer = oidcProvider.split("oidc-provider/")[1];
    const ofTokens = [
        ...accounts.flatMap(([namespace, account]) => {
            const sub = { [`${issuer}:sub`]: `system:serviceaccount:${namespace}:${account}` };
            return [
                sub,
                ...["sts.amazonaws.com", "sts.amazonaws.com.cn", "vault"].map((aud) => ({
                    ...sub,
                    [`${issuer}:aud`]: aud,
                })),
            ];
        }),
        { [`${issuer}:aud`]: "sts.amazonaws.com" },
    ];
    if (name === "sts:AssumeRoleWithWebIdentity") return [{}, ...ofTokens];
    const tags = accounts.map(([namespace, account]) => ({
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": account,
    }));
    return [
        ...waysOfServices,
        // Who assumes a role with a token sets the session's tags with it.
        ...(name === "sts:TagSession" ? ofTokens : []),
        ...tags.flatMap((tag) => waysOfServices.map((way) => ({ ...way, ...tag }))),
        ...Object.entries(tags[0]).map(([key, value]) => ({ ...waysOfServices[11], [key]: value })),
    ];
}
