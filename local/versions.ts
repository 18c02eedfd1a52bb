import manifest from "../package.json";

/** Every version that the local cloud is made of, in one place; the plugins' are those of their npm packages. */
export const versions = {
    /** The engine's command-line tool. */
    pulumi: "3.255.0",
    /** The SDK module that holds the language host's source; used only when the host is built. */
    languageHost: "3.66.0",
    /** The AWS emulator, from PyPI. */
    ministack: "1.5.33",
    /** The parts of the local cluster. */
    etcd: "3.6.13",
    kubernetes: "1.35.1",
    kwok: "0.8.0",
    externalSecrets: "0.19.2",
    /** Of the file with External Secrets' custom resource definitions. */
    externalSecretsCrdsSha256: "00f11e2343793a9ca70aacadd4ee8cac383afca3ba0a22618ba4b3f8404caeae",
    vault: "1.21.0",
    plugins: {
        aws: manifest.dependencies["@pulumi/aws"],
        kubernetes: manifest.dependencies["@pulumi/kubernetes"],
        vault: manifest.dependencies["@pulumi/vault"],
    },
} as const;

/** Whether `found` is the same major version as `pinned` and not older; both are `major.minor.patch`. */
export function satisfies(found: string, pinned: string): boolean {
    const parts = (version: string) => version.replace(/^v/, "").split(/[.+-]/).slice(0, 3).map(Number);
    const [foundParts, pinnedParts] = [parts(found), parts(pinned)];
    if (foundParts.some(Number.isNaN) || foundParts[0] !== pinnedParts[0]) return false;
    for (let index = 1; index < 3; index++) {
        if (foundParts[index] !== pinnedParts[index]) return foundParts[index] > pinnedParts[index];
    }
    return true;
}
