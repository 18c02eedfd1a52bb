import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
    AttachUserPolicyCommand,
    CreateAccessKeyCommand,
    CreatePolicyCommand,
    CreateUserCommand,
} from "@aws-sdk/client-iam";
import { CreateBucketCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { AwsClient } from "aws4fetch";
import { Agent, request } from "undici";

import { localCertificate } from "../../local/aws/certificate";
import { installEmulator } from "../../local/aws/install";
import { localAccount, rootCredentials, type Server, startServer, stopServer } from "../../local/aws/server";
import { cacheDirectory } from "../../local/paths";
import { type Clients, clientsFor, closeClients, type Keys } from "../../ops/aws/clients";
import { disagreements } from "../access/disagreements";
import { matricesOf, type Matrix } from "../access/matrix";
import { placesOf, stranger } from "../access/places";
import { runStack, scope } from "../access/stacks";
import { type WireCase, wireCases } from "../access/wire-cases";
import { freePorts } from "../support/test-cloud";

/** The world of a stack in a local AWS, with a key of each of its users. */
class LocalWorld {
    private readonly agent: Agent;
    private readonly keys = new Map<string, Keys>();

    constructor(
        private readonly server: Server,
        private readonly clients: Clients,
    ) {
        this.agent = new Agent({ connect: { ca: readFileSync(server.caBundle) } });
    }

    async make({ world }: Matrix, buckets: readonly string[]): Promise<void> {
        const { s3, iam } = this.clients;
        for (const Bucket of buckets) await s3.send(new CreateBucketCommand({ Bucket }));
        for (const { arn, policy } of world.resources) {
            const Bucket = arn.slice("arn:aws:s3:::".length);
            if (!buckets.includes(Bucket)) continue;
            await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: inLocalAccount(policy.document) }));
        }
        for (const { arn, kind, policies } of world.identities) {
            if (kind !== "user" || arn === stranger) continue;
            const UserName = arn.slice(arn.lastIndexOf("/") + 1);
            await iam.send(new CreateUserCommand({ UserName }));
            for (const [index, { document }] of policies.entries()) {
                const PolicyName = `${UserName}-${index}`;
                const made = new CreatePolicyCommand({ PolicyName, PolicyDocument: inLocalAccount(document) });
                const { Policy } = await iam.send(made);
                await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: Policy!.Arn }));
            }
            const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
            this.keys.set(arn, { accessKeyId: key!.AccessKeyId!, secretAccessKey: key!.SecretAccessKey! });
        }
    }

    /** `allowed`, also where what is asked for is not there; `denied`; or the status and code of another error. */
    async answer({ request: { principal }, wire }: WireCase): Promise<string> {
        const { service, method, path, headers, body } = wire;
        const url = `${this.server.endpoint}${path}`;
        const keys = this.keys.get(principal);
        const signed = keys
            ? await new AwsClient({ ...keys, service, region: scope.region }).sign(url, { method, headers, body })
            : undefined;
        const { statusCode, body: answer } = await request(url, {
            method,
            headers: signed ? Object.fromEntries(signed.headers) : headers,
            body,
            dispatcher: this.agent,
        });
        const text = await answer.text();
        if (statusCode < 300 || statusCode === 404) return "allowed";
        const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? text;
        return statusCode === 403 && refusals.test(code) ? "denied" : `${statusCode} ${code}`;
    }

    async close(): Promise<void> {
        closeClients(this.clients);
        await this.agent.close();
    }
}

/** AWS asks anonymous callers to sign. */
const refusals = /^(AccessDenied(Exception)?|MissingAuthenticationToken)$/;

/** The emulator has one account. */
const inLocalAccount = (document: object) => JSON.stringify(document).replaceAll(scope.accountId, localAccount);

describe("who may do what, asked of the local AWS", function () {
    this.timeout(300_000);
    const folder = mkdtempSync(join(tmpdir(), "platform-access-"));
    let world: LocalWorld;
    const asked: { readonly one: WireCase; readonly answer: string; readonly agrees: boolean }[] = [];

    before(async () => {
        const certificate = await localCertificate(join(folder, "tls"));
        const python = await installEmulator(cacheDirectory());
        const server = await startServer(folder, python, await freePorts(2), certificate);
        world = new LocalWorld(server, clientsFor(rootCredentials, { ...server, region: scope.region }));
        const stack = await runStack("dev", "as committed");
        const [matrix] = await matricesOf(stack);
        const buckets = Object.values(placesOf(stack).buckets).flatMap((arn) => [arn, `${arn}-2`]);
        await world.make(
            matrix,
            buckets.map((arn) => arn.slice("arn:aws:s3:::".length)),
        );
        const users = new Set(matrix.world.identities.map(({ arn }) => arn));
        const ours = (resource: string) => buckets.includes(resource.split("/")[0]) || users.has(resource);
        for (const one of wireCases(matrix, ours)) {
            if (one.request.principal === stranger) continue;
            const answer = await world.answer(one);
            asked.push({ one, answer, agrees: answer === (one.expected.allowed ? "allowed" : "denied") });
        }
    });
    after(async () => {
        await world?.close();
        await stopServer(folder);
        rmSync(folder, { recursive: true, force: true });
    });

    const told = ({ one, answer }: (typeof asked)[number]) =>
        `${JSON.stringify(one.request)}: ${answer}, not ${one.expected.allowed ? "allowed" : "denied"} by ${one.expected.by ?? "no statement"}`;

    it("is as expected, but for what is recorded", () => {
        const unrecorded = asked.filter(
            ({ one, answer, agrees }) =>
                !agrees && !disagreements.some(({ where, answers }) => where(one.request) && answers === answer),
        );
        assert.deepEqual(unrecorded.map(told), []);
        assert.ok(asked.length > 300 && asked.filter(({ one }) => one.expected.allowed).length > 40, `${asked.length}`);
    });

    for (const { because, where, answers } of disagreements) {
        it(`still disagrees: ${because}`, () => {
            const meant = asked.filter(({ one }) => where(one.request));
            assert.ok(meant.length > 0, "no case is meant");
            const agreeing = meant.filter(({ answer, agrees }) => agrees || answer !== answers);
            assert.deepEqual(agreeing.map(told), []);
        });
    }
});
