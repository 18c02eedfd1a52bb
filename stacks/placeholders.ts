import { type Settings } from "./settings";

/** What the committed stack files have in the place of accounts and images, which only their user knows. */
export const exampleAccounts = ["111111111111", "222222222222", "333333333333"];
export const exampleDigests = [
    "ecc794405dff8379b049fffe06ee4ee08baf35a281b7015805f18b55514da464",
    "4b3b925c8548cdd7e62f9a204288e0b74d39fc382872c28c429895a3c9acbefd",
];

/** Domains that nobody can have. @see https://www.rfc-editor.org/rfc/rfc2606 */
const exampleDomain = /(^|\.)example(\.(com|net|org))?$/;

/** The local cloud's account, in which an image is only named. */
export const localAccount = "000000000000";

/** Settings that are still examples, a line each with its path: nothing that is deployed with them would work. */
export function placeholders(settings: Settings): string[] {
    const { allowedAccountIds } = settings;
    if (allowedAccountIds.includes(localAccount)) return [];
    const { cluster } = settings["clinical-ai"] ?? {};
    const images: [string, string | undefined][] = [
        ["platform:clinical-ai.cluster.image", cluster?.image],
        ["platform:snapshotter.image", settings.snapshotter?.image],
    ];
    return [
        ...allowedAccountIds
            .filter((id) => exampleAccounts.includes(id))
            .map((id) => `aws:allowedAccountIds: ${id} is an example; put the account's own twelve digits`),
        ...(cluster && exampleDomain.test(new URL(cluster.vault.address).hostname)
            ? [`platform:clinical-ai.cluster.vault.address: ${cluster.vault.address} is an example; put your Vault's`]
            : []),
        ...images.flatMap(([path, image]) =>
            exampleDigests.some((digest) => image?.endsWith(digest))
                ? [`${path}: the digest is an example; put that of an image of yours`]
                : [],
        ),
    ];
}
