import {
    DeleteAccessKeyCommand,
    ListAccessKeysCommand,
    ListGroupsCommand,
    ListPoliciesCommand,
    ListRolesCommand,
    ListUsersCommand,
} from "@aws-sdk/client-iam";
import {
    DeleteObjectCommand,
    ListBucketsCommand,
    ListMultipartUploadsCommand,
    AbortMultipartUploadCommand,
    ListObjectVersionsCommand,
    type S3Client,
} from "@aws-sdk/client-s3";

import { clientsFor, type Connection } from "../../ops/aws/clients";
import { localUserNames, unless } from "./identities";
import { rootCredentials } from "./server";

/** Removes every version, delete marker and unfinished upload of the region's buckets; returns how many there were. */
export async function emptyBuckets(connection: Connection): Promise<number> {
    const { s3 } = clientsFor(rootCredentials, connection);
    const { Buckets: buckets = [] } = await s3.send(new ListBucketsCommand({}));
    let removed = 0;
    const count = (parts: number) => (removed += parts);
    // Somebody's of another region is none of the stack's.
    for (const { Name } of buckets) await unless("PermanentRedirect", emptyBucket(s3, Name, count));
    return removed;
}

async function emptyBucket(s3: S3Client, Bucket: string | undefined, count: (parts: number) => void): Promise<void> {
    for (;;) {
        // What was listed is gone afterwards: the first page is the next one.
        const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
        const found = [...Versions, ...DeleteMarkers];
        if (found.length === 0) break;
        for (const { Key, VersionId } of found) {
            await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
        }
        count(found.length);
    }
    const { Uploads: uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    for (const { Key, UploadId } of uploads) {
        await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }
    count(uploads.length);
}

/** Removes access keys of users but those that are known and those of its own people; returns how many there were. */
export async function removeStrangeKeys(connection: Connection, known: readonly string[]): Promise<number> {
    const { iam } = clientsFor(rootCredentials, connection);
    const { Users: users = [] } = await iam.send(new ListUsersCommand({}));
    let removed = 0;
    for (const { UserName } of users.filter((user) => !localUserNames.includes(user.UserName!))) {
        const { AccessKeyMetadata: keys = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
        for (const { AccessKeyId } of keys.filter((key) => !known.includes(key.AccessKeyId!))) {
            await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
            removed++;
        }
    }
    return removed;
}

/** What the local AWS still has of buckets and identities, apart from its own two people. */
export async function leftovers(connection: Connection): Promise<string[]> {
    const { s3, iam } = clientsFor(rootCredentials, connection);
    const own = new Set<string | undefined>(localUserNames);
    const { Buckets: buckets = [] } = await s3.send(new ListBucketsCommand({}));
    const { Users: users = [] } = await iam.send(new ListUsersCommand({}));
    const { Roles: roles = [] } = await iam.send(new ListRolesCommand({}));
    const { Groups: groups = [] } = await iam.send(new ListGroupsCommand({}));
    const { Policies: policies = [] } = await iam.send(new ListPoliciesCommand({ Scope: "Local" }));
    return [
        ...buckets.map(({ Name }) => `bucket ${Name}`),
        ...users.filter(({ UserName }) => !own.has(UserName)).map(({ UserName }) => `user ${UserName}`),
        ...roles
            .filter(({ Path }) => !Path?.startsWith("/aws-service-role/"))
            .map(({ RoleName }) => `role ${RoleName}`),
        ...groups.map(({ GroupName }) => `group ${GroupName}`),
        ...policies.filter(({ PolicyName }) => !own.has(PolicyName)).map(({ PolicyName }) => `policy ${PolicyName}`),
    ];
}
