// vault.aws.SecretBackendRole. Its id is `<backend>/roles/<name>`.

import { json, map, number, set, text } from "../declare";
import { normalisePolicy } from "../policy-document";
import { str } from "../values";
import type { Properties } from "../wire";
import type { VaultContext } from "./client";
import { faultsOfPath, isAbsent, namespace, saying, sayingAll, told, type VaultType } from "./common";

const secretBackendRole: VaultType = {
    token: "vault:aws/secretBackendRole:SecretBackendRole",
    inputs: {
        backend: text({ required: true, replace: true }),
        credentialType: text({
            required: true,
            oneOf: ["iam_user", "assumed_role", "federation_token", "session_token"],
        }),
        defaultStsTtl: number({ computed: true }),
        externalId: text(),
        iamGroups: set(text()),
        iamTags: map(),
        maxStsTtl: number({ computed: true }),
        mfaSerialNumber: text(),
        name: text({ replace: true }),
        namespace: namespace(),
        permissionsBoundaryArn: text(),
        policyArns: set(text()),
        policyDocument: json({}, normalisePolicy),
        roleArns: set(text()),
        sessionTags: map(),
        userPath: text(),
    },
    outputs: [],
    name: { property: "name", maxLength: 64 },
    identity: ["backend", "name", "namespace"],
    check: (inputs) => [...faultsOfPath("backend", inputs["backend"]), ...faultsOfRights(inputs)],

    async create(context, inputs, created) {
        const id = `${str(inputs, "backend")}/roles/${str(inputs, "name")}`;
        await write(context, id, inputs);
        created(id);
    },

    async read(context, id, known) {
        const answer = await context.of(known).read(id);
        const [, backend = "", name = ""] = /^(.+)\/roles\/([^/]+)$/.exec(id) ?? [];
        return answer === undefined ? undefined : { ...told(answer, TOLD), backend, name };
    },

    update: (context, id, inputs) => write(context, id, inputs),

    delete: (context, id, known) => context.of(known).delete(id),
};

const TOLD = Object.keys(secretBackendRole.inputs).filter((key) => !["backend", "name", "namespace"].includes(key));
/** What Vault chooses is said only where the program says it. */
const COMPUTED = ["defaultStsTtl", "maxStsTtl"];

/** Vault keeps what a write does not say. */
async function write(context: VaultContext, id: string, inputs: Properties): Promise<void> {
    const always = TOLD.filter((key) => !COMPUTED.includes(key));
    const body = { ...sayingAll(secretBackendRole.inputs, inputs, always), ...saying(inputs, COMPUTED) };
    await context.of(inputs).write(id, body);
}

/** As the official provider refuses it. */
function faultsOfRights(inputs: Properties): string[] {
    const rights = ["policyDocument", "policyArns", "roleArns", "iamGroups"];
    return inputs["credentialType"] === "session_token" || rights.some((key) => !isAbsent(inputs[key]))
        ? []
        : [`At least one of ${rights.join(", ")} is required.`];
}

export const awsRoleTypes: readonly VaultType[] = [secretBackendRole];
