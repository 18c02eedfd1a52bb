// The stand-in for the kubernetes package: every kind of the API server that it is connected to, and no other types.

import { Refusal } from "../errors";
import type { Package } from "../package";
import { KubernetesContext } from "./context";
import { typeOf } from "./identity";
import { Objects } from "./objects";
import { faultsOfSettings, SECRET_SETTINGS, settingsFrom } from "./settings";

const VERSION = "4.34.2";

export const kubernetesPackage: Package<KubernetesContext> = {
    name: "kubernetes",
    version: VERSION,
    functions: {},
    secretSettings: SECRET_SETTINGS,
    type: () => undefined,
    calls: (token, settings) => (typeOf(token) === undefined ? undefined : new Objects(token, settings.context())),
    checkConfig: (args) => faultsOfSettings(args, process.env),
    configure: async (args, host) => {
        const faults = faultsOfSettings(args, process.env);
        if (faults.length > 0) {
            throw new Refusal(faults.join("\n"));
        }
        const context = await KubernetesContext.from(settingsFrom(args, process.env), host);
        return { defaultTags: {}, secrets: context.credentials, context: () => context };
    },
};
