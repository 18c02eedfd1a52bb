import { type Caller, type ServiceAccount, type VaultAddress, type VaultLogin } from "../../services/checks";
import { type ClusterAccess } from "../kubernetes/access";
import { Kubernetes, type TokenWish } from "../kubernetes/client";
import { podEnvironment, type DeploymentName, type PodEnvironment } from "../kubernetes/pods";
import { Vault } from "../vault/client";
import { NotGiven, NotTried } from "./outcome";

type Role = "operator" | "deployer";

/** The cluster and its Vault during one run. What was opened for it is closed at its end. */
export class Cluster {
    private readonly logins = new Map<string, Promise<Vault>>();
    private readonly environments = new Map<string, Promise<PodEnvironment>>();

    /** @param access undefined where whoever verifies has none */
    constructor(private readonly access: Readonly<Record<Role, ClusterAccess>> | undefined) {}

    /** @throws NotGiven when there is no access */
    kubernetes(role: Role): Kubernetes {
        return Kubernetes.connect(this.accessOf(role));
    }

    /** The Kubernetes API as a check's caller sees it. */
    async kubernetesAs(caller: Caller): Promise<Kubernetes> {
        if (caller === "operator" || caller === "deployer") return this.kubernetes(caller);
        if (typeof caller !== "object" || !("serviceAccount" in caller)) throw new NotTried("no identity of a cluster");
        return this.kubernetes("deployer").as(await this.tokenOf(caller, {}));
    }

    /** Vault as a check's caller sees it. */
    vaultAs(caller: Caller, address: VaultAddress): Vault {
        if (caller !== "operator" && caller !== "deployer") throw new NotTried("no identity of Vault");
        return new Vault(address, this.accessOf(caller).vaultToken);
    }

    /** A token of a service account, for which the deployer asks. */
    tokenOf({ serviceAccount, namespace }: ServiceAccount, wish: TokenWish): Promise<string> {
        return this.kubernetes("deployer").tokenOf(namespace, serviceAccount, wish);
    }

    /** Logs a service account in to Vault with a token of its own, once a run. */
    login(account: ServiceAccount, login: VaultLogin): Promise<Vault> {
        return once(this.logins, JSON.stringify([account, login]), async () => {
            const token = await this.tokenOf(account, { audience: login.audience });
            return new Vault(login.vault).login(login.mount, login.role, token);
        });
    }

    /** What the pods of a Deployment have in their environment: the operator finds them, the deployer reads. */
    environment(name: DeploymentName): Promise<PodEnvironment> {
        return once(this.environments, JSON.stringify(name), () =>
            podEnvironment(this.kubernetes("operator"), this.kubernetes("deployer"), name),
        );
    }

    /** Ends what service accounts have logged in to. */
    async close(): Promise<void> {
        const end = (login: Promise<Vault>) =>
            // Its token ends by itself too; a login that failed has none.
            login.then((vault) => vault.revoke()).catch(() => undefined);
        await Promise.all([...this.logins.values()].map(end));
    }

    private accessOf(role: Role): ClusterAccess {
        if (this.access) return this.access[role];
        throw new NotGiven("no kubeconfig and no Vault token of operator and deployer were given");
    }
}

function once<Value>(kept: Map<string, Promise<Value>>, key: string, make: () => Promise<Value>): Promise<Value> {
    const made = kept.get(key) ?? make();
    kept.set(key, made);
    return made;
}
