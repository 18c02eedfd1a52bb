import {
    GetUserCommand,
    GetUserPolicyCommand,
    type IAMClient,
    paginateListAccessKeys,
    paginateListAttachedUserPolicies,
    paginateListGroupsForUser,
    paginateListUserPolicies,
    paginateListUserTags,
} from "@aws-sdk/client-iam";

import { ask } from "./asking";
import { pathItems, statementItems, tagItems } from "./items";
import { type Item, type Part, type Parts } from "./parts";

/** A user as IAM has it. */
export interface FoundUser {
    readonly parts: Parts;
    readonly keyIds: readonly string[];
    readonly boundaryArn?: string;
    /** Rights that it has beside the adopted policy: they stay. In words. */
    readonly otherRights: readonly string[];
    /** Its inline policies beside the adopted one, with their documents. */
    readonly otherPolicies: readonly { readonly name: string; readonly document: string }[];
}

/** IAM allows a user no more access keys. */
export const maximumKeys = 2;

const gone = ["NoSuchEntity", "NoSuchEntityException"];

/** Undefined where there is no such user. */
export async function findUser(
    iam: IAMClient,
    name: string,
    policyName: string | undefined,
): Promise<FoundUser | undefined> {
    const UserName = name;
    const answer = await ask(`User ${name}`, () => iam.send(new GetUserCommand({ UserName })), ...gone);
    if (!answer?.User) return undefined;
    const of = <Entry>(what: string, pages: AsyncIterable<Page<Entry>>) =>
        ask(`The ${what} of user ${name}`, () => allOf(pages));
    const config = { client: iam };
    const tags = await of(
        "tags",
        map(paginateListUserTags(config, { UserName }), ({ Tags }) => Tags),
    );
    const keys = await of(
        "access keys",
        map(paginateListAccessKeys(config, { UserName }), ({ AccessKeyMetadata }) => AccessKeyMetadata),
    );
    const inline = await of(
        "policies",
        map(paginateListUserPolicies(config, { UserName }), ({ PolicyNames }) => PolicyNames),
    );
    const attached = await of(
        "attached policies",
        map(paginateListAttachedUserPolicies(config, { UserName }), ({ AttachedPolicies }) => AttachedPolicies),
    );
    const groups = await of(
        "groups",
        map(paginateListGroupsForUser(config, { UserName }), ({ Groups }) => Groups),
    );
    // IAM returns documents with their characters escaped as in a URL.
    const documentOf = async (policy: string) => {
        const found = await ask(`Policy ${policy} of user ${name}`, () =>
            iam.send(new GetUserPolicyCommand({ UserName, PolicyName: policy })),
        );
        return decodeURIComponent(found?.PolicyDocument ?? "");
    };
    const documents = await Promise.all(
        (inline ?? []).map(async (policy) => ({ name: policy, document: await documentOf(policy) })),
    );
    const adopted = documents.find((policy) => policy.name === policyName);
    const parts = new Map<Part, readonly Item[]>([
        [
            "user",
            [
                ...pathItems(answer.User.Path),
                ...tagItems(Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key!, Value!]))),
            ],
        ],
    ]);
    if (adopted?.document) parts.set("policy", statementItems(adopted.document));
    return {
        parts,
        keyIds: (keys ?? []).map(({ AccessKeyId }) => AccessKeyId!),
        boundaryArn: answer.User.PermissionsBoundary?.PermissionsBoundaryArn,
        otherPolicies: documents.filter((policy) => policy !== adopted),
        otherRights: [
            ...(inline ?? []).filter((policy) => policy !== policyName).map((policy) => `inline policy ${policy}`),
            ...(attached ?? []).map(({ PolicyArn }) => `policy ${PolicyArn}`),
            ...(groups ?? []).map(({ GroupName }) => `group ${GroupName}`),
        ],
    };
}

type Page<Entry> = readonly Entry[] | undefined;

async function* map<From, Entry>(pages: AsyncIterable<From>, entries: (page: From) => Page<Entry>) {
    for await (const page of pages) yield entries(page);
}

async function allOf<Entry>(pages: AsyncIterable<Page<Entry>>): Promise<Entry[]> {
    const all: Entry[] = [];
    for await (const page of pages) all.push(...(page ?? []));
    return all;
}
