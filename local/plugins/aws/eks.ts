// aws.eks.PodIdentityAssociation.

import { isDeepStrictEqual } from "node:util";
import {
    CreatePodIdentityAssociationCommand,
    DeletePodIdentityAssociationCommand,
    DescribePodIdentityAssociationCommand,
    TagResourceCommand,
    UntagResourceCommand,
    UpdatePodIdentityAssociationCommand,
} from "@aws-sdk/client-eks";
import { flag, text } from "../declare";
import { unless } from "../errors";
import { asTags, tagChanges } from "../tags";
import { bool, found, optional, region, str, tags, type AwsType } from "./common";

const GONE = "ResourceNotFoundException";

const podIdentityAssociation: AwsType = {
    token: "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    inputs: {
        clusterName: text({ required: true, replace: true }),
        disableSessionTags: flag({ default: false }),
        namespace: text({ required: true, replace: true }),
        policy: text(),
        region: region(),
        roleArn: text({ required: true }),
        serviceAccount: text({ required: true, replace: true }),
        tags: tags(),
        targetRoleArn: text(),
    },
    outputs: ["associationArn", "associationId", "externalId"],
    identity: ["clusterName", "namespace", "serviceAccount"],
    tagged: true,

    async create(context, inputs, created) {
        const wanted = asTags(inputs["tags"]);
        const { association } = await context.eks.send(
            new CreatePodIdentityAssociationCommand({
                clusterName: str(inputs, "clusterName"),
                namespace: str(inputs, "namespace"),
                serviceAccount: str(inputs, "serviceAccount"),
                roleArn: str(inputs, "roleArn"),
                disableSessionTags: bool(inputs, "disableSessionTags"),
                policy: optional(inputs, "policy"),
                targetRoleArn: optional(inputs, "targetRoleArn"),
                ...(Object.keys(wanted).length === 0 ? {} : { tags: wanted }),
            }),
        );
        created(association?.associationId ?? "");
    },

    /** An import names cluster and association, with a comma between them. */
    async read(context, id, known) {
        const [first, second] = id.split(",");
        const associationId = second ?? first;
        const clusterName = second === undefined ? str(known, "clusterName") : first;
        const asked = new DescribePodIdentityAssociationCommand({ clusterName, associationId });
        const association = (await unless(context.eks.send(asked), GONE))?.association;
        return (
            association &&
            found({
                associationArn: association.associationArn,
                associationId: association.associationId,
                clusterName: association.clusterName,
                disableSessionTags: association.disableSessionTags ?? false,
                externalId: association.externalId,
                namespace: association.namespace,
                policy: association.policy,
                region: context.region,
                roleArn: association.roleArn,
                serviceAccount: association.serviceAccount,
                tags: association.tags,
                targetRoleArn: association.targetRoleArn,
            })
        );
    },

    identify: (values) => str(values, "associationId"),

    async update(context, id, inputs, known) {
        await context.eks.send(
            new UpdatePodIdentityAssociationCommand({
                clusterName: str(inputs, "clusterName"),
                associationId: id,
                roleArn: str(inputs, "roleArn"),
                disableSessionTags: bool(inputs, "disableSessionTags") ?? false,
                policy: optional(inputs, "policy"),
                targetRoleArn: optional(inputs, "targetRoleArn"),
            }),
        );
        const [old, wanted] = [asTags(known["tagsAll"]), asTags(inputs["tags"])];
        // The emulator takes an association's tags at its creation and refuses to change them.
        if (isDeepStrictEqual(old, wanted)) {
            return;
        }
        const resourceArn = str(known, "associationArn");
        const { put, remove } = tagChanges(old, wanted);
        if (remove.length > 0) {
            await context.eks.send(new UntagResourceCommand({ resourceArn, tagKeys: remove }));
        }
        if (Object.keys(put).length > 0) {
            await context.eks.send(new TagResourceCommand({ resourceArn, tags: put }));
        }
    },

    async delete(context, id, known) {
        const asked = { clusterName: str(known, "clusterName"), associationId: id };
        await unless(context.eks.send(new DeletePodIdentityAssociationCommand(asked)), GONE);
    },
};

export const eksTypes: readonly AwsType[] = [podIdentityAssociation];
