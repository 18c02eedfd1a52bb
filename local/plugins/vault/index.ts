// The stand-in for the vault package: its types and its settings.

import { Refusal } from "../errors";
import type { Package } from "../package";
import { auditTypes } from "./audit";
import { authBackendTypes } from "./auth-backend";
import { awsBackendTypes } from "./aws-backend";
import { awsRoleTypes } from "./aws-role";
import { revokeTokens, VaultContext } from "./client";
import type { VaultType } from "./common";
import { kubernetesConfigTypes } from "./kubernetes-config";
import { kubernetesRoleTypes } from "./kubernetes-role";
import { mountTypes } from "./mount";
import { policyTypes } from "./policy";
import { secretV2Types } from "./secret-v2";
import { parseSettings, SECRET_SETTINGS, unknownSettings } from "./settings";

const VERSION = "7.8.0";

export const vaultTypes: readonly VaultType[] = [
    ...mountTypes,
    ...authBackendTypes,
    ...auditTypes,
    ...policyTypes,
    ...secretV2Types,
    ...kubernetesConfigTypes,
    ...kubernetesRoleTypes,
    ...awsBackendTypes,
    ...awsRoleTypes,
];

const byToken = new Map(vaultTypes.map((type) => [type.token, type]));

export const vaultPackage: Package<VaultContext> = {
    name: "vault",
    version: VERSION,
    functions: {},
    secretSettings: SECRET_SETTINGS,
    type: (token) => byToken.get(token),
    checkConfig: unknownSettings,
    configure: (args) => {
        const parsed = parseSettings(args, process.env);
        if ("faults" in parsed) {
            return Promise.reject(new Refusal(parsed.faults.join("\n")));
        }
        const context = new VaultContext(parsed.settings);
        return Promise.resolve({ defaultTags: {}, secrets: context.secrets, context: () => context });
    },
    end: revokeTokens,
};
