// aws.iam.Role.

import {
    CreateRoleCommand,
    DeleteRoleCommand,
    DeleteRolePermissionsBoundaryCommand,
    DeleteRolePolicyCommand,
    DetachRolePolicyCommand,
    GetRoleCommand,
    ListAttachedRolePoliciesCommand,
    ListRolePoliciesCommand,
    ListRoleTagsCommand,
    PutRolePermissionsBoundaryCommand,
    TagRoleCommand,
    UntagRoleCommand,
    UpdateAssumeRolePolicyCommand,
    UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import { flag, number, text } from "../declare";
import { unless } from "../errors";
import { asTags, tagChanges } from "../tags";
import type { AwsContext } from "./clients";
import {
    allPages,
    bool,
    decodeDocument,
    found,
    num,
    optional,
    policy,
    str,
    tagList,
    tags,
    tagsFrom,
    type AwsType,
} from "./common";
import { faultsOfIamName, iamName, NO_SUCH_ENTITY } from "./iam-common";
import { refuseMissingPrincipals } from "./principals";

const MAX_NAME = 64;
const DEFAULT_SESSION_SECONDS = 3600;

const role: AwsType = {
    token: "aws:iam/role:Role",
    inputs: {
        name: text({ replace: true }),
        namePrefix: text({ replace: true }),
        path: text({ default: "/", replace: true }),
        assumeRolePolicy: policy({ required: true }),
        description: text({ default: "" }),
        maxSessionDuration: number({ default: DEFAULT_SESSION_SECONDS }),
        permissionsBoundary: text(),
        forceDetachPolicies: flag({ default: false, writeOnly: true }),
        tags: tags(),
    },
    outputs: ["arn", "createDate", "uniqueId"],
    derived: { arn: ["name", "path"] },
    name: iamName(MAX_NAME),
    identity: ["name"],
    tagged: true,
    check: (inputs) => faultsOfIamName(inputs["name"], MAX_NAME),

    async create(context, inputs, created) {
        const trust = str(inputs, "assumeRolePolicy");
        await refuseMissingPrincipals(context, trust, "CreateRole", "MalformedPolicyDocument");
        const description = optional(inputs, "description");
        const boundary = optional(inputs, "permissionsBoundary");
        const wanted = tagList(inputs["tags"]);
        await context.iam.send(
            new CreateRoleCommand({
                RoleName: str(inputs, "name"),
                Path: optional(inputs, "path") ?? "/",
                AssumeRolePolicyDocument: trust,
                MaxSessionDuration: num(inputs, "maxSessionDuration") ?? DEFAULT_SESSION_SECONDS,
                ...(description === undefined ? {} : { Description: description }),
                ...(boundary === undefined ? {} : { PermissionsBoundary: boundary }),
                ...(wanted.length === 0 ? {} : { Tags: wanted }),
            }),
        );
        created(str(inputs, "name"));
    },

    async read(context, id) {
        const answer = await unless(context.iam.send(new GetRoleCommand({ RoleName: id })), ...NO_SUCH_ENTITY);
        if (answer?.Role === undefined) {
            return undefined;
        }
        const live = answer.Role;
        const tagging = await context.iam.send(new ListRoleTagsCommand({ RoleName: id }));
        return found({
            name: live.RoleName,
            arn: live.Arn,
            path: live.Path,
            assumeRolePolicy: decodeDocument(live.AssumeRolePolicyDocument),
            description: live.Description ?? "",
            maxSessionDuration: live.MaxSessionDuration,
            permissionsBoundary: live.PermissionsBoundary?.PermissionsBoundaryArn,
            createDate: live.CreateDate?.toISOString().replace(".000Z", "Z"),
            uniqueId: live.RoleId,
            tags: tagsFrom(tagging.Tags),
        });
    },

    async update(context, id, inputs, known) {
        const trust = str(inputs, "assumeRolePolicy");
        await refuseMissingPrincipals(context, trust, "UpdateAssumeRolePolicy", "MalformedPolicyDocument");
        await context.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: id, PolicyDocument: trust }));
        await context.iam.send(
            new UpdateRoleCommand({
                RoleName: id,
                Description: str(inputs, "description"),
                MaxSessionDuration: num(inputs, "maxSessionDuration") ?? DEFAULT_SESSION_SECONDS,
            }),
        );
        await putBoundary(context, id, optional(inputs, "permissionsBoundary"), optional(known, "permissionsBoundary"));
        const { put, remove } = tagChanges(asTags(known["tagsAll"]), asTags(inputs["tags"]));
        if (remove.length > 0) {
            await context.iam.send(new UntagRoleCommand({ RoleName: id, TagKeys: remove }));
        }
        if (Object.keys(put).length > 0) {
            await context.iam.send(new TagRoleCommand({ RoleName: id, Tags: tagList(put) }));
        }
    },

    async delete(context, id, known) {
        if (bool(known, "forceDetachPolicies") === true) {
            await detachAll(context, id);
        }
        await unless(context.iam.send(new DeleteRoleCommand({ RoleName: id })), ...NO_SUCH_ENTITY);
    },
};

async function putBoundary(context: AwsContext, RoleName: string, wanted: string | undefined, old: string | undefined) {
    if (wanted !== undefined) {
        await context.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: wanted }));
    } else if (old !== undefined) {
        await unless(context.iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName })), ...NO_SUCH_ENTITY);
    }
}

async function detachAll(context: AwsContext, RoleName: string): Promise<void> {
    const attached = await allPages(
        (Marker) =>
            unless(context.iam.send(new ListAttachedRolePoliciesCommand({ RoleName, Marker })), ...NO_SUCH_ENTITY),
        (page) => page?.AttachedPolicies,
        (page) => page?.Marker,
    );
    for (const { PolicyArn } of attached) {
        await unless(context.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })), ...NO_SUCH_ENTITY);
    }
    const inline = await allPages(
        (Marker) => unless(context.iam.send(new ListRolePoliciesCommand({ RoleName, Marker })), ...NO_SUCH_ENTITY),
        (page) => page?.PolicyNames,
        (page) => page?.Marker,
    );
    for (const PolicyName of inline) {
        await unless(context.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })), ...NO_SUCH_ENTITY);
    }
}

export const iamRoleTypes: readonly AwsType[] = [role];
