// aws.ecs.TaskDefinition. Its id is the family; what it is known by is the ARN of one revision.

import {
    DeregisterTaskDefinitionCommand,
    DescribeTaskDefinitionCommand,
    RegisterTaskDefinitionCommand,
    TagResourceCommand,
    UntagResourceCommand,
    type Compatibility,
    type ContainerDefinition,
    type CPUArchitecture,
    type NetworkMode,
    type OSFamily,
    type TaskDefinition,
    type Volume,
} from "@aws-sdk/client-ecs";
import { flag, json, number, object, set, text } from "../declare";
import { isError } from "../errors";
import { asTags, tagChanges } from "../tags";
import type { Properties } from "../wire";
import type { AwsContext } from "./clients";
import { bool, found, num, optional, record, records, region, str, tags, texts, type AwsType } from "./common";
import { normaliseContainers } from "./ecs-containers";

const taskDefinition: AwsType = {
    token: "aws:ecs/taskDefinition:TaskDefinition",
    inputs: {
        containerDefinitions: json({ required: true, replace: true }, normaliseContainers),
        family: text({ required: true, replace: true }),
        cpu: text({ replace: true }),
        memory: text({ replace: true }),
        networkMode: text({ computed: true, replace: true, oneOf: ["bridge", "host", "awsvpc", "none"] }),
        requiresCompatibilities: set(text({ oneOf: ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"] }), {
            replace: true,
        }),
        executionRoleArn: text({ replace: true }),
        taskRoleArn: text({ replace: true }),
        ephemeralStorage: object({ sizeInGib: number({ required: true }) }, { replace: true }),
        runtimePlatform: object({ cpuArchitecture: text(), operatingSystemFamily: text() }, { replace: true }),
        volumes: set(object({ name: text({ required: true }), hostPath: text() }), { replace: true }),
        region: region(),
        skipDestroy: flag({ default: false, writeOnly: true }),
        trackLatest: flag({ default: false, writeOnly: true }),
        tags: tags(),
    },
    outputs: ["arn", "arnWithoutRevision", "revision"],
    derived: { arn: ["family"], arnWithoutRevision: ["family"] },
    tagged: true,
    check: ({ containerDefinitions }) => {
        const isList = typeof containerDefinitions !== "string" || Array.isArray(JSON.parse(containerDefinitions));
        return isList ? [] : ["containerDefinitions must be the JSON text of a list."];
    },

    async create(context, inputs, created) {
        const { taskDefinition: made } = await context.ecs.send(new RegisterTaskDefinitionCommand(requestFrom(inputs)));
        created(str(inputs, "family"), { arn: made?.taskDefinitionArn ?? "" });
    },

    async read(context, id, known) {
        const byLatest = bool(known, "trackLatest") === true || optional(known, "arn") === undefined;
        const live = await describe(context, byLatest ? id : str(known, "arn"));
        return live === undefined ? undefined : show(context, live.definition, live.tags);
    },

    async update(context, _id, inputs, known) {
        const resourceArn = str(known, "arn");
        const { put, remove } = tagChanges(asTags(known["tagsAll"]), asTags(inputs["tags"]));
        if (remove.length > 0) {
            await context.ecs.send(new UntagResourceCommand({ resourceArn, tagKeys: remove }));
        }
        if (Object.keys(put).length > 0) {
            await context.ecs.send(new TagResourceCommand({ resourceArn, tags: smallTags(put) }));
        }
    },

    async delete(context, _id, known) {
        const arn = str(known, "arn");
        // A deregistered revision stays readable for ever, and deregistering it again is refused by some and not by others.
        if (bool(known, "skipDestroy") !== true && (await describe(context, arn)) !== undefined) {
            await context.ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition: arn }));
        }
    },

    identify: (values) => str(values, "family"),
};

/** Undefined for a revision that was deregistered, or never was. */
async function describe(
    context: AwsContext,
    reference: string,
): Promise<{ definition: TaskDefinition; tags: Properties } | undefined> {
    try {
        const { taskDefinition: definition, tags: live } = await context.ecs.send(
            new DescribeTaskDefinitionCommand({ taskDefinition: reference, include: ["TAGS"] }),
        );
        const byKey = Object.fromEntries((live ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
        return definition === undefined || definition.status === "INACTIVE" ? undefined : { definition, tags: byKey };
    } catch (error) {
        if (isError(error, "ClientException") && /unable to describe/i.test(String((error as Error).message))) {
            return undefined;
        }
        throw error;
    }
}

function show(context: AwsContext, live: TaskDefinition, tagsByKey: Properties): Properties {
    const arn = live.taskDefinitionArn ?? "";
    return found({
        arn,
        arnWithoutRevision: arn.replace(/:\d+$/, ""),
        revision: live.revision,
        family: live.family,
        containerDefinitions: JSON.stringify(live.containerDefinitions ?? []),
        cpu: live.cpu,
        memory: live.memory,
        networkMode: live.networkMode,
        requiresCompatibilities: live.requiresCompatibilities,
        executionRoleArn: live.executionRoleArn || undefined,
        taskRoleArn: live.taskRoleArn || undefined,
        ephemeralStorage: live.ephemeralStorage ? { sizeInGib: live.ephemeralStorage.sizeInGiB } : undefined,
        runtimePlatform: live.runtimePlatform ?? undefined,
        volumes: live.volumes?.map(({ name, host }) => ({ name, hostPath: host?.sourcePath })),
        region: context.region,
        tags: tagsByKey,
    });
}

function requestFrom(inputs: Properties) {
    const storage = record(inputs, "ephemeralStorage");
    const platform = record(inputs, "runtimePlatform");
    const compatibilities = texts(inputs, "requiresCompatibilities") as Compatibility[];
    const wanted = smallTags(asTags(inputs["tags"]));
    const volumes = records(inputs, "volumes").map(volumeFrom);
    return {
        family: str(inputs, "family"),
        containerDefinitions: JSON.parse(str(inputs, "containerDefinitions")) as ContainerDefinition[],
        cpu: optional(inputs, "cpu"),
        memory: optional(inputs, "memory"),
        networkMode: optional(inputs, "networkMode") as NetworkMode | undefined,
        executionRoleArn: optional(inputs, "executionRoleArn"),
        taskRoleArn: optional(inputs, "taskRoleArn"),
        ...(compatibilities.length === 0 ? {} : { requiresCompatibilities: compatibilities }),
        ...(storage === undefined ? {} : { ephemeralStorage: { sizeInGiB: num(storage, "sizeInGib") } }),
        ...(platform === undefined
            ? {}
            : {
                  runtimePlatform: {
                      cpuArchitecture: optional(platform, "cpuArchitecture") as CPUArchitecture | undefined,
                      operatingSystemFamily: optional(platform, "operatingSystemFamily") as OSFamily | undefined,
                  },
              }),
        ...(volumes.length === 0 ? {} : { volumes }),
        ...(wanted.length === 0 ? {} : { tags: wanted }),
    };
}

function volumeFrom(volume: Properties): Volume {
    const sourcePath = optional(volume, "hostPath");
    return { name: str(volume, "name"), ...(sourcePath === undefined ? {} : { host: { sourcePath } }) };
}

function smallTags(byKey: Record<string, string>): { key: string; value: string }[] {
    return Object.entries(byKey).map(([key, value]) => ({ key, value }));
}

export const ecsTypes: readonly AwsType[] = [taskDefinition];
