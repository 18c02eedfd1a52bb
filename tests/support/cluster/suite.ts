import { readFileSync } from "node:fs";

import { type CheckResult } from "../../../ops/verify/target";
import { ClusterCloud } from "./cluster-cloud";

/** Every test of the cluster works on one local cloud, which is brought up before the first and removed after the last. */
let shared: ClusterCloud | undefined;
let first: { checks: CheckResult[]; words: string } | undefined;

/** The suite's local cloud. Whoever changes it puts it back. */
export function sharedCloud(): ClusterCloud {
    if (!shared) throw new Error("There is no cluster: run this test with `npm run test:cluster`.");
    return shared;
}

/** What the first `up` of the suite's cloud answered. */
export const firstUp = () => first!;

export const mochaHooks = {
    async beforeAll(this: Mocha.Context) {
        // Cold, everything has to be built first.
        this.timeout(40 * 60_000);
        shared = await ClusterCloud.create();
        shared.configure();
        first = await shared.up();
        const { places } = shared;
        Object.assign(process.env, {
            PLATFORM_TEST_KUBECONFIG: shared.kubeconfig("admin"),
            PLATFORM_TEST_VAULT_ADDR: `https://127.0.0.1:${places.ports.vault}`,
            PLATFORM_TEST_VAULT_CACERT: places.certificate.certificate,
            PLATFORM_TEST_VAULT_TOKEN: (
                JSON.parse(readFileSync(`${places.folder}/vault-keys.json`, "utf8")) as { rootToken: string }
            ).rootToken,
        });
    },
    async afterAll(this: Mocha.Context) {
        this.timeout(120_000);
        await shared?.remove();
    },
};
