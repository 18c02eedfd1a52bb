import { hasResource } from "../actions-without-resource";
import { identityStatements, identityTypes, narrowedTo, type Statement } from "../documents";
import { faultIf, resourceRule } from "../rule";

/** Whether a resource of a statement stands for all of a service's, or for everything. */
const isEverything = (resource: string) => /^(\*+|arn:[^:]*:[^:]*:[^:]*:[^:]*:\*+)$/.test(resource);

export const noWildcardAction = resourceRule({
    id: "iam-names-actions",
    says: "No policy of an identity allows an action by a pattern, or all but some.",
    meets: ["FSBP IAM.1", "FSBP IAM.21", "CIS 1.16"],
    types: identityTypes,
    faults: (resource) =>
        identityStatements(resource)
            .filter(({ allows }) => allows)
            .flatMap(({ sid, actions, inverted }) => [
                ...faultIf(inverted, `${sid} allows everything but what it names`),
                ...actions.filter((action) => /[*?]/.test(action)).map((action) => `${sid} allows ${action}`),
            ]),
});

export const noWildcardResource = resourceRule({
    id: "iam-names-resources",
    says: "No policy of an identity allows an action on every resource, where AWS can narrow that action to some.",
    meets: ["FSBP KMS.1", "FSBP KMS.2"],
    types: identityTypes,
    faults: (resource) =>
        identityStatements(resource)
            .filter(({ allows, resources }) => allows && resources.some(isEverything))
            .flatMap(({ sid, actions }) =>
                actions
                    .filter(hasResource)
                    .map((action) => `${sid} allows ${action} on every resource; expected the resources by name`),
            ),
});

/** Actions with which an identity gives itself or others any rights, whatever a condition says. */
const raising =
    /^iam:(Put(User|Role|Group)Policy|CreatePolicy(Version)?|SetDefaultPolicyVersion|UpdateAssumeRolePolicy|CreateAccessKey|(Create|Update)LoginProfile|AddUserToGroup|(Put|Delete)(User|Role)PermissionsBoundary)$/;
const attaching = /^iam:(Attach|Detach)(User|Role|Group)Policy$/;

export const noEscalation = resourceRule({
    id: "iam-cannot-raise-itself",
    says: "No policy of an identity lets it change policies, except to attach and detach policies that a condition names.",
    meets: [],
    types: identityTypes,
    faults: (resource) =>
        identityStatements(resource)
            .filter(({ allows }) => allows)
            .flatMap((statement) => statement.actions.flatMap((action) => escalation(statement, action))),
});

function escalation(statement: Statement, action: string): string[] {
    const { sid } = statement;
    if (raising.test(action)) return [`${sid} allows ${action}`];
    if (attaching.test(action)) {
        const named = narrowedTo(statement, "iam:PolicyARN", ["ArnEquals", "StringEquals"]);
        const exact = named.length > 0 && named.every((arn) => !/[*?]/.test(arn));
        return faultIf(
            !exact,
            `${sid} allows ${action}; expected a condition on iam:PolicyARN that names the policies`,
        );
    }
    if (action === "iam:PassRole") {
        const named = narrowedTo(statement, "iam:PassedToService", ["StringEquals"]);
        return faultIf(named.length === 0, `${sid} allows ${action}; expected a condition on iam:PassedToService`);
    }
    return [];
}

/** Policies of AWS's own that give everything, or all of a service. */
const broad = /:iam::aws:policy\/(.*\/)?(AdministratorAccess.*|PowerUserAccess|SecurityAudit|.*FullAccess.*)$/;

export const noBroadAttachment = resourceRule({
    id: "iam-attaches-no-broad-policy",
    says: "No identity has one of AWS's own policies that give everything, or all of a service.",
    meets: ["FSBP IAM.1", "CIS 1.16"],
    types: [
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    ],
    faults: ({ props }) => faultIf(broad.test(String(props.policyArn)), `attaches ${props.policyArn}`),
});
