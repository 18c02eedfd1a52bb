// The kubernetes provider's settings. Every value arrives as text: booleans as "true". Pure.

import { UNKNOWN, type Properties } from "../wire";

export interface KubernetesSettings {
    /** Path or content; undefined for what kubectl would take. */
    kubeconfig?: string;
    context?: string;
    cluster?: string;
    /** Where objects go that name no namespace. */
    namespace?: string;
    secretMutable: boolean;
    configMapMutable: boolean;
    patchForce: boolean;
    upsert: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings without a meaning here: what they change is not done. */
const WITHOUT_EFFECT = [
    "suppressDeprecationWarnings",
    "suppressHelmHookWarnings",
    "helmReleaseSettings",
    "clusterIdentifier",
    "version",
    "pluginDownloadURL",
    "__internal",
    "__defaults",
];
const FLAGS = {
    secretMutable: ["enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"],
    configMapMutable: ["enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"],
    patchForce: ["enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"],
    upsert: ["upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"],
} as const;
const SERVER_SIDE_APPLY = ["enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY"] as const;
const TEXTS = ["kubeconfig", "context", "cluster", "namespace"] as const;
const KNOWN: readonly string[] = [
    ...TEXTS,
    ...Object.values(FLAGS).map(([setting]) => setting),
    SERVER_SIDE_APPLY[0],
    ...WITHOUT_EFFECT,
];

/** Settings that the engine must encrypt in its state, however they came: a kubeconfig may hold credentials. */
export const SECRET_SETTINGS = ["kubeconfig"];

/** Settings that the stand-in cannot honour. */
export function faultsOfSettings(args: Properties, env: Environment): string[] {
    const faults = Object.keys(args)
        .filter((key) => !KNOWN.includes(key) && isSet(args, key))
        .map(
            (key) =>
                `The stand-in plugin does not know the provider setting kubernetes:${key}; the official kubernetes plugin may.`,
        );
    const [setting, variable] = SERVER_SIDE_APPLY;
    if (args[setting] !== UNKNOWN && (textOf(args, setting) ?? env[variable] ?? "true") === "false") {
        faults.push(`The stand-in plugin only applies on the server; kubernetes:${setting} cannot be false.`);
    }
    if (env["PULUMI_K8S_AWAIT_ALL"] === "true") {
        faults.push("The stand-in plugin does not know PULUMI_K8S_AWAIT_ALL; use the annotation pulumi.com/waitFor.");
    }
    return faults;
}

export function settingsFrom(args: Properties, env: Environment): KubernetesSettings {
    const flag = (name: keyof typeof FLAGS): boolean => {
        const [setting, variable] = FLAGS[name];
        return (textOf(args, setting) ?? env[variable]) === "true";
    };
    const texts = TEXTS.map((key) => [key, textOf(args, key)]).filter(([, value]) => value !== undefined);
    return {
        ...(Object.fromEntries(texts) as Partial<Record<(typeof TEXTS)[number], string>>),
        secretMutable: flag("secretMutable"),
        configMapMutable: flag("configMapMutable"),
        patchForce: flag("patchForce"),
        upsert: flag("upsert"),
    };
}

function isSet(args: Properties, key: string): boolean {
    return args[key] === UNKNOWN || textOf(args, key) !== undefined;
}

function textOf(args: Properties, key: string): string | undefined {
    const value = args[key];
    if (typeof value === "boolean") {
        return String(value);
    }
    return typeof value === "string" && value !== "" ? value : undefined;
}
