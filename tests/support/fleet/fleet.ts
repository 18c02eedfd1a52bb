import { serviceNames } from "../../../services";
import { stackConfig } from "../stack-files";

type Config = Record<string, unknown>;

const dev = stackConfig("dev");
const clinicalAi = dev["platform:clinical-ai"] as { readonly cluster: { readonly vault: object } };
const llmModels = dev["platform:llm-models"] as object;

/** Every choice of services, none left out. */
export const serviceSets: readonly (readonly string[])[] = Array.from(
    { length: 2 ** serviceNames.length - 1 },
    (_, one) => serviceNames.filter((_name, index) => ((one + 1) >> index) & 1),
);

const withSection = (service: string, section: object): Config => ({
    ...dev,
    "platform:services": [service],
    [`platform:${service}`]: section,
});
const identified = (identity: object) => withSection("clinical-ai", { ...clinicalAi, identity });

/** A file of the repository that a stack's settings name. */
export const namedFile = "docs/authority.pem";

/**
 * Settings of stacks that load different parts of the program: every choice of services, in an environment whose data is
 * protected and in one where it is not, and every way of a service that takes in other files.
 */
export const fleet: Readonly<Record<string, Config>> = {
    ...Object.fromEntries(
        (["dev", "prod"] as const).flatMap((environment) =>
            serviceSets.map((services, index) => [
                `${environment}-${index}`,
                { ...stackConfig(environment), "platform:services": services },
            ]),
        ),
    ),
    irsa: identified({ mode: "irsa", oidcProviderArn: "arn:aws:iam::511111111111:oidc-provider/one.platform.test" }),
    "pod-identity": identified({ mode: "podIdentity", clusterName: "one" }),
    "vault-dynamic": identified({
        mode: "vaultDynamic",
        vaultPrincipalArn: "arn:aws:iam::511111111111:user/vault",
        ttlSeconds: 3600,
        refreshSeconds: 900,
    }),
    "no-cluster": withSection("clinical-ai", { ...clinicalAi, cluster: undefined }),
    authority: withSection("clinical-ai", {
        ...clinicalAi,
        cluster: { ...clinicalAi.cluster, vault: { ...clinicalAi.cluster.vault, caCertFile: namedFile } },
    }),
    "no-gate": withSection("llm-models", { ...llmModels, gate: undefined }),
};

/** A service's stack that has nothing else. */
export const aloneIn = (service: string) =>
    `dev-${serviceSets.findIndex((services) => services.length === 1 && services[0] === service)}`;
