// aws.iam.Policy: a managed policy of the customer's own, with its versions.

import {
    CreatePolicyCommand,
    CreatePolicyVersionCommand,
    DeletePolicyCommand,
    DeletePolicyVersionCommand,
    GetPolicyCommand,
    GetPolicyVersionCommand,
    ListPolicyTagsCommand,
    ListPolicyVersionsCommand,
    TagPolicyCommand,
    UntagPolicyCommand,
    type PolicyVersion,
} from "@aws-sdk/client-iam";
import { sameMeaning } from "../canonical";
import { text } from "../declare";
import { unless } from "../errors";
import { asTags, tagChanges } from "../tags";
import type { AwsContext } from "./clients";
import {
    allPages,
    decodeDocument,
    found,
    optional,
    policy,
    str,
    tagList,
    tags,
    tagsFrom,
    type AwsType,
} from "./common";
import { faultsOfIamName, iamName, NO_SUCH_ENTITY } from "./iam-common";

const MAX_NAME = 128;
/** IAM keeps this many versions of a policy and refuses one more. */
const MAX_VERSIONS = 5;
const document = policy({ required: true });

const managedPolicy: AwsType = {
    token: "aws:iam/policy:Policy",
    inputs: {
        name: text({ replace: true }),
        namePrefix: text({ replace: true }),
        path: text({ default: "/", replace: true }),
        description: text({ default: "", replace: true }),
        policy: document,
        tags: tags(),
    },
    outputs: ["arn", "attachmentCount", "policyId"],
    derived: { arn: ["name", "path"] },
    name: iamName(MAX_NAME),
    identity: ["name"],
    tagged: true,
    check: (inputs) => faultsOfIamName(inputs["name"], MAX_NAME),

    async create(context, inputs, created) {
        const description = optional(inputs, "description");
        const wanted = tagList(inputs["tags"]);
        const { Policy } = await context.iam.send(
            new CreatePolicyCommand({
                PolicyName: str(inputs, "name"),
                Path: optional(inputs, "path") ?? "/",
                PolicyDocument: str(inputs, "policy"),
                ...(description === undefined ? {} : { Description: description }),
                ...(wanted.length === 0 ? {} : { Tags: wanted }),
            }),
        );
        created(Policy?.Arn ?? "");
    },

    async read(context, id) {
        const answer = await unless(context.iam.send(new GetPolicyCommand({ PolicyArn: id })), ...NO_SUCH_ENTITY);
        if (answer?.Policy === undefined) {
            return undefined;
        }
        const { AttachmentCount, DefaultVersionId, Description, Path, PolicyId, PolicyName } = answer.Policy;
        const [current, tagging] = await Promise.all([
            context.iam.send(new GetPolicyVersionCommand({ PolicyArn: id, VersionId: DefaultVersionId })),
            context.iam.send(new ListPolicyTagsCommand({ PolicyArn: id })),
        ]);
        return found({
            arn: id,
            name: PolicyName,
            path: Path,
            description: Description,
            policy: decodeDocument(current.PolicyVersion?.Document),
            policyId: PolicyId,
            attachmentCount: AttachmentCount,
            tags: tagsFrom(tagging.Tags),
        });
    },

    async update(context, id, inputs, known) {
        if (!sameMeaning(document, known["policy"], inputs["policy"])) {
            await makeRoomForVersion(context, id);
            await context.iam.send(
                new CreatePolicyVersionCommand({
                    PolicyArn: id,
                    PolicyDocument: str(inputs, "policy"),
                    SetAsDefault: true,
                }),
            );
        }
        const { put, remove } = tagChanges(asTags(known["tagsAll"]), asTags(inputs["tags"]));
        if (remove.length > 0) {
            await context.iam.send(new UntagPolicyCommand({ PolicyArn: id, TagKeys: remove }));
        }
        if (Object.keys(put).length > 0) {
            await context.iam.send(new TagPolicyCommand({ PolicyArn: id, Tags: tagList(put) }));
        }
    },

    async delete(context, id) {
        for (const { VersionId, IsDefaultVersion } of await versionsOf(context, id)) {
            if (IsDefaultVersion !== true) {
                await unless(
                    context.iam.send(new DeletePolicyVersionCommand({ PolicyArn: id, VersionId })),
                    ...NO_SUCH_ENTITY,
                );
            }
        }
        await unless(context.iam.send(new DeletePolicyCommand({ PolicyArn: id })), ...NO_SUCH_ENTITY);
    },
};

/** The oldest version that is not in force goes. */
async function makeRoomForVersion(context: AwsContext, PolicyArn: string): Promise<void> {
    const versions = await versionsOf(context, PolicyArn);
    if (versions.length < MAX_VERSIONS) {
        return;
    }
    const oldest = versions
        .filter(({ IsDefaultVersion }) => IsDefaultVersion !== true)
        .sort((left, right) => (left.CreateDate?.getTime() ?? 0) - (right.CreateDate?.getTime() ?? 0))[0];
    if (oldest !== undefined) {
        await context.iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: oldest.VersionId }));
    }
}

function versionsOf(context: AwsContext, PolicyArn: string): Promise<PolicyVersion[]> {
    return allPages(
        (Marker) => unless(context.iam.send(new ListPolicyVersionsCommand({ PolicyArn, Marker })), ...NO_SUCH_ENTITY),
        (page) => page?.Versions,
        (page) => page?.Marker,
    );
}

export const iamPolicyTypes: readonly AwsType[] = [managedPolicy];
