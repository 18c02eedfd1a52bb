import { actions, type Right, under } from "./intent";
import { alarmsOf, iam, type Places } from "./places";
import { scope } from "./stacks";

/** What the people may do who deploy a stack, verify it and look at it: with their own rights, never with a service's. */
export function peopleRights(places: Places): Right[] {
    return [...deployer(places), ...verifier(places), ...operator(places)];
}

const account = scope.accountId;
const anyOf = (service: string, resource: string) => new RegExp(`^arn:aws:${service}:[^:]*:${account}:${resource}.*$`);

/** What creating, reading, changing and removing each kind of resource calls (A6). */
function deployer({ deployer }: Places): Right[] {
    const who = [deployer];
    const right = (by: string, on: readonly RegExp[], ...names: string[]): Right => ({
        id: "A6",
        who,
        by,
        actions: actions(...names),
        on,
    });
    const identities = ["user/", "role/", "group/", "policy/"].map((kind) => under(iam(kind)));
    const functions = [
        anyOf("dynamodb", "table/"),
        anyOf("lambda", "function:"),
        anyOf("scheduler", "schedule/default/"),
        anyOf("cloudwatch", "alarm:"),
    ];
    return [
        right(
            "Buckets",
            [under("arn:aws:s3:::")],
            "s3: CreateBucket DeleteBucket ListBucket",
            "s3: PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketVersioning",
            "s3: PutEncryptionConfiguration PutLifecycleConfiguration TagResource UntagResource",
            "s3: GetBucketOwnershipControls GetBucketPolicy GetBucketPublicAccessBlock GetBucketTagging",
            "s3: GetBucketVersioning GetEncryptionConfiguration GetLifecycleConfiguration ListTagsForResource",
            "s3: GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLogging GetBucketObjectLockConfiguration",
            "s3: GetBucketRequestPayment GetBucketWebsite GetReplicationConfiguration",
        ),
        right(
            "Identities",
            identities,
            "iam: CreateUser GetUser DeleteUser TagUser UntagUser ListUserTags",
            "iam: PutUserPolicy GetUserPolicy DeleteUserPolicy ListUserPolicies",
            "iam: AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies ListGroupsForUser",
            "iam: CreateAccessKey UpdateAccessKey DeleteAccessKey ListAccessKeys GetAccessKeyLastUsed",
            "iam: DeleteLoginProfile ListMFADevices ListSSHPublicKeys ListServiceSpecificCredentials",
            "iam: ListSigningCertificates",
            "iam: CreateRole GetRole DeleteRole TagRole UntagRole UpdateAssumeRolePolicy UpdateRoleDescription",
            "iam: PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies ListInstanceProfilesForRole",
            "iam: AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies",
            "iam: CreateGroup GetGroup DeleteGroup AddUserToGroup RemoveUserFromGroup",
            "iam: AttachGroupPolicy DetachGroupPolicy ListAttachedGroupPolicies",
            "iam: CreatePolicy GetPolicy DeletePolicy TagPolicy UntagPolicy",
            "iam: CreatePolicyVersion GetPolicyVersion DeletePolicyVersion ListPolicyVersions",
        ),
        {
            ...right("HandRolesOver", [under(iam("role/"))], "iam: PassRole"),
            given: { "iam:PassedToService": /^(ecs-tasks|budgets|pods\.eks|lambda|scheduler)\.amazonaws\.com$/ },
        },
        right(
            "Functions",
            functions,
            "dynamodb: CreateTable DescribeTable UpdateTable DeleteTable TagResource UntagResource ListTagsOfResource",
            "dynamodb: DescribeContinuousBackups UpdateContinuousBackups DescribeTimeToLive UpdateTimeToLive",
            "lambda: CreateFunction GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig DeleteFunction",
            "lambda: UpdateFunctionCode UpdateFunctionConfiguration PublishVersion ListVersionsByFunction",
            "lambda: CreateAlias GetAlias UpdateAlias DeleteAlias TagResource UntagResource",
            "lambda: CreateFunctionUrlConfig GetFunctionUrlConfig UpdateFunctionUrlConfig DeleteFunctionUrlConfig",
            "lambda: AddPermission GetPolicy RemovePermission",
            "scheduler: CreateSchedule GetSchedule UpdateSchedule DeleteSchedule",
            "cloudwatch: PutMetricAlarm DescribeAlarms DeleteAlarms TagResource UntagResource ListTagsForResource",
        ),
        right(
            "Services",
            [/^/],
            "budgets: ModifyBudget ViewBudget TagResource UntagResource ListTagsForResource",
            "budgets: CreateBudgetAction DescribeBudgetAction UpdateBudgetAction DeleteBudgetAction",
            "ecs: RegisterTaskDefinition DescribeTaskDefinition DeregisterTaskDefinition TagResource UntagResource",
            "eks: CreatePodIdentityAssociation DescribePodIdentityAssociation UpdatePodIdentityAssociation",
            "eks: DeletePodIdentityAssociation TagResource UntagResource",
            "logs: CreateLogGroup DescribeLogGroups DeleteLogGroup PutRetentionPolicy",
            "logs: TagResource UntagResource ListTagsForResource",
            "sns: CreateTopic GetTopicAttributes SetTopicAttributes DeleteTopic",
            "sns: TagResource UntagResource ListTagsForResource",
            "sns: Subscribe GetSubscriptionAttributes Unsubscribe",
            "iam: ListVirtualMFADevices",
        ),
    ];
}

/** Objects of its own in folders `verify-…`, and no other; and what restores a budget that a check has shut off. */
function verifier({ verifier }: Places): Right[] {
    const right = (by: string, on: Right["on"], ...names: string[]): Right => ({
        id: "A5",
        who: [verifier],
        by,
        actions: actions(...names),
        on,
    });
    return [
        right(
            "TestObjects",
            [/^arn:aws:s3:::[^/]+\/(.+\/)?verify-/],
            "s3: PutObject DeleteObject DeleteObjectVersion AbortMultipartUpload",
        ),
        right("FindTestObjects", [under("arn:aws:s3:::")], "s3: ListBucketMultipartUploads ListBucketVersions"),
        right("SeeInstances", [anyOf("lambda", "function:[^:]+:live$")], "lambda: GetProvisionedConcurrencyConfig"),
        right("KnowOwnRights", [under(iam("user/")), under(iam("role/"))], "iam: SimulatePrincipalPolicy"),
        right("AskGateKeepers", [anyOf("lambda", "function:[^:]+-control$")], "lambda: InvokeFunction"),
        right(
            "RestoreBudgets",
            [anyOf("budgets", "budget/")],
            "budgets: DescribeBudgetActionsForBudget ExecuteBudgetAction",
        ),
        right("FindWhatKilledRunsLeft", ["*"], "iam: ListUsers"),
    ];
}

/** Sees the settings of what a stack has, and the one table's shut-off; changes nothing and reads no object. */
function operator(places: Places): Right[] {
    const { buckets, brakePolicy, denyPolicy, scansPolicy, budget } = places;
    const roles = [places.keeper, places.starter, places.shutOff, places.task];
    roles.push(places.hasGate ? places.gateRole : places.sessionRole);
    const users = [places.rlStudio, places.agent, places.mlflow, places.llm];
    (places.worker.includes(":user/") ? users : roles).push(places.worker);
    // Its statements are numbered as they come: which of them it is says nothing.
    const right = (id: string, on: readonly (string | RegExp)[], ...names: string[]): Right => ({
        id,
        who: [places.operator],
        by: "Read",
        actions: actions(...names),
        on,
    });
    return [
        right(
            "A5",
            [buckets.rollouts],
            "s3: GetBucketPublicAccessBlock GetBucketVersioning GetEncryptionConfiguration GetLifecycleConfiguration",
        ),
        right("C1", [buckets.snapshots], "s3: GetBucketPublicAccessBlock GetBucketOwnershipControls GetBucketCORS"),
        right(
            "A2",
            users,
            "iam: ListUserPolicies GetUserPolicy ListAttachedUserPolicies ListGroupsForUser ListAccessKeys",
        ),
        right("C3", roles, "iam: GetRole ListRolePolicies GetRolePolicy ListAttachedRolePolicies"),
        right("C4", [brakePolicy, denyPolicy, scansPolicy], "iam: GetPolicy GetPolicyVersion ListEntitiesForPolicy"),
        right("C7", ["*"], "ecs: DescribeTaskDefinition"),
        right("E2", [budget], "budgets: ViewBudget"),
        ...(places.hasBudgetAction
            ? [right("E4", [budget, under(`${budget}/action/`)], "budgets: DescribeBudgetActionsForBudget")]
            : []),
        right("E2", [places.topic, places.gateTopic], "sns: GetTopicAttributes"),
        right("E2", [places.gateTopic], "sns: ListSubscriptionsByTopic"),
        right("E5", alarmsOf(places), "cloudwatch: DescribeAlarms"),
        right("E4", [places.table], "dynamodb: GetItem"),
        right("E5", places.schedules, "scheduler: GetSchedule"),
    ];
}
