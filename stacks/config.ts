import * as pulumi from "@pulumi/pulumi";

import { placeholders } from "./placeholders";
import { requireKmsSecrets } from "./secrets-provider";
import { parseSettings, type Settings, SettingsError, settingsIn } from "./settings";

/**
 * Reads the settings of the current stack: everything under the project's own namespace, and of `aws` the region and
 * the allowed accounts, which the provider reads by itself.
 *
 * @throws pulumi.RunError that lists every fault; nothing is registered before.
 */
export function readSettings(): Settings {
    try {
        const settings = parseSettings(settingsIn(pulumi.runtime.allConfig()));
        const file = `Pulumi.${pulumi.getStack()}.yaml`;
        if (settings.environment === "prod") requireKmsSecrets(file);
        refusePlaceholders(settings, file);
        return settings;
    } catch (error) {
        // A RunError is printed as its message alone.
        throw error instanceof SettingsError ? new pulumi.RunError(error.message) : error;
    }
}

/** A preview shows what there would be also of a stack that nobody has filled in yet. */
function refusePlaceholders(settings: Settings, file: string): void {
    const faults = placeholders(settings);
    if (faults.length === 0) return;
    const words = [`${file} still has examples where values of your own belong:`, ...faults].join("\n  - ");
    if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(words);
    void pulumi.log.warn(`${words}\nAn update refuses them.`);
}
