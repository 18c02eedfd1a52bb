import { createHash } from "node:crypto";

import { type AccessRequest } from "../../ops/access/world";

/** A request as it goes over the wire, not signed yet. */
export interface WireRequest {
    readonly service: "s3" | "iam";
    readonly method: "GET" | "PUT" | "DELETE" | "POST";
    /** With its query, from the slash on. */
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
}

type Call = readonly [method: WireRequest["method"], query: string, more?: Pick<WireRequest, "body" | "headers">];

/** On a bucket. */
const bucketCalls: Readonly<Record<string, Call>> = {
    ListBucket: ["GET", "list-type=2"],
    ListBucketVersions: ["GET", "versions"],
    ListBucketMultipartUploads: ["GET", "uploads"],
    GetBucketAcl: ["GET", "acl"],
    GetBucketPolicy: ["GET", "policy"],
    GetBucketVersioning: ["GET", "versioning"],
    GetBucketOwnershipControls: ["GET", "ownershipControls"],
    GetBucketPublicAccessBlock: ["GET", "publicAccessBlock"],
    GetEncryptionConfiguration: ["GET", "encryption"],
    GetLifecycleConfiguration: ["GET", "lifecycle"],
    PutBucketAcl: ["PUT", "acl", { headers: { "x-amz-acl": "private" } }],
    PutBucketPolicy: ["PUT", "policy", { headers: {}, body: "{}" }],
    DeleteBucketPolicy: ["DELETE", "policy"],
    DeleteBucket: ["DELETE", ""],
};

/** On an object. */
const objectCalls: Readonly<Record<string, Call>> = {
    GetObject: ["GET", ""],
    PutObject: ["PUT", "", { headers: {}, body: "x" }],
    DeleteObject: ["DELETE", ""],
    DeleteObjectVersion: ["DELETE", "versionId=null"],
    PutObjectAcl: ["PUT", "acl", { headers: { "x-amz-acl": "private" } }],
    PutObjectTagging: [
        "PUT",
        "tagging",
        { headers: {}, body: "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>" },
    ],
    AbortMultipartUpload: ["DELETE", "uploadId=none"],
    ListMultipartUploadParts: ["GET", "uploadId=none"],
};

/** On a user; each has a parameter beside the user's name, or none. */
const userCalls: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    GetUser: {},
    ListAccessKeys: {},
    ListUserPolicies: {},
    CreateAccessKey: {},
    DeleteUser: {},
    PutUserPolicy: { PolicyName: "own", PolicyDocument: "{}" },
};

type Headers = WireRequest["headers"];
const noHeaders: Headers = {};

const customerKey = Buffer.alloc(32, 1);

/** What a condition key looks like in a request; undefined where no request can say it. */
const conditions: Readonly<Record<string, (value: string) => Headers | undefined>> = {
    // The emulator takes this for what a proxy in front of it says.
    "aws:SecureTransport": (value) => (value === "true" ? noHeaders : { "x-forwarded-proto": "http" }),
    // The emulator's own port speaks TLS 1.3.
    "s3:TlsVersion": (value) => (value === "1.3" ? noHeaders : undefined),
    "s3:x-amz-server-side-encryption": (value) => ({ "x-amz-server-side-encryption": value }),
    "s3:x-amz-server-side-encryption-customer-algorithm": (value) => ({
        "x-amz-server-side-encryption-customer-algorithm": value,
        "x-amz-server-side-encryption-customer-key": customerKey.toString("base64"),
        "x-amz-server-side-encryption-customer-key-md5": createHash("md5").update(customerKey).digest("base64"),
    }),
    "s3:prefix": () => noHeaders,
};

/** A case as a request to S3 or IAM; undefined where a request cannot express it, or none is known here that does. */
export function wireRequest({ action, resource, context = {} }: AccessRequest): WireRequest | undefined {
    const said = Object.entries(context).map(([key, value]) => conditions[key]?.(String(value)));
    if (said.includes(undefined)) return undefined;
    const headers = Object.assign({}, ...said) as Record<string, string>;
    const [service, name] = action.split(":");
    if (service === "iam") return iamRequest(name, resource);
    if (service !== "s3" || !resource.startsWith("arn:aws:s3:::")) return undefined;
    const path = resource.slice("arn:aws:s3:::".length);
    const call = (path.includes("/") ? objectCalls : bucketCalls)[name];
    if (!call) return undefined;
    const [method, query, more = { headers: {} }] = call;
    const prefix = context["s3:prefix"];
    const queries = [query, ...(prefix === undefined ? [] : [`prefix=${encodeURIComponent(String(prefix))}`])];
    return {
        service: "s3",
        method,
        path: `/${path}?${queries.filter((one) => one !== "").join("&")}`,
        ...more,
        headers: { ...headers, ...more.headers },
    };
}

function iamRequest(name: string, resource: string): WireRequest | undefined {
    const user = /:user\/([^/]+)$/.exec(resource)?.[1];
    const parameters = user ? userCalls[name] : undefined;
    if (!parameters) return undefined;
    return {
        service: "iam",
        method: "POST",
        path: "/",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ Action: name, Version: "2010-05-08", UserName: user!, ...parameters }).toString(),
    };
}
