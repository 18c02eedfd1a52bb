import { exitCodes, InfraError } from "../common/errors";
import { accountRoleName } from "../rights/account-roles";

/** What every stack of a fleet has in common, and no stack file says. */
export interface FleetSource {
    /** Address of the repository, as git clones it. */
    readonly repository: string;
    /** Full hash of the commit that is deployed. */
    readonly commit: string;
    /** Address of the states' backend, with `{environment}` where it has the stack's. */
    readonly backend: string;
    /** The workspaces' image: the engine, Node and npm. */
    readonly image: string;
    /** Name of the Secret whose key `accessToken` opens the repository. @default it is open to everybody */
    readonly repositorySecret?: string;
    /** Name of the project. */
    readonly project: string;
}

/** What of a stack its resource says. */
export interface FleetStack {
    readonly name: string;
    readonly environment: string;
    /** As its file says; undefined where it says nothing. */
    readonly secretsProvider?: string;
    /** Whether it deploys to Kubernetes and Vault, too. */
    readonly cluster: boolean;
}

/** A resource `Stack` of Pulumi's Kubernetes operator. */
export interface StackManifest {
    readonly apiVersion: "pulumi.com/v1";
    readonly kind: "Stack";
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
    readonly spec: object;
}

/**
 * The resource by which Pulumi's Kubernetes operator keeps a stack as a commit has it.
 *
 * @throws InfraError for a name that Kubernetes does not take
 */
export function stackManifest(stack: FleetStack, source: FleetSource): StackManifest {
    requireName(stack.name);
    const { repository, commit, backend, image, repositorySecret, project } = source;
    const identity = accountRoleName("deployer", stack.environment);
    return {
        apiVersion: "pulumi.com/v1",
        kind: "Stack",
        metadata: {
            name: stack.name,
            labels: { "app.kubernetes.io/part-of": project, environment: stack.environment },
        },
        spec: {
            // As a backend that is no service of Pulumi's calls it.
            stack: `organization/${project}/${stack.name}`,
            projectRepo: repository,
            commit,
            ...(repositorySecret === undefined
                ? {}
                : { gitAuth: { accessToken: fromSecret(repositorySecret, "accessToken") } }),
            backend: backend.replaceAll("{environment}", stack.environment),
            ...(stack.secretsProvider === undefined ? {} : { secretsProvider: stack.secretsProvider }),
            serviceAccountName: identity,
            // Whoever deletes the resource deletes nothing that holds data.
            destroyOnFinalize: false,
            // A pod for each stack is far too many between their updates.
            workspaceReclaimPolicy: "Delete",
            ...(stack.cluster
                ? {
                      envRefs: {
                          VAULT_TOKEN: fromSecret(identity, "VAULT_TOKEN"),
                          KUBECONFIG: { type: "Literal", literal: { value: `${clusterFiles}/kubeconfig` } },
                      },
                  }
                : {}),
            workspaceTemplate: {
                spec: {
                    image,
                    securityProfile: "restricted",
                    ...(stack.cluster ? { podTemplate: podWithFiles(identity) } : {}),
                },
            },
        },
    };
}

/** Where the workspace of a stack with a cluster has its kubeconfig. */
const clusterFiles = "/etc/platform";

/** `pulumi` is the operator's own container, which this is merged into. */
const podWithFiles = (secret: string) => ({
    spec: {
        containers: [{ name: "pulumi", volumeMounts: [{ name: "cluster", mountPath: clusterFiles, readOnly: true }] }],
        volumes: [
            { name: "cluster", secret: { secretName: secret, items: [{ key: "kubeconfig", path: "kubeconfig" }] } },
        ],
    },
});

const fromSecret = (name: string, key: string) => ({ type: "Secret", secret: { name, key } });

/**
 * The operator makes a StatefulSet `<name>-workspace`, whose pods bear its name with ten more characters and a hyphen as
 * a label's value, of which Kubernetes takes 63.
 */
const longestName = 63 - "-workspace".length - 11;

function requireName(name: string): void {
    if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) && name.length <= longestName) return;
    throw new InfraError(
        exitCodes.usage,
        `Stack ${JSON.stringify(name)} cannot be a resource of Kubernetes by this name.`,
        `Rename it: small letters, digits and hyphens, at most ${longestName}.`,
    );
}
