import { type ArnScope, bucketArn, globalArn, regionalArn } from "../../../components/arn";
import { type AwsResource, type ResourceKind } from "../../../services/resources";
import { actionsOn, roleReceivers, unnamedActionsOn } from "../../rights/deployer";

/** What the deployer has to be allowed on one resource. */
export interface Need {
    /** An ARN; `*` for what IAM lets nobody narrow. */
    readonly resource: string;
    readonly actions: readonly string[];
    /** For `iam:PassRole`: the service of AWS that the role is handed over to. */
    readonly passedTo?: string;
}

/** What the deployer needs for resources, each once. */
export function needsOf(resources: readonly AwsResource[], scope: ArnScope): Need[] {
    return [
        ...resources.map((of) => ({ resource: arnOf(of, scope), actions: actionsOn[of.kind] })),
        ...unnamed(resources.map(({ kind }) => kind)),
        ...resources.flatMap((of) =>
            of.receiver
                ? [{ resource: arnOf(of, scope), actions: ["iam:PassRole"], passedTo: roleReceivers[of.receiver] }]
                : [],
        ),
    ];
}

function unnamed(kinds: readonly ResourceKind[]): Need[] {
    const actions = [...new Set(kinds)].flatMap((kind) => unnamedActionsOn[kind] ?? []);
    return actions.length === 0 ? [] : [{ resource: "*", actions }];
}

function arnOf({ kind, name }: AwsResource, scope: ArnScope): string {
    const arns: Readonly<Record<ResourceKind, () => string>> = {
        bucket: () => bucketArn(scope.partition, name),
        user: () => globalArn(scope, "iam", `user/${name}`),
        role: () => globalArn(scope, "iam", `role/${name}`),
        group: () => globalArn(scope, "iam", `group/${name}`),
        policy: () => globalArn(scope, "iam", `policy/${name}`),
        budget: () => globalArn(scope, "budgets", `budget/${name}`),
        // Its id is AWS's: whoever may deploy is allowed every one of the budget.
        budgetAction: () => globalArn(scope, "budgets", `budget/${name}/action/any`),
        topic: () => regionalArn(scope, "sns", name),
        taskDefinition: () => regionalArn(scope, "ecs", `task-definition/${name}:1`),
        logGroup: () => regionalArn(scope, "logs", `log-group:${name}`),
        podIdentity: () => regionalArn(scope, "eks", `cluster/${name}`),
        table: () => regionalArn(scope, "dynamodb", `table/${name}`),
        function: () => regionalArn(scope, "lambda", `function:${name}`),
        alarm: () => regionalArn(scope, "cloudwatch", `alarm:${name}`),
        // In the group that schedules are in when they name none.
        schedule: () => regionalArn(scope, "scheduler", `schedule/default/${name}`),
    };
    return arns[kind]();
}
