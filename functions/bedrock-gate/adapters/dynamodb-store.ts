import {
    type AttributeValue,
    type CancellationReason,
    type DynamoDBClient,
    GetItemCommand,
    paginateQuery,
    TransactionCanceledException,
    type TransactWriteItem,
    TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";

import { type Condition, type Item, type Key, type Refused, type Store, type Value, type Write } from "../core/store";

/** How often a transaction that met another one is tried again. DynamoDB refuses rather than waits. */
const attempts = 12;

/** The gate's table in DynamoDB: keys `partition` and `sort`, expiry `expiresAt` (epoch seconds). */
export class DynamoStore implements Store {
    constructor(
        private readonly client: DynamoDBClient,
        private readonly table: string,
    ) {}

    async transact(writes: readonly Write[]): Promise<Refused | undefined> {
        for (let attempt = 1; ; attempt++) {
            try {
                // The SDK gives each command one token and keeps it in its own retries: none is applied twice.
                await this.client.send(
                    new TransactWriteItemsCommand({ TransactItems: writes.map((write) => this.asItem(write)) }),
                );
                return undefined;
            } catch (error) {
                if (!(error instanceof TransactionCanceledException)) throw error;
                const reasons = error.CancellationReasons ?? [];
                if (reasons.some(isFailedCondition)) return reasons.map(asRefusal);
                if (attempt === attempts || !reasons.every(isConflict)) throw error;
                await pause(attempt);
            }
        }
    }

    async get(key: Key): Promise<Item | undefined> {
        const { Item } = await this.client.send(
            new GetItemCommand({ TableName: this.table, Key: keyOf(key), ConsistentRead: true }),
        );
        return Item && plain(Item);
    }

    async list(partition: string, before?: string): Promise<ReadonlyMap<string, Item>> {
        const found = new Map<string, Item>();
        const pages = paginateQuery(
            { client: this.client },
            {
                TableName: this.table,
                ConsistentRead: true,
                KeyConditionExpression: `#partition = :partition${before === undefined ? "" : " AND #sort < :before"}`,
                ExpressionAttributeNames: {
                    "#partition": "partition",
                    ...(before === undefined ? {} : { "#sort": "sort" }),
                },
                ExpressionAttributeValues: {
                    ":partition": { S: partition },
                    ...(before === undefined ? {} : { ":before": { S: before } }),
                },
            },
        );
        for await (const { Items = [] } of pages) {
            for (const item of Items) found.set(item.sort.S!, plain(item));
        }
        return found;
    }

    private asItem(write: Write): TransactWriteItem {
        const expression = new Expression();
        const condition = write.when?.map((one) => expression.condition(one)).join(" AND ");
        const common = {
            TableName: this.table,
            Key: keyOf(write.key),
            ...(condition ? { ConditionExpression: condition } : {}),
            ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
        };
        if (write.delete) return { Delete: { ...common, ...expression.parts() } };
        const update = expression.update(write);
        if (!update) return { ConditionCheck: { ...common, ConditionExpression: condition, ...expression.parts() } };
        return { Update: { ...common, UpdateExpression: update, ...expression.parts() } };
    }
}

/** Names and values of an expression: attributes are named by place, since many plain names are reserved words. */
class Expression {
    private readonly names: Record<string, string> = {};
    private readonly values: Record<string, AttributeValue> = {};

    condition(condition: Condition): string {
        const name = this.name(condition.attribute);
        switch (condition.is) {
            case "absent":
                return `attribute_not_exists(${name})`;
            case "present":
                return `attribute_exists(${name})`;
            case "equal":
                return `${name} = ${this.value(condition.value)}`;
            case "at most":
                return condition.value < 0n
                    ? `${name} <= ${this.value(condition.value)}`
                    : `(attribute_not_exists(${name}) OR ${name} <= ${this.value(condition.value)})`;
        }
    }

    update({ add = {}, set = {}, remove = [] }: Write): string {
        const clause = (word: string, parts: readonly string[]) =>
            parts.length > 0 ? [`${word} ${parts.join(", ")}`] : [];
        const entries = (of: Readonly<Record<string, Value>>, between: string) =>
            Object.entries(of).map(([name, value]) => `${this.name(name)}${between}${this.value(value)}`);
        return [
            ...clause("SET", entries(set, " = ")),
            ...clause("ADD", entries(add, " ")),
            ...clause(
                "REMOVE",
                remove.map((name) => this.name(name)),
            ),
        ].join(" ");
    }

    parts() {
        const has = (record: object) => Object.keys(record).length > 0;
        return {
            ...(has(this.names) ? { ExpressionAttributeNames: this.names } : {}),
            ...(has(this.values) ? { ExpressionAttributeValues: this.values } : {}),
        };
    }

    private name(attribute: string): string {
        const known = Object.keys(this.names).find((place) => this.names[place] === attribute);
        const place = known ?? `#n${Object.keys(this.names).length}`;
        this.names[place] = attribute;
        return place;
    }

    private value(value: Value): string {
        const place = `:v${Object.keys(this.values).length}`;
        this.values[place] = attributeOf(value);
        return place;
    }
}

const keyOf = ({ partition, sort }: Key) => ({ partition: { S: partition }, sort: { S: sort } });

function attributeOf(value: Value): AttributeValue {
    if (typeof value === "bigint") return { N: String(value) };
    return typeof value === "string" ? { S: value } : { B: value };
}

function plain(item: Record<string, AttributeValue>): Item {
    const valueOf = ({ N, S, B }: AttributeValue): Value => (N === undefined ? (S ?? B!) : BigInt(N));
    return Object.fromEntries(
        Object.entries(item)
            .filter(([name]) => name !== "partition" && name !== "sort")
            .map(([name, value]) => [name, valueOf(value)]),
    );
}

const isFailedCondition = ({ Code }: CancellationReason) => Code === "ConditionalCheckFailed";
const asRefusal = (reason: CancellationReason) =>
    isFailedCondition(reason) ? { item: reason.Item && plain(reason.Item) } : undefined;
/** Another transaction had one of the items, or the table let no more through at this moment. */
const isConflict = ({ Code = "None" }: CancellationReason) =>
    ["None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"].includes(Code);

/** Full jitter, so that those who met do not meet again: up to 5, 10, 20 … 320 ms. */
const pause = (attempt: number) =>
    new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * 2 ** Math.min(attempt, 6)));
