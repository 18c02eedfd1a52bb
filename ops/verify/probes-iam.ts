import {
    GetPolicyCommand,
    GetPolicyVersionCommand,
    GetRoleCommand,
    GetRolePolicyCommand,
    GetUserCommand,
    GetUserPolicyCommand,
    ListUsersCommand,
    paginateListAccessKeys,
    paginateListAttachedRolePolicies,
    paginateListAttachedUserPolicies,
    paginateListEntitiesForPolicy,
    paginateListGroupsForUser,
    paginateListRolePolicies,
    paginateListUserPolicies,
    type AttachedPolicy,
    type IAMClient,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand } from "@aws-sdk/client-sts";

import { keysInWords } from "../../services/checks";
import { grantsInWords, type Statement } from "../../services/grants";
import { collect } from "../aws/pages";
import { accessOf } from "./outcome";
import { type Executor, type ProbeOf } from "./run";
import { denialsInWords } from "./words";

/** Whether the caller may make a call to IAM. */
export const iamAccess: Executor<"iam"> = ({ call, user }, { clients: { iam } }) =>
    accessOf(() =>
        call === "listUsers"
            ? iam.send(new ListUsersCommand({ MaxItems: 1 }))
            : iam.send(new GetUserCommand({ UserName: user })),
    );

/** Whether the caller may assume a role. */
export const assumeRole: Executor<"assumeRole"> = ({ roleArn }, { clients: { sts }, scratch }) =>
    accessOf(() =>
        sts.send(
            new AssumeRoleCommand({
                RoleArn: roleArn,
                RoleSessionName: `verify-${scratch.runId}`,
                // The shortest that AWS gives: nobody works with it.
                DurationSeconds: 900,
            }),
        ),
    );

type Aspects<Kind extends "user" | "role" | "policy"> = Readonly<
    Record<ProbeOf<Kind>["aspect"], (iam: IAMClient, name: string) => Promise<string>>
>;

export const userDeclaration: Executor<"user"> = async ({ aspect, user }, { clients }) => ({
    got: await ofUser[aspect](clients.iam, user),
});

export const roleDeclaration: Executor<"role"> = async ({ aspect, role }, { clients }) => ({
    got: await ofRole[aspect](clients.iam, role),
});

export const policyDeclaration: Executor<"policy"> = async ({ aspect, policyArn }, { clients }) => ({
    got: await ofPolicy[aspect](clients.iam, policyArn),
});

const ofUser: Aspects<"user"> = {
    grants: async (iam, UserName) => {
        const names = await collect(
            paginateListUserPolicies({ client: iam }, { UserName }),
            (page) => page.PolicyNames,
        );
        const inline = names.map(async (PolicyName) =>
            statements((await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }))).PolicyDocument),
        );
        return grantsOf(iam, inline, await attachedToUser(iam, UserName));
    },
    attachments: async (iam, name) => namesOf(await attachedToUser(iam, name)),
    groups: async (iam, UserName) => {
        const groups = await collect(paginateListGroupsForUser({ client: iam }, { UserName }), (page) => page.Groups);
        return words(groups.map(({ GroupName }) => GroupName));
    },
    keys: async (iam, UserName) => {
        const keys = await collect(
            paginateListAccessKeys({ client: iam }, { UserName }),
            (page) => page.AccessKeyMetadata,
        );
        const idsOf = (active: boolean) =>
            keys.filter(({ Status }) => (Status === "Active") === active).map(({ AccessKeyId = "" }) => AccessKeyId);
        return keysInWords(idsOf(true), idsOf(false));
    },
};

const ofRole: Aspects<"role"> = {
    trust: async (iam, RoleName) => {
        const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
        return grantsInWords(statements(Role?.AssumeRolePolicyDocument));
    },
    grants: async (iam, RoleName) => {
        const names = await collect(
            paginateListRolePolicies({ client: iam }, { RoleName }),
            (page) => page.PolicyNames,
        );
        const inline = names.map(async (PolicyName) =>
            statements((await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument),
        );
        return grantsOf(iam, inline, await attachedToRole(iam, RoleName));
    },
    attachments: async (iam, name) => namesOf(await attachedToRole(iam, name)),
};

const ofPolicy: Aspects<"policy"> = {
    grants: async (iam, arn) => grantsInWords(await defaultVersion(iam, arn)),
    deniesInvoking: async (iam, arn) => denialsInWords(await defaultVersion(iam, arn)),
    attachments: async (iam, PolicyArn) => {
        const pages = () => paginateListEntitiesForPolicy({ client: iam }, { PolicyArn });
        const groups = await collect(pages(), (page) => page.PolicyGroups);
        const roles = await collect(pages(), (page) => page.PolicyRoles);
        const users = await collect(pages(), (page) => page.PolicyUsers);
        return [
            `groups: ${words(groups.map(({ GroupName }) => GroupName))}`,
            `roles: ${words(roles.map(({ RoleName }) => RoleName))}`,
            `users: ${words(users.map(({ UserName }) => UserName))}`,
        ].join("; ");
    },
};

/** Everything that an identity's own policies grant, inline and attached. */
async function grantsOf(
    iam: IAMClient,
    inline: Promise<Statement[]>[],
    attached: readonly AttachedPolicy[],
): Promise<string> {
    const managed = attached.map(({ PolicyArn = "" }) => defaultVersion(iam, PolicyArn));
    return grantsInWords((await Promise.all([...inline, ...managed])).flat());
}

async function defaultVersion(iam: IAMClient, PolicyArn: string): Promise<Statement[]> {
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
    const VersionId = Policy?.DefaultVersionId;
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
    return statements(PolicyVersion?.Document);
}

function attachedToUser(client: IAMClient, UserName: string): Promise<AttachedPolicy[]> {
    return collect(paginateListAttachedUserPolicies({ client }, { UserName }), (page) => page.AttachedPolicies);
}

function attachedToRole(client: IAMClient, RoleName: string): Promise<AttachedPolicy[]> {
    return collect(paginateListAttachedRolePolicies({ client }, { RoleName }), (page) => page.AttachedPolicies);
}

/** IAM returns documents URL-encoded. */
function statements(document = ""): Statement[] {
    const { Statement } = JSON.parse(decodeURIComponent(document)) as { Statement: Statement | Statement[] };
    return [Statement].flat();
}

function namesOf(policies: readonly AttachedPolicy[]): string {
    return words(policies.map(({ PolicyName }) => PolicyName));
}

function words(names: readonly (string | undefined)[]): string {
    return names.map(String).sort().join(", ") || "none";
}
