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
import {
    GetBucketAclCommand,
    GetBucketEncryptionCommand,
    GetBucketLifecycleConfigurationCommand,
    GetBucketOwnershipControlsCommand,
    GetBucketPolicyCommand,
    GetBucketTaggingCommand,
    GetBucketVersioningCommand,
    GetPublicAccessBlockCommand,
    type Grant,
    HeadBucketCommand,
    type S3Client,
} from "@aws-sdk/client-s3";

import { failureInWords, isNamed } from "../aws/failures";
import { exitCodes, InfraError } from "../common/errors";
import {
    accessItems,
    type BucketPart,
    encryptionItems,
    type Item,
    ownershipItems,
    type Part,
    type Parts,
    pathItems,
    ruleItems,
    statementItems,
    statusItems,
    tagItems,
} from "./declared";

/**
 * The answer of AWS, or undefined where it says by one of these errors that there is no such thing.
 *
 * @param what is asked for, as the subject of a sentence
 * @throws InfraError for every other failure
 */
export async function ask<T>(what: string, call: () => Promise<T>, ...none: readonly string[]): Promise<T | undefined> {
    try {
        return await call();
    } catch (error) {
        if (isNamed(error, ...none)) return undefined;
        throw new InfraError(
            exitCodes.unreachable,
            `${what} could not be read: ${failureInWords(error)}.`,
            "Give the deployer the rights in docs/adoption.md, or see that AWS can be reached.",
        );
    }
}

/** Where a bucket is expected. */
export interface Home {
    readonly accountId: string;
    readonly region: string;
}

/** Why something that exists cannot be adopted, and what to do. */
export interface Hindrance {
    readonly reason: string;
    readonly fix: string;
}

/** Whether a bucket exists, or why it is not the stack's to have. */
export async function findBucket(s3: S3Client, name: string, home: Home): Promise<boolean | Hindrance> {
    try {
        const { BucketRegion } = await s3.send(
            new HeadBucketCommand({ Bucket: name, ExpectedBucketOwner: home.accountId }),
        );
        return BucketRegion && BucketRegion !== home.region ? elsewhere(name, BucketRegion, home) : true;
    } catch (error) {
        const { $metadata, $response } = error as HeadFailure;
        const status = $metadata?.httpStatusCode;
        if (status === 404) return false;
        const region = $response?.headers?.["x-amz-bucket-region"];
        if (status === 403) return foreign(name, home);
        if (region && region !== home.region) return elsewhere(name, region, home);
        await ask(`Bucket ${name}`, () => Promise.reject(error as Error));
        throw error;
    }
}

interface HeadFailure {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: { readonly headers?: Readonly<Record<string, string | undefined>> };
}

function elsewhere(name: string, region: string, home: Home): Hindrance {
    return {
        reason: `bucket ${name} is in region ${region}, the stack in ${home.region}: a bucket does not move`,
        fix: "Set aws:region of the stack to the bucket's, or copy its objects elsewhere and delete it.",
    };
}

function foreign(name: string, { accountId }: Home): Hindrance {
    return {
        reason: `bucket ${name} belongs to another account than ${accountId}, or the deployer may not list it (403)`,
        fix: "Names of buckets are taken once for all accounts: its owner has to delete it. If it is yours, give the deployer s3:ListBucket.",
    };
}

/**
 * Why a bucket whose ACL lets others in cannot be given the ownership BucketOwnerEnforced; undefined where only its owner
 * has grants.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html
 */
export async function grantsInTheWay(s3: S3Client, name: string, { accountId }: Home): Promise<Hindrance | undefined> {
    const acl = await ask(`The ACL of bucket ${name}`, () =>
        s3.send(new GetBucketAclCommand({ Bucket: name, ExpectedBucketOwner: accountId })),
    );
    const others = (acl?.Grants ?? []).filter(
        ({ Grantee }) => Grantee?.ID === undefined || Grantee.ID !== acl?.Owner?.ID,
    );
    if (others.length === 0) return undefined;
    return {
        reason:
            `its ACL has grants of others: ${others.map(grantInWords).join(", ")}; ` +
            "S3 does not turn ACLs off, as the stack declares it, while they are there",
        fix:
            "Give by a bucket policy what is still needed of them, then: " +
            `aws s3api put-bucket-acl --bucket ${name} --acl private`,
    };
}

function grantInWords({ Grantee, Permission }: Grant): string {
    const who = Grantee?.URI?.split("/").at(-1) ?? Grantee?.DisplayName ?? Grantee?.ID ?? Grantee?.EmailAddress;
    return `${Permission} to ${who}`;
}

/** The settings of every part of a bucket that has been set. */
export async function findBucketParts(s3: S3Client, name: string, { accountId }: Home): Promise<Parts> {
    const bucket = { Bucket: name, ExpectedBucketOwner: accountId };
    const found = new Map<Part, readonly Item[]>();
    for (const part of Object.keys(readers) as BucketPart[]) {
        const { read, none, empty } = readers[part];
        const items = (await ask(`The ${part} of bucket ${name}`, () => read(s3, bucket), ...none)) ?? empty;
        if (items) found.set(part, items);
    }
    return found;
}

interface Reader {
    /** Undefined where the part was never set. */
    read(s3: S3Client, bucket: { Bucket: string; ExpectedBucketOwner: string }): Promise<Item[] | undefined>;
    /** Errors by which S3 says the same. */
    readonly none: readonly string[];
    /** What is there in that case; of a part that exists whether it was set or not. */
    readonly empty?: readonly Item[];
}

const readers: Readonly<Record<BucketPart, Reader>> = {
    bucket: {
        async read(s3, bucket) {
            const { TagSet = [] } = await s3.send(new GetBucketTaggingCommand(bucket));
            return tagItems(Object.fromEntries(TagSet.map(({ Key, Value }) => [Key!, Value!])));
        },
        none: ["NoSuchTagSet"],
        empty: [],
    },
    versioning: {
        async read(s3, bucket) {
            const { Status } = await s3.send(new GetBucketVersioningCommand(bucket));
            return Status === undefined ? undefined : statusItems(Status);
        },
        none: [],
    },
    encryption: {
        async read(s3, bucket) {
            const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand(bucket));
            const rules = ServerSideEncryptionConfiguration?.Rules ?? [];
            return encryptionItems(
                rules.map(({ ApplyServerSideEncryptionByDefault: byDefault }) => ({
                    algorithm: byDefault?.SSEAlgorithm,
                    key: byDefault?.KMSMasterKeyID,
                })),
            );
        },
        none: ["ServerSideEncryptionConfigurationNotFoundError"],
    },
    publicAccessBlock: {
        async read(s3, bucket) {
            const { PublicAccessBlockConfiguration } = await s3.send(new GetPublicAccessBlockCommand(bucket));
            return accessItems({ ...PublicAccessBlockConfiguration });
        },
        none: ["NoSuchPublicAccessBlockConfiguration"],
    },
    ownership: {
        async read(s3, bucket) {
            const { OwnershipControls } = await s3.send(new GetBucketOwnershipControlsCommand(bucket));
            return ownershipItems((OwnershipControls?.Rules ?? []).map(({ ObjectOwnership }) => ObjectOwnership));
        },
        none: ["OwnershipControlsNotFoundError"],
    },
    lifecycle: {
        async read(s3, bucket) {
            return ruleItems((await s3.send(new GetBucketLifecycleConfigurationCommand(bucket))).Rules ?? []);
        },
        none: ["NoSuchLifecycleConfiguration"],
    },
    policy: {
        async read(s3, bucket) {
            return statementItems((await s3.send(new GetBucketPolicyCommand(bucket))).Policy!);
        },
        none: ["NoSuchBucketPolicy"],
    },
};

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
