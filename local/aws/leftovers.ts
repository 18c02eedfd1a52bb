import { ListGroupsCommand, ListPoliciesCommand, ListRolesCommand, ListUsersCommand } from "@aws-sdk/client-iam";
import {
    DeleteObjectCommand,
    ListBucketsCommand,
    ListMultipartUploadsCommand,
    AbortMultipartUploadCommand,
    ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";

import { clientsFor, type Connection } from "../../ops/verify/clients";
import { localUserNames } from "./identities";
import { rootCredentials } from "./server";

/** Removes every version, delete marker and unfinished upload of every bucket; returns how many there were. */
export async function emptyBuckets(connection: Connection): Promise<number> {
    const { s3 } = clientsFor(rootCredentials, connection);
    const { Buckets: buckets = [] } = await s3.send(new ListBucketsCommand({}));
    let removed = 0;
    for (const { Name: Bucket } of buckets) {
        for (;;) {
            // What was listed is gone afterwards: the first page is the next one.
            const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
            const found = [...Versions, ...DeleteMarkers];
            if (found.length === 0) break;
            for (const { Key, VersionId } of found) {
                await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
            }
            removed += found.length;
        }
        const { Uploads: uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
        for (const { Key, UploadId } of uploads) {
            await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
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
