// aws.iam.{Role,User,Group}PolicyAttachment. Their ids are `owner/arn`.

import {
    AttachGroupPolicyCommand,
    AttachRolePolicyCommand,
    AttachUserPolicyCommand,
    DetachGroupPolicyCommand,
    DetachRolePolicyCommand,
    DetachUserPolicyCommand,
    GetPolicyCommand,
    ListAttachedGroupPoliciesCommand,
    ListAttachedRolePoliciesCommand,
    ListAttachedUserPoliciesCommand,
    type AttachedPolicy,
} from "@aws-sdk/client-iam";
import { text } from "../declare";
import { AwsRefusal, isError, unless } from "../errors";
import type { AwsContext } from "./clients";
import { allPages, found, str, type AwsType } from "./common";
import { NO_SUCH_ENTITY, splitId } from "./iam-common";

interface Page {
    AttachedPolicies?: AttachedPolicy[] | undefined;
    Marker?: string | undefined;
}

interface Calls {
    operation: string;
    attach(context: AwsContext, owner: string, arn: string): Promise<unknown>;
    detach(context: AwsContext, owner: string, arn: string): Promise<unknown>;
    list(context: AwsContext, owner: string, marker: string | undefined): Promise<Page>;
}

function attachment(token: string, owner: "role" | "user" | "group", calls: Calls): AwsType {
    return {
        token,
        inputs: {
            policyArn: text({ required: true, replace: true }),
            [owner]: text({ required: true, replace: true }),
        },
        outputs: [],
        async create(context, inputs, created) {
            const [holder, arn] = [str(inputs, owner), str(inputs, "policyArn")];
            await refuseMissingPolicy(context, arn, calls.operation);
            await calls.attach(context, holder, arn);
            created(`${holder}/${arn}`);
        },
        async read(context, id) {
            const [holder, arn] = splitId(id, "/");
            const attached = await allPages(
                (marker) => unless(calls.list(context, holder, marker), ...NO_SUCH_ENTITY),
                (page) => page?.AttachedPolicies,
                (page) => page?.Marker,
            );
            const present = attached.some(({ PolicyArn }) => PolicyArn === arn);
            return present ? found({ [owner]: holder, policyArn: arn }) : undefined;
        },
        async delete(context, id) {
            const [holder, arn] = splitId(id, "/");
            await unless(calls.detach(context, holder, arn), ...NO_SUCH_ENTITY);
        },
    };
}

/** A caller who may not look the policy up is not held up: AWS itself judges then. */
async function refuseMissingPolicy(context: AwsContext, arn: string, operation: string): Promise<void> {
    try {
        await context.iam.send(new GetPolicyCommand({ PolicyArn: arn }));
    } catch (error) {
        if (isError(error, ...NO_SUCH_ENTITY)) {
            const message = `Policy ${arn} does not exist or is not attachable.`;
            throw new AwsRefusal(operation, "NoSuchEntity", message, 404);
        }
    }
}

const toRole = attachment("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role", {
    operation: "AttachRolePolicy",
    attach: ({ iam }, RoleName, PolicyArn) => iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })),
    detach: ({ iam }, RoleName, PolicyArn) => iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })),
    list: ({ iam }, RoleName, Marker) => iam.send(new ListAttachedRolePoliciesCommand({ RoleName, Marker })),
});

const toUser = attachment("aws:iam/userPolicyAttachment:UserPolicyAttachment", "user", {
    operation: "AttachUserPolicy",
    attach: ({ iam }, UserName, PolicyArn) => iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn })),
    detach: ({ iam }, UserName, PolicyArn) => iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn })),
    list: ({ iam }, UserName, Marker) => iam.send(new ListAttachedUserPoliciesCommand({ UserName, Marker })),
});

const toGroup = attachment("aws:iam/groupPolicyAttachment:GroupPolicyAttachment", "group", {
    operation: "AttachGroupPolicy",
    attach: ({ iam }, GroupName, PolicyArn) => iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn })),
    detach: ({ iam }, GroupName, PolicyArn) => iam.send(new DetachGroupPolicyCommand({ GroupName, PolicyArn })),
    list: ({ iam }, GroupName, Marker) => iam.send(new ListAttachedGroupPoliciesCommand({ GroupName, Marker })),
});

export const iamAttachmentTypes: readonly AwsType[] = [toRole, toUser, toGroup];
