import { containersOf, podOf, podTypes as types } from "../containers";
import { faultIf, listOf, resourceRule } from "../rule";

export const podRunsAsNonRoot = resourceRule({
    id: "pod-runs-as-non-root",
    says: "No container of a pod runs as root.",
    meets: ["PSS Running as Non-root", "PSS Running as Non-root user"],
    types,
    faults: (resource) => {
        const pod = podOf(resource).securityContext;
        return [
            ...faultIf(pod?.runAsUser === 0, "the pod's runAsUser is 0"),
            ...containersOf(resource).flatMap(({ name, securityContext: own }) => [
                ...faultIf((own?.runAsNonRoot ?? pod?.runAsNonRoot) !== true, `${name} has no runAsNonRoot`),
                ...faultIf(own?.runAsUser === 0, `runAsUser of ${name} is 0`),
            ]),
        ];
    },
});

export const podIsNotPrivileged = resourceRule({
    id: "pod-is-not-privileged",
    says: "No container of a pod has its node's privileges, or can get more than it has.",
    meets: ["PSS Privileged Containers", "PSS Privilege Escalation"],
    types,
    faults: (resource) =>
        containersOf(resource).flatMap(({ name, securityContext: own }) => [
            ...faultIf(own?.privileged === true, `${name} is privileged`),
            ...faultIf(own?.allowPrivilegeEscalation !== false, `allowPrivilegeEscalation of ${name} is not false`),
        ]),
});

export const podHasNoCapabilities = resourceRule({
    id: "pod-has-no-capabilities",
    says: "Every container of a pod drops all capabilities and adds none.",
    meets: ["PSS Capabilities"],
    types,
    faults: (resource) =>
        containersOf(resource).flatMap(({ name, securityContext: own }) => [
            ...faultIf(!listOf(own?.capabilities?.drop).includes("ALL"), `${name} does not drop ALL`),
            ...faultIf(listOf(own?.capabilities?.add).length > 0, `${name} adds capabilities`),
        ]),
});

export const podHasSeccomp = resourceRule({
    id: "pod-has-seccomp",
    says: "Every container of a pod has the runtime's own seccomp profile.",
    meets: ["PSS Seccomp"],
    types,
    faults: (resource) => {
        const pod = podOf(resource).securityContext?.seccompProfile?.type;
        return containersOf(resource).flatMap(({ name, securityContext: own }) =>
            faultIf(
                (own?.seccompProfile?.type ?? pod) !== "RuntimeDefault",
                `the seccomp profile of ${name} is not RuntimeDefault`,
            ),
        );
    },
});

const volumeTypes = [
    ...["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"],
    ...["persistentVolumeClaim", "projected", "secret"],
];

export const podStaysOffItsNode = resourceRule({
    id: "pod-stays-off-its-node",
    says: "No pod shares namespaces, ports or files with its node.",
    meets: ["PSS Host Namespaces", "PSS Host Ports", "PSS Volume Types"],
    types,
    faults: (resource) => {
        const pod = podOf(resource);
        return [
            ...(["hostNetwork", "hostPID", "hostIPC"] as const).flatMap((key) =>
                faultIf(pod[key] === true, `has ${key}`),
            ),
            ...containersOf(resource).flatMap(({ name, ports }) =>
                faultIf(
                    listOf(ports).some(({ hostPort }) => Boolean(hostPort)),
                    `${name} has a hostPort`,
                ),
            ),
            ...listOf(pod.volumes).flatMap(({ name, ...volume }) =>
                Object.keys(volume)
                    .filter((kind) => !volumeTypes.includes(kind))
                    .map((kind) => `volume ${name} is a ${kind}`),
            ),
        ];
    },
});

export const podRootIsReadOnly = resourceRule({
    id: "pod-root-is-read-only",
    says: "No container of a pod can write to its root file system.",
    meets: [],
    types,
    faults: (resource) =>
        containersOf(resource).flatMap(({ name, securityContext: own }) =>
            faultIf(own?.readOnlyRootFilesystem !== true, `${name} has no readOnlyRootFilesystem`),
        ),
});

export const podHasNoToken = resourceRule({
    id: "pod-has-no-token",
    says: "No pod has a token for the cluster's API.",
    meets: [],
    types,
    faults: (resource) =>
        faultIf(podOf(resource).automountServiceAccountToken !== false, "automountServiceAccountToken is not false"),
});

export const podIsLimited = resourceRule({
    id: "pod-is-limited",
    says: "Every container of a pod has a limit of processor and memory.",
    meets: [],
    types,
    faults: (resource) =>
        containersOf(resource).flatMap(({ name, resources }) =>
            ["cpu", "memory"].flatMap((kind) => faultIf(!resources?.limits?.[kind], `${name} has no limit of ${kind}`)),
        ),
});
