// aws.iam.UserPolicy and aws.iam.RolePolicy: a policy inside its owner. Their ids are `owner:name`.

import {
    DeleteRolePolicyCommand,
    DeleteUserPolicyCommand,
    GetRolePolicyCommand,
    GetUserPolicyCommand,
    PutRolePolicyCommand,
    PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { text } from "../declare";
import { unless } from "../errors";
import type { AwsContext } from "./clients";
import { decodeDocument, found, policy, str, type AwsType } from "./common";
import { faultsOfIamName, iamName, NO_SUCH_ENTITY, splitId } from "./iam-common";

const MAX_NAME = 128;

interface Calls {
    put(context: AwsContext, owner: string, name: string, document: string): Promise<unknown>;
    get(context: AwsContext, owner: string, name: string): Promise<{ PolicyDocument?: string | undefined }>;
    remove(context: AwsContext, owner: string, name: string): Promise<unknown>;
}

function inlinePolicy(token: string, owner: "user" | "role", calls: Calls): AwsType {
    return {
        token,
        inputs: {
            name: text({ replace: true }),
            namePrefix: text({ replace: true }),
            policy: policy({ required: true }),
            [owner]: text({ required: true, replace: true }),
        },
        outputs: [],
        name: iamName(MAX_NAME),
        identity: [owner, "name"],
        check: (inputs) => faultsOfIamName(inputs["name"], MAX_NAME),
        async create(context, inputs, created) {
            const [holder, name] = [str(inputs, owner), str(inputs, "name")];
            await calls.put(context, holder, name, str(inputs, "policy"));
            created(`${holder}:${name}`);
        },
        async read(context, id) {
            const [holder, name] = splitId(id, ":");
            const answer = await unless(calls.get(context, holder, name), ...NO_SUCH_ENTITY);
            return answer === undefined
                ? undefined
                : found({ [owner]: holder, name, policy: decodeDocument(answer.PolicyDocument) });
        },
        async update(context, id, inputs) {
            const [holder, name] = splitId(id, ":");
            await calls.put(context, holder, name, str(inputs, "policy"));
        },
        async delete(context, id) {
            const [holder, name] = splitId(id, ":");
            await unless(calls.remove(context, holder, name), ...NO_SUCH_ENTITY);
        },
    };
}

const userPolicy = inlinePolicy("aws:iam/userPolicy:UserPolicy", "user", {
    put: ({ iam }, UserName, PolicyName, PolicyDocument) =>
        iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument })),
    get: ({ iam }, UserName, PolicyName) => iam.send(new GetUserPolicyCommand({ UserName, PolicyName })),
    remove: ({ iam }, UserName, PolicyName) => iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName })),
});

const rolePolicy = inlinePolicy("aws:iam/rolePolicy:RolePolicy", "role", {
    put: ({ iam }, RoleName, PolicyName, PolicyDocument) =>
        iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument })),
    get: ({ iam }, RoleName, PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName })),
    remove: ({ iam }, RoleName, PolicyName) => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })),
});

export const iamInlinePolicyTypes: readonly AwsType[] = [userPolicy, rolePolicy];
