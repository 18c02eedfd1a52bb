import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { SettingsError } from "./settings";

/**
 * Refuses to run production on a passphrase: whoever knows one decrypts the state without a trace, a KMS key logs every
 * use and can be taken away from somebody. The engine does not tell a program how its state is encrypted; the stack
 * file does. The engine does not say which file that is either: one given by `--config-file` elsewhere is not seen.
 *
 * @param stackFile path of `Pulumi.<stack>.yaml`
 * @throws SettingsError when the file names no `awskms://` key or holds a passphrase's salt.
 */
export function requireKmsSecrets(stackFile: string): void {
    const text = existsSync(stackFile) ? readFileSync(stackFile, "utf8") : "";
    const fault = secretsProviderFault(text);
    if (fault) throw new SettingsError(`${stackFile}: ${fault}`);
}

/** What is wrong with the secrets provider that a stack file names, if anything. */
export function secretsProviderFault(stackFileText: string): string | undefined {
    // Only production pays for loading it.
    const { parse } = createRequire(__filename)("yaml") as typeof import("yaml");
    const { encryptionsalt, secretsprovider } = (parse(stackFileText) ?? {}) as Record<string, unknown>;
    if (encryptionsalt !== undefined) {
        return (
            "the state is encrypted by a passphrase, expected a KMS key; " +
            "run `pulumi stack change-secrets-provider awskms://<key>`"
        );
    }
    if (typeof secretsprovider === "string" && secretsprovider.startsWith("awskms://")) return undefined;
    return `secretsprovider is ${secretsprovider ?? "missing"}, expected awskms://<key>`;
}
