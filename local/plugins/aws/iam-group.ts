// aws.iam.Group and aws.iam.UserGroupMembership.

import {
    AddUserToGroupCommand,
    CreateGroupCommand,
    DeleteGroupCommand,
    GetGroupCommand,
    ListGroupsForUserCommand,
    RemoveUserFromGroupCommand,
    UpdateGroupCommand,
} from "@aws-sdk/client-iam";
import { set, text } from "../declare";
import { unless } from "../errors";
import type { Properties } from "../wire";
import type { AwsContext } from "./clients";
import { allPages, found, optional, str, texts, type AwsType } from "./common";
import { faultsOfIamName, iamName, NO_SUCH_ENTITY } from "./iam-common";

const MAX_NAME = 128;

const group: AwsType = {
    token: "aws:iam/group:Group",
    inputs: { name: text(), path: text({ default: "/" }) },
    outputs: ["arn", "uniqueId"],
    derived: { arn: ["name", "path"] },
    name: iamName(MAX_NAME, false),
    identity: ["name"],
    check: (inputs) => faultsOfIamName(inputs["name"], MAX_NAME),
    async create(context, inputs, created) {
        const GroupName = str(inputs, "name");
        await context.iam.send(new CreateGroupCommand({ GroupName, Path: optional(inputs, "path") ?? "/" }));
        created(GroupName);
    },
    async read(context, id, known) {
        const GroupName = optional(known, "name") ?? id;
        const answer = await unless(
            context.iam.send(new GetGroupCommand({ GroupName, MaxItems: 1 })),
            ...NO_SUCH_ENTITY,
        );
        const live = answer?.Group;
        return live === undefined
            ? undefined
            : found({ name: live.GroupName, path: live.Path, arn: live.Arn, uniqueId: live.GroupId });
    },
    async update(context, id, inputs, known) {
        const GroupName = optional(known, "name") ?? id;
        await context.iam.send(
            new UpdateGroupCommand({
                GroupName,
                NewGroupName: str(inputs, "name"),
                NewPath: optional(inputs, "path") ?? "/",
            }),
        );
    },
    async delete(context, id, known) {
        const GroupName = optional(known, "name") ?? id;
        await unless(context.iam.send(new DeleteGroupCommand({ GroupName })), ...NO_SUCH_ENTITY);
    },
};

/** Only the declared groups are its business: a membership that somebody else made is neither seen nor taken away. */
const membership: AwsType = {
    token: "aws:iam/userGroupMembership:UserGroupMembership",
    inputs: { user: text({ required: true, replace: true }), groups: set(text(), { required: true }) },
    outputs: [],
    async create(context, inputs, created) {
        const user = str(inputs, "user");
        const groups = texts(inputs, "groups");
        created([user, ...groups].join("/"));
        await join(context, user, groups);
    },
    async read(context, id, known) {
        const { user, groups } = memberOf(id, known);
        const live = await groupsOf(context, user);
        return live === undefined ? undefined : found({ user, groups: groups.filter((name) => live.includes(name)) });
    },
    async update(context, _id, inputs, known) {
        const user = str(inputs, "user");
        const wanted = texts(inputs, "groups");
        await leave(
            context,
            user,
            texts(known, "groups").filter((name) => !wanted.includes(name)),
        );
        await join(context, user, wanted);
    },
    async delete(context, id, known) {
        const { user, groups } = memberOf(id, known);
        await leave(context, user, groups);
    },
};

/** At an import nothing is known but the id: `user/group/group`. */
function memberOf(id: string, known: Properties): { user: string; groups: string[] } {
    const [user = "", ...groups] = id.split("/");
    return optional(known, "user") === undefined
        ? { user, groups }
        : { user: str(known, "user"), groups: texts(known, "groups") };
}

async function groupsOf(context: AwsContext, UserName: string): Promise<string[] | undefined> {
    let gone = false;
    const groups = await allPages(
        async (Marker) => {
            const ask = new ListGroupsForUserCommand({ UserName, Marker });
            const page = await unless(context.iam.send(ask), ...NO_SUCH_ENTITY);
            gone ||= page === undefined;
            return page;
        },
        (page) => page?.Groups,
        (page) => page?.Marker,
    );
    return gone ? undefined : groups.map(({ GroupName }) => GroupName ?? "");
}

async function join(context: AwsContext, UserName: string, groups: readonly string[]): Promise<void> {
    for (const GroupName of groups) {
        await context.iam.send(new AddUserToGroupCommand({ UserName, GroupName }));
    }
}

async function leave(context: AwsContext, UserName: string, groups: readonly string[]): Promise<void> {
    for (const GroupName of groups) {
        await unless(context.iam.send(new RemoveUserFromGroupCommand({ UserName, GroupName })), ...NO_SUCH_ENTITY);
    }
}

export const iamGroupTypes: readonly AwsType[] = [group, membership];
