// aws.iam.User.

import {
    CreateUserCommand,
    DeleteAccessKeyCommand,
    DeleteLoginProfileCommand,
    DeleteUserCommand,
    DeleteUserPermissionsBoundaryCommand,
    GetUserCommand,
    ListAccessKeysCommand,
    ListGroupsForUserCommand,
    ListUserTagsCommand,
    PutUserPermissionsBoundaryCommand,
    RemoveUserFromGroupCommand,
    TagUserCommand,
    UntagUserCommand,
    UpdateUserCommand,
} from "@aws-sdk/client-iam";
import { flag, text } from "../declare";
import { unless } from "../errors";
import { asTags, tagChanges } from "../tags";
import type { AwsContext } from "./clients";
import { allPages, bool, found, optional, str, tagList, tags, tagsFrom, type AwsType } from "./common";
import { faultsOfIamName, iamName, NO_SUCH_ENTITY } from "./iam-common";

const MAX_NAME = 64;

const user: AwsType = {
    token: "aws:iam/user:User",
    inputs: {
        name: text(),
        path: text({ default: "/" }),
        permissionsBoundary: text(),
        forceDestroy: flag({ default: false, writeOnly: true }),
        tags: tags(),
    },
    outputs: ["arn", "uniqueId"],
    derived: { arn: ["name", "path"] },
    name: iamName(MAX_NAME, false),
    identity: ["name"],
    tagged: true,
    check: (inputs) => faultsOfIamName(inputs["name"], MAX_NAME),

    async create(context, inputs, created) {
        const boundary = optional(inputs, "permissionsBoundary");
        const wanted = tagList(inputs["tags"]);
        await context.iam.send(
            new CreateUserCommand({
                UserName: str(inputs, "name"),
                Path: optional(inputs, "path") ?? "/",
                ...(boundary === undefined ? {} : { PermissionsBoundary: boundary }),
                ...(wanted.length === 0 ? {} : { Tags: wanted }),
            }),
        );
        created(str(inputs, "name"));
    },

    async read(context, id, known) {
        const name = optional(known, "name") ?? id;
        const answer = await unless(context.iam.send(new GetUserCommand({ UserName: name })), ...NO_SUCH_ENTITY);
        if (answer?.User === undefined) {
            return undefined;
        }
        const { Arn, Path, PermissionsBoundary, UserId, UserName } = answer.User;
        const tagging = await context.iam.send(new ListUserTagsCommand({ UserName: name }));
        return found({
            name: UserName,
            arn: Arn,
            path: Path,
            uniqueId: UserId,
            permissionsBoundary: PermissionsBoundary?.PermissionsBoundaryArn,
            tags: tagsFrom(tagging.Tags),
        });
    },

    async update(context, id, inputs, known) {
        const oldName = optional(known, "name") ?? id;
        const UserName = str(inputs, "name");
        const path = optional(inputs, "path") ?? "/";
        if (UserName !== oldName || path !== (optional(known, "path") ?? "/")) {
            await context.iam.send(new UpdateUserCommand({ UserName: oldName, NewUserName: UserName, NewPath: path }));
        }
        await putBoundary(
            context,
            UserName,
            optional(inputs, "permissionsBoundary"),
            optional(known, "permissionsBoundary"),
        );
        const { put, remove } = tagChanges(asTags(known["tagsAll"]), asTags(inputs["tags"]));
        if (remove.length > 0) {
            await context.iam.send(new UntagUserCommand({ UserName, TagKeys: remove }));
        }
        if (Object.keys(put).length > 0) {
            await context.iam.send(new TagUserCommand({ UserName, Tags: tagList(put) }));
        }
    },

    async delete(context, id, known) {
        const UserName = optional(known, "name") ?? id;
        await leaveGroups(context, UserName);
        if (bool(known, "forceDestroy") === true) {
            await removeCredentials(context, UserName);
        }
        await unless(context.iam.send(new DeleteUserCommand({ UserName })), ...NO_SUCH_ENTITY);
    },
};

async function putBoundary(context: AwsContext, UserName: string, wanted: string | undefined, old: string | undefined) {
    if (wanted !== undefined) {
        await context.iam.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: wanted }));
    } else if (old !== undefined) {
        await unless(context.iam.send(new DeleteUserPermissionsBoundaryCommand({ UserName })), ...NO_SUCH_ENTITY);
    }
}

/** A member of a group cannot be deleted. */
async function leaveGroups(context: AwsContext, UserName: string): Promise<void> {
    const groups = await allPages(
        (Marker) => unless(context.iam.send(new ListGroupsForUserCommand({ UserName, Marker })), ...NO_SUCH_ENTITY),
        (page) => page?.Groups,
        (page) => page?.Marker,
    );
    for (const { GroupName } of groups) {
        await unless(context.iam.send(new RemoveUserFromGroupCommand({ UserName, GroupName })), ...NO_SUCH_ENTITY);
    }
}

async function removeCredentials(context: AwsContext, UserName: string): Promise<void> {
    const keys = await allPages(
        (Marker) => unless(context.iam.send(new ListAccessKeysCommand({ UserName, Marker })), ...NO_SUCH_ENTITY),
        (page) => page?.AccessKeyMetadata,
        (page) => page?.Marker,
    );
    for (const { AccessKeyId } of keys) {
        await unless(context.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId })), ...NO_SUCH_ENTITY);
    }
    await unless(context.iam.send(new DeleteLoginProfileCommand({ UserName })), ...NO_SUCH_ENTITY);
}

export const iamUserTypes: readonly AwsType[] = [user];
