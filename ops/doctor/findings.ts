import { clinicalAi } from "../../services/clinical-ai";
import { type Remedies } from "../cli/host";
import { causeOf, type Cause } from "./cause";
import {
    type Declared,
    type ExternalSecret,
    type Facts,
    type Look,
    type Marked,
    type PodState,
    type SecretState,
} from "./facts";
import { type Finding } from "./finding";

/** How long a change may take on its way before it counts as stuck. */
const graceSeconds = 120;

interface Case {
    readonly facts: Facts;
    readonly declared: Declared;
    readonly remedies: Remedies;
}

/**
 * What is wrong, causes before their consequences. A consequence whose cause was found is not said again: whoever fixes
 * the cause fixes both.
 */
export function findingsOf(facts: Facts, declared: Declared, remedies: Remedies): Finding[] {
    const of: Case = { facts, declared, remedies };
    const withVault = declared.mode === "static" || declared.mode === "vaultDynamic";
    const causes = [...reach(of), ...(withVault ? [...kinds(of), ...vault(of)] : [])];
    const known = new Set(causes.map(({ id }) => id));
    return [
        ...causes,
        ...(withVault ? [...operator(of), ...notReady(of, known), ...secretVersions(of), ...awsKeys(of)] : []),
        ...rollout(of),
        ...oldPods(of),
    ];
}

/** What was not looked at, and why. */
export function unseen(facts: Facts): { readonly what: string; readonly why: string }[] {
    const looks: readonly [string, Look<unknown>][] = [
        ["the kinds of External Secrets", facts.missingKinds],
        ["SecretStore", facts.store],
        ["ExternalSecret", facts.externalSecret],
        ["Secret", facts.secret],
        ["Deployment", facts.deployment],
        ["pods", facts.pods],
        ["secret in Vault", facts.vaultVersion],
        ["policy in Vault", facts.policy],
        ["role in Vault", facts.role],
        ["auth method of Vault", facts.authMethod],
        ["audit device of Vault", facts.audit],
        ["login of the service account", facts.login],
        ["access keys in IAM", facts.keys],
    ];
    return looks.flatMap(([what, look]) => (look.state === "unseen" ? [{ what, why: look.why }] : []));
}

function found<Value>(look: Look<Value>): Value | undefined {
    return look.state === "found" ? look.value : undefined;
}

function error(id: string, what: string, why: string, fix: string): Finding {
    return { id, severity: "error", what, why, fix };
}

function warning(id: string, what: string, why: string, fix: string): Finding {
    return { id, severity: "warning", what, why, fix };
}

function reach({ facts: { kubernetesFault, vaultFault }, remedies }: Case): Finding[] {
    const faults: Finding[] = [];
    if (kubernetesFault !== undefined) {
        faults.push(
            error("kubernetes-unreachable", "the Kubernetes API cannot be asked", kubernetesFault, remedies.kubernetes),
        );
    }
    if (vaultFault !== undefined) {
        const { kind, why } = vaultFault;
        const fixes = {
            unreachable: [remedies.vault, "Vault cannot be asked"],
            sealed: [remedies.unseal, "Vault is sealed"],
            uninitialized: ["vault operator init, by the Vault's owner", "Vault is not initialised"],
            token: ["vault login, and VAULT_TOKEN in the environment", "Vault does not take the token of who asks"],
        } as const;
        const [fix, what] = fixes[kind];
        faults.push((kind === "token" ? warning : error)(`vault-${kind}`, what, why, fix));
    }
    return faults;
}

function kinds({ facts: { missingKinds } }: Case): Finding[] {
    const missing = found(missingKinds) ?? [];
    if (missing.length === 0) return [];
    return [
        error(
            "kinds-missing",
            "External Secrets is not installed",
            `the cluster does not know ${missing.join(", ")}`,
            "install the External Secrets Operator with its custom resource definitions (Helm chart external-secrets)",
        ),
    ];
}

function vault({ facts, declared, remedies }: Case): Finding[] {
    const { policy, role, authMethod, audit, login, vaultVersion } = facts;
    const { path, policy: policyName, dynamicPolicy, mount } = clinicalAi.vault;
    const name = declared.mode === "static" ? policyName : dynamicPolicy;
    const opens =
        declared.mode === "static" ? `${mount}/data/${path}` : `${declared.awsMount}/creds/${clinicalAi.vault.awsRole}`;
    const findings: Finding[] = [];
    if (authMethod.state === "absent") {
        findings.push(
            error(
                "auth-method",
                "nobody of the cluster can log in to Vault",
                "the auth method is not enabled",
                `${remedies.refresh}, by the stack that made the auth method`,
            ),
        );
    }
    if (vaultVersion.state === "absent" && declared.mode === "static") {
        findings.push(
            error(
                "secret-deleted",
                "the secret is not in Vault",
                `${mount}/${path} was deleted by hand`,
                remedies.refresh,
            ),
        );
    }
    if (policy.state === "absent") {
        findings.push(
            error("policy", "the worker may not read its secret", `Vault has no policy ${name}`, remedies.refresh),
        );
    } else if (policy.state === "found" && policy.value !== `read on ${opens}`) {
        findings.push(
            error(
                "policy",
                `the Vault policy ${name} is not as declared`,
                `it opens ${policy.value}; declared is read on ${opens}`,
                remedies.refresh,
            ),
        );
    }
    if (role.state === "absent") {
        findings.push(error("role", "the worker cannot log in to Vault", "Vault has no such role", remedies.refresh));
    }
    const differences = found(role) ?? [];
    if (differences.length > 0) {
        findings.push(error("role", "the Vault role is not as declared", differences.join("; "), remedies.refresh));
    }
    const refused = found(login);
    const explained = findings.some(({ id }) => ["auth-method", "role"].includes(id));
    if (refused !== undefined && refused !== "logged in" && !explained) {
        const cause = causeOf([`/login Code: 403 ${refused}`], remedies);
        findings.push(
            error(
                cause.id,
                "the worker's service account cannot log in to Vault",
                `${refused}: ${cause.why}`,
                cause.fix,
            ),
        );
    }
    const device = found(audit);
    if (device !== undefined && device !== "on") {
        findings.push(
            warning(
                "audit",
                device === "off" ? "Vault logs no access" : "Vault's log shows secrets",
                device === "off" ? "no audit device is on" : device,
                declared.makesAudit
                    ? remedies.refresh
                    : "vault audit enable file file_path=stdout, by the Vault's owner",
            ),
        );
    }
    return findings;
}

/** Whether External Secrets works at all: it may run where nobody sees it, so its work is looked at. */
function operator({ facts, declared, remedies }: Case): Finding[] {
    const { externalSecret: look, store, now, missingKinds } = facts;
    if ((found(missingKinds) ?? []).length > 0) return [];
    const findings = [
        ...(look.state === "absent" ? [["ExternalSecret"] as const] : []),
        ...(store.state === "absent" && declared.mode === "static" ? [["SecretStore"] as const] : []),
    ].map(([kind]) =>
        error(`${kind.toLowerCase()}-missing`, `there is no ${kind}`, "it was deleted by hand", remedies.refresh),
    );
    const external = found(look);
    if (!external) return findings;
    const stopped = (why: string) =>
        error("operator-stopped", "External Secrets does not work", why, remedies.externalSecrets);
    const { ready, refreshed, created } = external;
    if (ready === undefined) {
        if (seconds(created, now) > graceSeconds) {
            findings.push(stopped("it has said nothing about the ExternalSecret yet"));
        }
    } else if (ready && isOverlooked(external, now)) {
        findings.push(stopped("the ExternalSecret was changed, and it has not acted on it"));
    } else if (ready && refreshed && seconds(refreshed, now) > declared.refreshSeconds + graceSeconds) {
        const late = Math.round(seconds(refreshed, now) / 60);
        findings.push(
            stopped(`it read Vault ${late} minutes ago, and is to do so every ${declared.refreshSeconds / 60}`),
        );
    }
    return findings;
}

/** Whether External Secrets had its time to act on a change, and has not. */
function isOverlooked({ seen, changed }: ExternalSecret, now: Date): boolean {
    return !seen && seconds(changed, now) > graceSeconds;
}

/** What External Secrets itself says is wrong. */
function notReady({ facts, remedies }: Case, known: ReadonlySet<string>): Finding[] {
    const external = found(facts.externalSecret);
    const store = found(facts.store);
    if (external?.ready !== false && store?.ready !== false) return [];
    // The ExternalSecret only says that its store is not ready: the store says why.
    const messages = [...(store?.ready === false ? store.messages : []), ...(external?.messages ?? [])];
    const cause = causeOf(messages, remedies);
    if (known.has(cause.id) || isConsequence(cause, known)) return [];
    return [error(`sync-${cause.id}`, "External Secrets cannot copy the secret", cause.why, cause.fix)];
}

function isConsequence({ of }: Cause, known: ReadonlySet<string>): boolean {
    const causes = {
        vault: ["vault-unreachable", "vault-sealed", "vault-uninitialized"],
        policy: ["policy"],
        role: ["role"],
        secret: ["secret-deleted"],
    };
    return of !== undefined && causes[of].some((id) => known.has(id));
}

/** The way of a version: Vault, what the stack declared, Secret, template of the pods. */
function secretVersions({ facts, declared, remedies }: Case): Finding[] {
    const { secret: look, externalSecret, deployment, vaultVersion } = facts;
    const external = found(externalSecret);
    if (look.state === "absent") {
        // Where it is not ready, that has been said.
        return external?.ready
            ? [error("secret-missing", "there is no Secret", "it was deleted by hand", remedies.externalSecrets)]
            : [];
    }
    if (declared.mode !== "static") return [];
    const inVault = found(vaultVersion);
    const declaredVersion = external?.version;
    const secret = found(look);
    const template = found(deployment);
    const findings: Finding[] = [];
    if (inVault !== undefined && declaredVersion !== undefined && declaredVersion !== String(inVault)) {
        findings.push(
            warning(
                "foreign-write",
                "the secret in Vault is not what the stack wrote",
                `Vault has version ${inVault}, the stack wrote ${declaredVersion}: somebody wrote it by hand, or an update stopped half way`,
                remedies.refresh,
            ),
        );
    }
    if (secret && declaredVersion !== undefined && !isSameWrite(secret, external!)) {
        findings.push(
            error(
                "secret-stale",
                "the Secret is behind Vault",
                `the Secret has version ${markInWords(secret)}, the stack wrote ${markInWords(external!)}`,
                external?.ready === false ? remedies.up : `${remedies.externalSecrets}; then ${remedies.up}`,
            ),
        );
    } else if (
        secret &&
        template?.version !== undefined &&
        secret.version !== undefined &&
        !isSameWrite(template, secret)
    ) {
        findings.push(
            error(
                "template-old",
                "the Deployment does not know of the new keys",
                `its pods start for version ${markInWords(template)}, the Secret has ${markInWords(secret)}`,
                remedies.up,
            ),
        );
    }
    return findings;
}

/** Whether the key that the pods have is still one. */
function awsKeys({ facts, declared, remedies }: Case): Finding[] {
    const keyId = found(facts.secret)?.keyId;
    const keys = found(facts.keys);
    if (declared.mode !== "static" || !keyId || !keys || keys.active.includes(keyId)) return [];
    const inactive = keys.inactive.includes(keyId);
    return [
        error(
            inactive ? "key-inactive" : "key-unknown",
            "the worker's key does not open anything any more",
            `${keyId}, which the Secret has, is ${inactive ? "inactive" : "not a key of"} ${inactive ? "in IAM" : `user ${declared.userName}`}`,
            remedies.refresh,
        ),
    ];
}

function rollout({ facts, declared, remedies }: Case): Finding[] {
    const { deployment: look, pods } = facts;
    if (look.state === "absent") {
        return [error("deployment-missing", "there is no Deployment", "it was deleted by hand", remedies.refresh)];
    }
    const deployment = found(look);
    if (!deployment) return [];
    const { desired, available } = deployment;
    const findings: Finding[] = [];
    if (desired !== declared.replicas) {
        findings.push(
            warning(
                "replicas",
                "the Deployment was scaled by hand",
                `it wants ${desired} pods, the settings say ${declared.replicas}`,
                remedies.refresh,
            ),
        );
    }
    const unready = (found(pods) ?? []).filter(({ ready }) => !ready);
    const reasons = unready.map(({ name, waiting }) => `${name}: ${waiting.join(", ") || "not ready"}`);
    const why = [`${available} of ${desired} pods are available`, ...deployment.trouble, ...reasons].join("; ");
    const fix = "fix what the pods wait for; what they wait for from Vault is in the other lines";
    if (available < desired) {
        findings.push(error("not-available", "the worker is not available", why, fix));
    } else if (deployment.trouble.length > 0 || unready.some(({ waiting }) => waiting.length > 0)) {
        findings.push(error("rollout-stuck", "new pods of the worker do not start, and the old ones stay", why, fix));
    }
    return findings;
}

/** Pods that started before their keys changed: they keep the old ones, and nobody notices until those are deleted. */
function oldPods({ facts, declared, remedies }: Case): Finding[] {
    const secret = found(facts.secret);
    const pods = found(facts.pods) ?? [];
    if (!secret) return [];
    const old = pods.filter((pod) => isOld(pod, secret, facts.now, declared));
    if (old.length === 0) return [];
    const names = old.map((pod) =>
        pod.version === undefined ? pod.name : `${pod.name} (version ${markInWords(pod)})`,
    );
    const since = secret.version === undefined ? "" : ` of version ${markInWords(secret)}`;
    return [
        error(
            "pods-old",
            "pods run with keys that are not the Secret's",
            `${names.join(", ")} started before the keys${since} came`,
            declared.mode === "static" ? remedies.up : remedies.reloader,
        ),
    ];
}

function isOld(pod: PodState, secret: SecretState, now: Date, { mode, refreshSeconds }: Declared): boolean {
    if (mode === "static") return secret.version !== undefined && !isSameWrite(pod, secret);
    const { changed } = secret;
    // By the pod's age: the last change is never older than one refresh, however long nobody has replaced the pod.
    return changed !== undefined && pod.created < changed && seconds(pod.created, now) > refreshSeconds + graceSeconds;
}

/** By the version alone, a secret that was deleted and written again would pass for the one before. */
function isSameWrite(one: Marked, other: Marked): boolean {
    return one.version === other.version && one.written === other.written;
}

function markInWords({ version = "none", written }: Marked): string {
    return written === undefined ? version : `${version} of ${written}`;
}

function seconds(from: Date, to: Date): number {
    return (to.getTime() - from.getTime()) / 1000;
}
