// aws.iam.AccessKey: its secret is told once, at creation.

import { createHmac } from "node:crypto";
import {
    CreateAccessKeyCommand,
    DeleteAccessKeyCommand,
    GetAccessKeyLastUsedCommand,
    ListAccessKeysCommand,
    UpdateAccessKeyCommand,
    type AccessKeyMetadata,
    type StatusType,
} from "@aws-sdk/client-iam";
import { text } from "../declare";
import { AwsRefusal, unless } from "../errors";
import type { AwsContext } from "./clients";
import { allPages, found, optional, str, type AwsType } from "./common";
import { NO_SUCH_ENTITY } from "./iam-common";

/** Active or not. */
const KEYS_PER_USER = 2;

const accessKey: AwsType = {
    token: "aws:iam/accessKey:AccessKey",
    inputs: {
        user: text({ required: true, replace: true }),
        status: text({ default: "Active", oneOf: ["Active", "Inactive"] }),
    },
    outputs: ["createDate", "secret", "sesSmtpPasswordV4"],
    secretOutputs: ["secret", "sesSmtpPasswordV4"],
    once: ["secret", "sesSmtpPasswordV4"],

    async create(context, inputs, created) {
        const UserName = str(inputs, "user");
        await refuseThirdKey(context, UserName);
        const { AccessKey } = await context.iam.send(new CreateAccessKeyCommand({ UserName }));
        const secret = AccessKey?.SecretAccessKey ?? "";
        const AccessKeyId = AccessKey?.AccessKeyId ?? "";
        created(AccessKeyId, { secret, sesSmtpPasswordV4: sesSmtpPassword(secret, context.region) });
        if (optional(inputs, "status") === "Inactive") {
            await context.iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: "Inactive" }));
        }
    },

    async read(context, id, known) {
        const user = optional(known, "user") ?? (await userOf(context, id));
        const key =
            user === undefined ? undefined : (await keysOf(context, user)).find((one) => one.AccessKeyId === id);
        return key === undefined
            ? undefined
            : found({ user, status: key.Status, createDate: key.CreateDate?.toISOString().replace(".000Z", "Z") });
    },

    async update(context, id, inputs) {
        const Status = (optional(inputs, "status") ?? "Active") as StatusType;
        await context.iam.send(new UpdateAccessKeyCommand({ UserName: str(inputs, "user"), AccessKeyId: id, Status }));
    },

    async delete(context, id, known) {
        const UserName = optional(known, "user") ?? (await userOf(context, id));
        await unless(context.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: id })), ...NO_SUCH_ENTITY);
    },
};

async function refuseThirdKey(context: AwsContext, user: string): Promise<void> {
    if ((await keysOf(context, user)).length >= KEYS_PER_USER) {
        const message = `Cannot exceed quota for AccessKeysPerUser: ${KEYS_PER_USER}`;
        throw new AwsRefusal("CreateAccessKey", "LimitExceeded", message, 409);
    }
}

async function userOf(context: AwsContext, id: string): Promise<string | undefined> {
    const used = new GetAccessKeyLastUsedCommand({ AccessKeyId: id });
    // For a key that does not exist AWS answers AccessDenied, so as not to tell which keys there are.
    return (await unless(context.iam.send(used), ...NO_SUCH_ENTITY, "AccessDenied"))?.UserName;
}

function keysOf(context: AwsContext, UserName: string): Promise<AccessKeyMetadata[]> {
    return allPages(
        (Marker) => unless(context.iam.send(new ListAccessKeysCommand({ UserName, Marker })), ...NO_SUCH_ENTITY),
        (page) => page?.AccessKeyMetadata,
        (page) => page?.Marker,
    );
}

/** The password for SES's SMTP interface, which AWS documents as a signature (version 4) over fixed words. */
export function sesSmtpPassword(secret: string, region: string): string {
    const words = ["11111111", region, "ses", "aws4_request", "SendRawEmail"];
    const signature = words.reduce<Buffer>(
        (key, word) => createHmac("sha256", key).update(word).digest(),
        Buffer.from(`AWS4${secret}`),
    );
    return Buffer.concat([Buffer.from([4]), signature]).toString("base64");
}

export const iamAccessKeyTypes: readonly AwsType[] = [accessKey];
