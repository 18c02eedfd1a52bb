import { containersOf, podTypes, taskContainers } from "../containers";
import { faultIf, resourceRule } from "../rule";

const taskType = "aws:ecs/taskDefinition:TaskDefinition";

export const imageIsByDigest = resourceRule({
    id: "image-is-by-digest",
    says: "Every container names its image by digest: a tag can be moved.",
    meets: [],
    types: [taskType, ...podTypes],
    faults: (resource) => {
        const containers = resource.type === taskType ? taskContainers(resource) : containersOf(resource);
        return containers.flatMap(({ name, image }) =>
            faultIf(!/@sha256:[0-9a-f]{64}$/.test(image), `the image of ${name} is ${image}; expected a digest`),
        );
    },
});
