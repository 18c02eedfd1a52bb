import { readFileSync } from "node:fs";

import {
    type GetAccountAuthorizationDetailsResponse,
    paginateGetAccountAuthorizationDetails,
} from "@aws-sdk/client-iam";
import { type KubernetesObject } from "@kubernetes/client-node";

import { localAccount, rootCredentials } from "../../local/aws/server";
import { localRegion } from "../../local/cloud";
import { type FoundAws } from "../../local/found";
import { stateFile } from "../../local/pulumi";
import { clientsFor, closeClients } from "../../ops/aws/clients";
import { deployerPolicy, verifierPolicy } from "../../ops/rights/deployer";
import { RecordingMocks } from "../support/mocks";
import { runProgram, stackConfig } from "../support/stack-files";
import {
    type AuthorizationDetails,
    authorizationDetails,
    type Resource,
    type ResourcePolicy,
    resourcePolicies,
} from "./account";

/** An object of Kubernetes as the program declares it. */
export type Manifest = KubernetesObject & {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string };
};

/** What a stack contains, as far as an outside judge can read it. */
export interface Extract {
    readonly stack: string;
    readonly environment: string;
    readonly accountId: string;
    readonly details: AuthorizationDetails;
    readonly resourcePolicies: readonly ResourcePolicy[];
    readonly manifests: readonly Manifest[];
}

/** The account that the mocks answer with. */
const mockAccount = "123456789012";

/** Who deploys, by the name that the local cloud gives it. */
export const deployer = "platform-deployer";

/** Every stack: `local` from its account and its state, the others as the program registers them with every id known. */
export async function extractAll(cloud: FoundAws): Promise<Extract[]> {
    const extracts = [await extractLocal(cloud)];
    for (const stack of ["dev", "staging", "prod"] as const) extracts.push(await extractStack(stack));
    return extracts;
}

async function extractLocal({ folder, server }: FoundAws): Promise<Extract> {
    const { checkpoint } = JSON.parse(readFileSync(stateFile(folder), "utf8")) as {
        checkpoint: { latest: { resources: Resource[] } };
    };
    const { resources } = checkpoint.latest;
    return {
        stack: "local",
        environment: stackConfig("local")["platform:environment"] as string,
        accountId: localAccount,
        details: await liveDetails(server),
        resourcePolicies: resourcePolicies(resources, localAccount),
        manifests: manifestsOf(resources),
    };
}

/** All users, groups, roles and policies of the local AWS, whoever made them. */
async function liveDetails(server: FoundAws["server"]): Promise<AuthorizationDetails> {
    const clients = clientsFor(rootCredentials, { ...server, region: localRegion });
    const pages: GetAccountAuthorizationDetailsResponse[] = [];
    try {
        for await (const page of paginateGetAccountAuthorizationDetails({ client: clients.iam }, {})) pages.push(page);
    } finally {
        closeClients(clients);
    }
    const all = (key: keyof AuthorizationDetails) => pages.flatMap((page) => page[key] ?? []);
    const details = {
        UserDetailList: all("UserDetailList"),
        GroupDetailList: all("GroupDetailList"),
        RoleDetailList: all("RoleDetailList"),
        Policies: all("Policies"),
    };
    // Documents come as text in a URL's encoding; the judges read JSON, as AWS's command line prints it.
    return JSON.parse(JSON.stringify(details), (key, value: unknown) =>
        /Document$/.test(key) && typeof value === "string" ? (JSON.parse(decodeURIComponent(value)) as unknown) : value,
    ) as AuthorizationDetails;
}

async function extractStack(stack: "dev" | "staging" | "prod"): Promise<Extract> {
    const mocks = new RecordingMocks();
    const config = stackConfig(stack);
    await runProgram(mocks, config, { stack });
    const people = {
        [deployer]: {
            [deployer]: deployerPolicy("aws", mockAccount),
            "platform-verifier": verifierPolicy("aws", mockAccount),
        },
    };
    return {
        stack,
        environment: config["platform:environment"] as string,
        accountId: mockAccount,
        details: authorizationDetails(mocks.resources, mockAccount, people),
        resourcePolicies: resourcePolicies(mocks.resources, mockAccount),
        manifests: manifestsOf(mocks.resources),
    };
}

/** Whole objects: a patch is of an object that somebody else declares. */
function manifestsOf(resources: readonly Resource[]): Manifest[] {
    return resources
        .filter(({ type, inputs }) => /^kubernetes:(?!yaml|helm)/.test(type) && !type.endsWith("Patch") && inputs.kind)
        .map(({ inputs }) => inputs as Manifest);
}
