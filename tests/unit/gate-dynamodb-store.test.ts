import assert from "node:assert/strict";

import {
    type CancellationReason,
    type DynamoDBClient,
    TransactionCanceledException,
    type TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";

import { DynamoStore } from "../../functions/bedrock-gate/adapters/dynamodb-store";
import { type Write } from "../../functions/bedrock-gate/core/store";

const cancelled = (...CancellationReasons: CancellationReason[]) =>
    new TransactionCanceledException({ message: "cancelled", $metadata: {}, CancellationReasons });

/** DynamoDB, which answers with these errors, one by one, and then as if all were well. */
function storeThat(...errors: Error[]) {
    const sent: TransactWriteItemsCommand[] = [];
    const client = {
        send: (command: TransactWriteItemsCommand) => {
            sent.push(command);
            const error = errors.shift();
            return error ? Promise.reject(error) : Promise.resolve({});
        },
    };
    return { store: new DynamoStore(client as unknown as DynamoDBClient, "gate"), sent };
}

const writes: readonly Write[] = [
    { key: { partition: "p", sort: "s" }, when: [{ attribute: "a", is: "absent" }], add: { a: 1n } },
    { key: { partition: "p", sort: "t" }, set: { b: "x" } },
];
const conflict = { Code: "TransactionConflict" };
const none = { Code: "None" };

describe("a transaction in DynamoDB", () => {
    it("that met another one is tried again, each time as a request of its own", async () => {
        const { store, sent } = storeThat(cancelled(conflict, none), cancelled(none, conflict));
        assert.equal(await store.transact(writes), undefined);
        assert.equal(sent.length, 3);
        assert.equal(new Set(sent).size, 3);
    });

    it("that the table lets not through is tried again", async () => {
        for (const Code of ["ThrottlingError", "ProvisionedThroughputExceeded"]) {
            const { store, sent } = storeThat(cancelled({ Code }, none));
            assert.equal(await store.transact(writes), undefined);
            assert.equal(sent.length, 2);
        }
    });

    it("that meets others for ever is given up", async () => {
        const { store, sent } = storeThat(...Array.from({ length: 100 }, () => cancelled(conflict, none)));
        await assert.rejects(store.transact(writes), TransactionCanceledException);
        assert.equal(sent.length, 12);
    });

    it("whose condition failed is refused, whatever else it met, and not tried again", async () => {
        const Item = { partition: { S: "p" }, sort: { S: "s" }, a: { N: "7" }, c: { B: Uint8Array.of(1) } };
        const { store, sent } = storeThat(cancelled({ Code: "ConditionalCheckFailed", Item }, conflict));
        assert.deepEqual(await store.transact(writes), [{ item: { a: 7n, c: Uint8Array.of(1) } }, undefined]);
        assert.equal(sent.length, 1);
    });

    it("of which nobody knows whether it was applied throws, and is not tried again", async () => {
        for (const error of [new Error("socket hang up"), cancelled({ Code: "ValidationError" }, conflict)]) {
            const { store, sent } = storeThat(error);
            await assert.rejects(store.transact(writes), error);
            assert.equal(sent.length, 1);
        }
    });

    it("asks for the items that stand in its way, and names no attribute by itself", async () => {
        const { store, sent } = storeThat();
        await store.transact(writes);
        const [first, second] = sent[0].input.TransactItems!.map(({ Update }) => Update!);
        assert.equal(first.ReturnValuesOnConditionCheckFailure, "ALL_OLD");
        assert.deepEqual(first, {
            TableName: "gate",
            Key: { partition: { S: "p" }, sort: { S: "s" } },
            ConditionExpression: "attribute_not_exists(#n0)",
            UpdateExpression: "ADD #n0 :v0",
            ExpressionAttributeNames: { "#n0": "a" },
            ExpressionAttributeValues: { ":v0": { N: "1" } },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        });
        assert.equal(second.UpdateExpression, "SET #n0 = :v0");
    });
});
