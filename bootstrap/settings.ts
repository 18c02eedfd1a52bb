import { z } from "zod";

import { bucketNameFault } from "../components/secure-bucket/bucket-name";
import { without } from "../services/settings";
import { accountIds, environments, region } from "../stacks/settings";

/** What an account's first deployment is told. */
const schema = z.strictObject({
    /** The environment whose deployments the roles are for: CI's deployer is trusted in GitHub's environment of that name. */
    environment: z.enum(environments),
    region,
    allowedAccountIds: accountIds,
    /** The repository on GitHub whose workflows may take the roles, `<owner>/<name>`. */
    repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, "<owner>/<name> of a repository on GitHub"),
    /** Name of the bucket that holds the states. */
    stateBucket: z.string().superRefine(without(bucketNameFault)),
    /** GitHub's OIDC provider, of which an account has one: whether this stack makes it. */
    oidcProvider: z.enum(["create", "existing"]),
});

export type BootstrapSettings = z.infer<typeof schema>;

/** The project's name, and the namespace of its settings. */
const namespace = "platform-bootstrap:";

/**
 * Checks the values of a stack file, by their whole keys.
 *
 * @throws z.ZodError with every fault
 */
export function parseBootstrapSettings(config: Readonly<Record<string, string>>): BootstrapSettings {
    const own = Object.entries(config)
        .filter(([key]) => key.startsWith(namespace))
        .map(([key, value]) => [key.slice(namespace.length), value]);
    return schema.parse({
        ...(Object.fromEntries(own) as object),
        region: config["aws:region"],
        allowedAccountIds: parsed(config["aws:allowedAccountIds"]),
    });
}

/** The engine hands lists on as JSON. */
const parsed = (list: string | undefined): unknown => (list?.startsWith("[") ? JSON.parse(list) : list);
