import { first, pod, props, remove, statement, task, type Violation } from "../support/violations";

const bucketPolicy = [":BucketPolicy", "policy"] as const;
const identity = [":RolePolicy", "policy", /control-role-policy$/] as const;
const trust = [":Role", "assumeRolePolicy", /^snapshotter-task-role$/] as const;
const federated = [":Role", "assumeRolePolicy", /^clinical-ai-worker/] as const;
const topicPolicy = [":TopicPolicy", "policy"] as const;
const irsa = "dev with irsa";

/** Which statement of a document allows what a rule is about. */
const only = (statement: object, instead: object) => {
    for (const key of Object.keys(statement)) delete (statement as Record<string, unknown>)[key];
    Object.assign(statement, { Sid: "Changed", Effect: "Allow", ...instead });
};

const buckets: Violation[] = [
    {
        rule: "bucket-blocks-public-access",
        what: "no block",
        fault: /has no BucketPublicAccessBlock/,
        change: (stack) => remove(stack, ":BucketPublicAccessBlock"),
    },
    ...["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"].map((block) =>
        props("bucket-blocks-public-access", ":BucketPublicAccessBlock", `${block} off`, /all four blocks/, (of) => {
            of[block] = false;
        }),
    ),
    {
        rule: "bucket-blocks-public-access",
        what: "the block of another bucket",
        fault: /has no BucketPublicAccessBlock/,
        change: (stack) => (first(stack, ":BucketPublicAccessBlock").props.bucket = "another"),
    },
    props("bucket-has-no-acls", ":BucketOwnershipControls", "ObjectWriter", /BucketOwnerEnforced/, (of) => {
        of.rule.objectOwnership = "ObjectWriter";
    }),
    props(
        "bucket-encrypts",
        ":BucketServerSideEncryptionConfiguration",
        "no algorithm",
        /does not have an algorithm/,
        (of) => (of.rules = []),
    ),
    props("bucket-keeps-versions", ":BucketVersioning", "suspended versions", /versioning enabled/, (of) => {
        of.versioningConfiguration.status = "Suspended";
    }),
    {
        rule: "bucket-wants-tls",
        what: "no policy",
        fault: /has no BucketPolicy/,
        change: (stack) => remove(stack, ":BucketPolicy"),
    },
    statement("bucket-wants-tls", bucketPolicy, "a denial of one action", /denial/, (of) => (of.Action = "s3:Get*")),
    statement("bucket-wants-tls", bucketPolicy, "a denial to one account", /denial/, (of) => {
        of.Principal = { AWS: "123456789012" };
    }),
    statement("bucket-wants-tls", bucketPolicy, "no denial on the bucket itself", /denial/, (of) => {
        of.Resource = [of.Resource[1]];
    }),
    statement("bucket-wants-tls", bucketPolicy, "no denial on the objects", /denial/, (of) => {
        of.Resource = [of.Resource[0]];
    }),
    statement("bucket-wants-tls", bucketPolicy, "a denial with TLS", /denial/, (of) => {
        of.Condition.Bool["aws:SecureTransport"] = "true";
    }),
    statement("bucket-wants-tls", bucketPolicy, "a denial under one more condition", /denial/, (of) => {
        of.Condition.StringEquals = { "aws:PrincipalAccount": "123456789012" };
    }),
    statement("bucket-wants-tls", bucketPolicy, "a denial of all actions but one", /denial/, (of) => {
        of.NotAction = "s3:GetObject";
    }),
    statement("bucket-policy-only-denies", bucketPolicy, "a statement that allows", /allows s3:\*/, (of) => {
        of.Effect = "Allow";
    }),
    props("bucket-is-not-emptied", ":Bucket", "forceDestroy", /forceDestroy/, (of) => (of.forceDestroy = true)),
    {
        rule: "bucket-of-production-is-protected",
        what: "no protection",
        fault: /not protected/,
        change: (stack) => (first(stack, ":Bucket").protect = false),
    },
];

const policies: Violation[] = [
    statement("iam-names-actions", identity, "an action by a pattern", /allows dynamodb:\*/, (of) => {
        of.Action = ["dynamodb:*"];
    }),
    statement("iam-names-actions", identity, "every action", /allows \*/, (of) => (of.Action = "*")),
    statement("iam-names-actions", identity, "all actions but one", /everything but/, (of) => {
        of.NotAction = "iam:PassRole";
    }),
    statement("iam-names-actions", identity, "all resources but one", /everything but/, (of) => {
        of.NotResource = "arn:aws:s3:::another";
    }),
    statement(
        "iam-names-actions",
        [":UserPolicy", "policy"],
        "a user's",
        /allows s3:\?et/,
        (of) => (of.Action = "s3:?et"),
    ),
    statement("iam-names-actions", [":Policy", "policy", /snapshotter/], "a managed policy's", /s3:\*/, (of) => {
        of.Action = "s3:*";
    }),
    props("iam-names-actions", ":Role", "a role's own", /allows iam:\*/, (of) => {
        of.inlinePolicies = [
            { policy: JSON.stringify({ Statement: { Effect: "Allow", Action: "iam:*", Resource: "*" } }) },
        ];
    }),
    statement("iam-names-resources", identity, "everything", /dynamodb:GetItem on every resource/, (of) => {
        of.Resource = "*";
    }),
    statement("iam-names-resources", identity, "all that a service has", /dynamodb:GetItem on every/, (of) => {
        of.Resource = ["arn:aws:dynamodb:us-east-1:123456789012:*"];
    }),
    statement("iam-names-resources", identity, "every key", /kms:Decrypt on every resource/, (of) => {
        only(of, { Action: "kms:Decrypt", Resource: "*" });
    }),
    ...["iam:PutRolePolicy", "iam:CreatePolicyVersion", "iam:UpdateAssumeRolePolicy", "iam:CreateAccessKey"].map(
        (action) =>
            statement("iam-cannot-raise-itself", identity, action, new RegExp(`allows ${action}`), (of) => {
                only(of, { Action: action, Resource: "arn:aws:iam::123456789012:role/one" });
            }),
    ),
    statement("iam-cannot-raise-itself", identity, "any policy attached", /names the policies/, (of) => {
        only(of, { Action: "iam:AttachUserPolicy", Resource: "arn:aws:iam::123456789012:user/one" });
    }),
    statement("iam-cannot-raise-itself", identity, "policies by a pattern detached", /names the policies/, (of) => {
        only(of, {
            Action: "iam:DetachRolePolicy",
            Resource: "arn:aws:iam::123456789012:role/one",
            Condition: { ArnEquals: { "iam:PolicyARN": "arn:aws:iam::123456789012:policy/*" } },
        });
    }),
    statement("iam-cannot-raise-itself", identity, "policies likened", /names the policies/, (of) => {
        only(of, {
            Action: "iam:DetachRolePolicy",
            Resource: "arn:aws:iam::123456789012:role/one",
            Condition: { ArnLike: { "iam:PolicyARN": "arn:aws:iam::123456789012:policy/one" } },
        });
    }),
    statement("iam-cannot-raise-itself", identity, "a role handed to anybody", /PassedToService/, (of) => {
        only(of, { Action: "iam:PassRole", Resource: "arn:aws:iam::123456789012:role/one" });
    }),
    props("iam-attaches-no-broad-policy", ":RolePolicyAttachment", "AdministratorAccess", /Administrator/, (of) => {
        of.policyArn = "arn:aws:iam::aws:policy/AdministratorAccess";
    }),
    props("iam-attaches-no-broad-policy", ":GroupPolicyAttachment", "AmazonS3FullAccess", /FullAccess/, (of) => {
        of.policyArn = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
    }),
];

const trusts: Violation[] = [
    statement("grants-name-their-principals", trust, "everybody", /allows \*/, (of) => (of.Principal = "*")),
    statement("grants-name-their-principals", trust, "everybody in AWS", /allows \*/, (of) => {
        of.Principal = { AWS: ["*"] };
    }),
    statement("grants-name-their-principals", trust, "everybody but one", /everybody but/, (of) => {
        delete of.Principal;
        of.NotPrincipal = { AWS: "123456789012" };
    }),
    statement("grants-name-their-principals", topicPolicy, "a topic for everybody", /allows \*/, (of) => {
        of.Principal = { AWS: "*" };
    }),
    statement("services-act-for-this-account", trust, "no account", /any account/, (of) => {
        delete of.Condition.StringEquals;
    }),
    statement("services-act-for-this-account", trust, "accounts by a pattern", /any account/, (of) => {
        of.Condition.StringEquals["aws:SourceAccount"] = "1234*";
    }),
    statement("services-act-for-this-account", topicPolicy, "a topic without an account", /any account/, (of) => {
        delete of.Condition;
    }),
    ...["aud", "sub"].flatMap((claim) => [
        statement(
            "federation-names-its-subject",
            federated,
            `no ${claim}`,
            new RegExp(`tokens' ${claim}`),
            ({ Condition: { StringEquals: claims } }) => {
                for (const key of Object.keys(claims as object)) if (key.endsWith(`:${claim}`)) delete claims[key];
            },
            irsa,
        ),
        statement(
            "federation-names-its-subject",
            federated,
            `a ${claim} by a pattern`,
            new RegExp(`tokens' ${claim}`),
            ({ Condition: { StringEquals: claims } }) => {
                for (const key of Object.keys(claims as object)) if (key.endsWith(`:${claim}`)) claims[key] = "*";
            },
            irsa,
        ),
    ]),
    statement(
        "federation-names-its-subject",
        federated,
        "claims that are likened",
        /tokens' sub/,
        ({ Condition }) => {
            Condition.StringLike = Condition.StringEquals;
            delete Condition.StringEquals;
        },
        irsa,
    ),
    {
        rule: "user-has-no-password",
        what: "a password",
        fault: /has a password/,
        change: (stack) => {
            const { props } = first(stack, ":User");
            const profile = { type: "aws:iam/userLoginProfile:UserLoginProfile", name: "profile", protect: false };
            stack.push({ ...profile, props: { user: props.name } });
        },
    },
];

const data: Violation[] = [
    props("table-can-be-restored", ":Table", "no recovery", /point-in-time/, (of) => delete of.pointInTimeRecovery),
    props("table-can-be-restored", ":Table", "recovery off", /point-in-time/, (of) => {
        of.pointInTimeRecovery.enabled = false;
    }),
    props("table-scales", ":Table", "a fixed capacity", /PROVISIONED/, (of) => (of.billingMode = "PROVISIONED")),
    {
        rule: "table-of-production-is-protected",
        what: "no protection by the engine",
        fault: /not protected/,
        change: (stack) => (first(stack, ":Table").protect = false),
    },
    props("table-of-production-is-protected", ":Table", "no protection by AWS", /deletionProtection/, (of) => {
        of.deletionProtectionEnabled = false;
    }),
    props("logs-expire", ":LogGroup", "no days", /for ever/, (of) => delete of.retentionInDays),
    props("logs-expire", ":LogGroup", "no day", /for ever/, (of) => (of.retentionInDays = 0)),
    {
        rule: "function-has-log-group",
        what: "another group",
        fault: /has no log group \/aws\/lambda\//,
        change: (stack) => (first(stack, ":LogGroup", /gate-log/).props.name = "/aws/lambda/another"),
    },
    props("function-callers-sign", ":FunctionUrl", "no signature", /asks for NONE/, (of) => {
        of.authorizationType = "NONE";
    }),
    props(
        "function-callers-sign",
        ":Permission",
        "everybody at the gate itself",
        /lets everybody in/,
        (of) => (of.qualifier = "live"),
        { stack: "local" },
    ),
    props(
        "function-callers-sign",
        ":Permission",
        "everybody at another function's alias of that name",
        /lets everybody in/,
        (of) => (of.function = "another"),
        { stack: "local" },
    ),
    props(
        "function-callers-sign",
        ":Permission",
        "everybody at a gate's keys, past its URL",
        /lets everybody in/,
        (of) => (of.action = "lambda:*"),
        { stack: "local" },
    ),
    props(
        "function-callers-sign",
        ":FunctionUrl",
        "no signature at the keeper's alias of that name",
        /asks for NONE/,
        (of) => (of.functionName += "-control"),
        { stack: "local", name: /-keys$/ },
    ),
    props(
        "function-runtime-is-supported",
        ":Function",
        "an old runtime",
        /nodejs16/,
        (of) => (of.runtime = "nodejs16.x"),
    ),
];

const account = "bootstrap of prod";
const keys: Violation[] = [
    props("key-rotates", ":Key", "no rotation", /Rotation/, (of) => delete of.enableKeyRotation, { stack: account }),
    props("key-is-kept", ":Key", "a week", /is 7/, (of) => (of.deletionWindowInDays = 7), { stack: account }),
    {
        rule: "key-is-kept",
        what: "no protection",
        fault: /not protected/,
        stack: account,
        change: (stack) => (first(stack, ":Key").protect = false),
    },
    props(
        "grants-name-their-principals",
        ":Key",
        "a key for everybody",
        /allows \*/,
        (of) => {
            of.policy = JSON.stringify({
                Statement: { Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:Decrypt", Resource: "*" },
            });
        },
        { stack: account },
    ),
];

const tasks: Violation[] = [
    props("task-is-alone", ":TaskDefinition", "its host's network", /networkMode/, (of) => (of.networkMode = "host")),
    props("task-is-alone", ":TaskDefinition", "its host's processes", /pidMode/, (of) => (of.pidMode = "host")),
    props("task-is-alone", ":TaskDefinition", "its host's memory", /ipcMode/, (of) => (of.ipcMode = "host")),
    props("task-has-two-roles", ":TaskDefinition", "one role", /is executionRoleArn/, (of) => {
        of.taskRoleArn = of.executionRoleArn;
    }),
    props("task-has-two-roles", ":TaskDefinition", "no role", /has no taskRoleArn/, (of) => delete of.taskRoleArn),
    task("task-has-no-privileges", "privileges", /is privileged/, (of) => (of.privileged = true)),
    task("task-root-is-read-only", "a root to write to", /readonlyRoot/, (of) => delete of.readonlyRootFilesystem),
    task("task-logs", "no log", /awslogs/, (of) => delete of.logConfiguration),
    task("image-is-by-digest", "a tag", /expected a digest/, (of) => (of.image = "repository/image:latest")),
];

const pods: Violation[] = [
    pod("pod-runs-as-non-root", "no word of it", /no runAsNonRoot/, (of) => delete of.securityContext.runAsNonRoot),
    pod("pod-runs-as-non-root", "root", /the pod's runAsUser is 0/, (of) => (of.securityContext.runAsUser = 0)),
    pod(
        "pod-runs-as-non-root",
        "a container as root",
        /runAsUser of worker/,
        (_, of) => (of.securityContext.runAsUser = 0),
    ),
    pod("pod-runs-as-non-root", "a container that may be root", /worker has no/, (_, of) => {
        of.securityContext.runAsNonRoot = false;
    }),
    pod("pod-runs-as-non-root", "a container before the others", /first has no/, (of) => {
        of.initContainers = [{ name: "first", securityContext: { runAsNonRoot: false } }];
    }),
    pod("pod-is-not-privileged", "privileges", /is privileged/, (_, of) => (of.securityContext.privileged = true)),
    pod("pod-is-not-privileged", "more privileges", /allowPrivilegeEscalation/, (_, of) => {
        delete of.securityContext.allowPrivilegeEscalation;
    }),
    pod("pod-has-no-capabilities", "one dropped", /does not drop ALL/, (_, of) => {
        of.securityContext.capabilities.drop = ["NET_RAW"];
    }),
    pod("pod-has-no-capabilities", "one added", /adds/, (_, of) => {
        of.securityContext.capabilities.add = ["SYS_ADMIN"];
    }),
    pod("pod-has-seccomp", "no profile", /seccomp/, (of) => delete of.securityContext.seccompProfile),
    pod("pod-has-seccomp", "a container without", /seccomp/, (_, of) => {
        of.securityContext.seccompProfile = { type: "Unconfined" };
    }),
    ...["hostNetwork", "hostPID", "hostIPC"].map((key) =>
        pod("pod-stays-off-its-node", key, new RegExp(`has ${key}`), (of) => (of[key] = true)),
    ),
    pod("pod-stays-off-its-node", "a port of its node", /hostPort/, (_, of) => (of.ports[0].hostPort = 80)),
    pod("pod-stays-off-its-node", "its node's files", /hostPath/, (of) => {
        of.volumes.push({ name: "root", hostPath: { path: "/" } });
    }),
    pod("pod-root-is-read-only", "a root to write to", /readOnlyRoot/, (_, of) => {
        of.securityContext.readOnlyRootFilesystem = false;
    }),
    pod("pod-has-no-token", "a token", /automount/, (of) => delete of.automountServiceAccountToken),
    pod("pod-is-limited", "no limit of memory", /limit of memory/, (_, of) => delete of.resources.limits.memory),
    pod("pod-is-limited", "no limit of processor", /limit of cpu/, (_, of) => delete of.resources.limits.cpu),
    pod("image-is-by-digest", "a tag in the cluster", /expected a digest/, (_, of) => (of.image = "image:1")),
    props("namespace-is-restricted", ":Namespace", "level baseline", /enforces baseline/, ({ metadata }) => {
        metadata.labels["pod-security.kubernetes.io/enforce"] = "baseline";
    }),
    props("namespace-is-restricted", ":Namespace", "no level", /no level/, ({ metadata }) => delete metadata.labels),
    props("service-stays-inside", "core/v1:Service", "a load balancer", /LoadBalancer/, ({ spec }) => {
        spec.type = "LoadBalancer";
    }),
    props("service-stays-inside", "core/v1:Service", "an address", /ClusterIP/, ({ spec }) => {
        spec.externalIPs = ["192.0.2.1"];
    }),
    {
        rule: "pod-has-network-policy",
        what: "none",
        fault: /no network policy/,
        change: (stack) => remove(stack, ":NetworkPolicy"),
    },
    props("pod-has-network-policy", ":NetworkPolicy", "other pods'", /no network policy/, ({ spec }) => {
        spec.podSelector.matchLabels = { app: "another" };
    }),
    props("pod-has-network-policy", ":NetworkPolicy", "pods by an expression", /no network policy/, ({ spec }) => {
        spec.podSelector = { matchExpressions: [{ key: "app", operator: "In", values: ["another"] }] };
    }),
    props("pod-has-network-policy", ":NetworkPolicy", "another namespace's", /no network policy/, ({ metadata }) => {
        metadata.namespace = "another";
    }),
    props("pod-has-network-policy", ":NetworkPolicy", "one way", /no network policy/, ({ spec }) => {
        spec.policyTypes = ["Ingress"];
    }),
];

const secret = "environment-has-no-secret";
const secrets: Violation[] = [
    pod(secret, "a key in a pod", /AWS_SECRET_ACCESS_KEY is set in plain text/, (_, of) => {
        of.env.push({ name: "AWS_SECRET_ACCESS_KEY", value: "x" });
    }),
    task(secret, "a token in a task", /VAULT_TOKEN is set/, (of) => {
        of.environment.push({ name: "VAULT_TOKEN", value: "x" });
    }),
    props(secret, ":Function", "a password in a function", /DB_PASSWORD is set/, ({ environment }) => {
        environment.variables.DB_PASSWORD = "x";
    }),
    props(secret, ":Function", "a secret in a function's settings", /SETTINGS\.inner\.apiKey is set/, (of) => {
        of.environment.variables.SETTINGS = JSON.stringify({ inner: { apiKey: "x" } });
    }),
    props(secret, ":ConfigMap", "a passphrase, its name in hyphens", /data-api-passphrase is set/, (of) => {
        of.data["data-api-passphrase"] = "x";
    }),
    props(secret, ":ConfigMap", "the id of an access key", /AWS_ACCESS_KEY_ID is set/, (of) => {
        of.data.AWS_ACCESS_KEY_ID = "x";
    }),
    props(secret, ":ConfigMap", "a password in an address", /holds a password in an address/, (of) => {
        of.data.database = "postgres://user:password@host/db";
    }),
    ...Object.entries({
        "an access key id of AWS": `${"AKIA"}${"A".repeat(16)}`,
        "a private key": "-----BEGIN RSA PRIVATE KEY-----",
        "a token of Vault": `${"hvs"}.${"a".repeat(24)}`,
        "a token of GitHub": `${"ghp"}_${"a".repeat(36)}`,
        "a token of Slack": `${"xoxb"}-${"1".repeat(12)}`,
        "a JSON web token": `${"eyJ"}${"a".repeat(12)}.eyJ${"a".repeat(12)}.x`,
    }).map(([what, value]) =>
        props(secret, ":ConfigMap", what, new RegExp(`holds ${what}`), (of) => (of.data.value = value)),
    ),
];

const vault: Violation[] = [
    props("vault-policy-names-paths", "vault:index/policy:Policy", "paths by a pattern", /opens secret/, (of) => {
        of.policy = 'path "secret/data/*" {\n  capabilities = ["read"]\n}\n';
    }),
    props("vault-policy-names-paths", "vault:index/policy:Policy", "more than reading", /gives sudo/, (of) => {
        of.policy = String(of.policy).replace('"read"', '"read", "sudo"');
    }),
    props("vault-policy-names-paths", "vault:index/policy:Policy", "no path", /no path/, (of) => (of.policy = "")),
    props("vault-role-is-bound", ":AuthBackendRole", "any account", /AccountNames is \*/, (of) => {
        of.boundServiceAccountNames = ["*"];
    }),
    props("vault-role-is-bound", ":AuthBackendRole", "any namespace", /Namespaces is \*/, (of) => {
        of.boundServiceAccountNamespaces = ["*"];
    }),
    props("vault-role-is-bound", ":AuthBackendRole", "no audience", /audience/, (of) => delete of.audience),
    props("vault-role-is-bound", ":AuthBackendRole", "no end", /tokenMaxTtl/, (of) => delete of.tokenMaxTtl),
    props("resource-is-tagged", ":Bucket", "no tags", /platform:service/, (of) => delete of.tags),
    props("resource-is-tagged", ":Table", "no environment", /platform:environment/, (of) => {
        delete of.tags["platform:environment"];
    }),
];

/** What has to be found: at least one violation of every rule. */
export const violations: readonly Violation[] = [
    ...[...buckets, ...policies, ...trusts, ...keys, ...data],
    ...[...tasks, ...pods, ...secrets, ...vault],
];
