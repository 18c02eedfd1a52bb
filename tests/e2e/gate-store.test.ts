import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
    CreateTableCommand,
    DynamoDBClient,
    DynamoDBServiceException,
    waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { Agent } from "node:https";

import { DynamoStore } from "../../functions/bedrock-gate/adapters/dynamodb-store";
import { localCertificate } from "../../local/aws/certificate";
import { installEmulator } from "../../local/aws/install";
import { rootCredentials, startServer, stopServer } from "../../local/aws/server";
import { cacheDirectory } from "../../local/paths";
import { storeContract } from "../support/gate/store-contract";
import { freePorts } from "../support/test-cloud";

describe("the gate's table in DynamoDB", function () {
    this.timeout(60_000);
    let folder: string;
    let client: DynamoDBClient;

    before(async function () {
        this.timeout(300_000);
        folder = mkdtempSync(join(tmpdir(), "platform-gate-store-"));
        mkdirSync(folder, { recursive: true });
        const certificate = await localCertificate(folder);
        const python = await installEmulator(cacheDirectory());
        const { endpoint } = await startServer(folder, python, await freePorts(2), certificate);
        client = new DynamoDBClient({
            endpoint,
            region: "us-east-1",
            credentials: rootCredentials,
            requestHandler: new NodeHttpHandler({
                httpsAgent: new Agent({ ca: readFileSync(certificate.certificate), keepAlive: true, maxSockets: 50 }),
            }),
        });
        await client.send(
            new CreateTableCommand({
                TableName: "gate",
                BillingMode: "PAY_PER_REQUEST",
                AttributeDefinitions: [
                    { AttributeName: "partition", AttributeType: "S" },
                    { AttributeName: "sort", AttributeType: "S" },
                ],
                KeySchema: [
                    { AttributeName: "partition", KeyType: "HASH" },
                    { AttributeName: "sort", KeyType: "RANGE" },
                ],
            }),
        );
        await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName: "gate" });
    });
    after(async () => {
        client.destroy();
        await stopServer(folder);
        rmSync(folder, { recursive: true, force: true });
    });

    storeContract(() => new DynamoStore(client, "gate"));

    it("is not counted in where it is missing", async () => {
        const missing = new DynamoStore(client, "other");
        const key = { partition: "p", sort: "s" };
        await assert.rejects(missing.transact([{ key, add: { a: 1n } }]), DynamoDBServiceException);
        await assert.rejects(missing.get(key), DynamoDBServiceException);
        await assert.rejects(missing.list("p"), DynamoDBServiceException);
    });
});
