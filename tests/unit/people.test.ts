import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";

import { Command } from "commander";

import { deployerProfile, operatorProfile } from "../../ops/cli/people";
import { repositoryHost } from "../../ops/stack/repository-host";

describe("an AWS profile that is named", () => {
    /** With credentials of a container in the environment; how often they were asked for. */
    async function inContainer(env: NodeJS.ProcessEnv, work: () => Promise<unknown>): Promise<number> {
        const before = { ...process.env };
        const given = {
            AccessKeyId: "CONTAINER",
            SecretAccessKey: "s",
            Token: "t",
            Expiration: new Date(Date.now() + 3_600_000).toISOString(),
        };
        let asked = 0;
        const server = createServer((_request, response) => {
            asked++;
            response.end(JSON.stringify(given));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as AddressInfo;
        for (const name of Object.keys(before).filter((name) => name.startsWith("AWS_"))) delete process.env[name];
        Object.assign(process.env, {
            AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/`,
            AWS_CONFIG_FILE: "/dev/null",
            AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
            ...env,
        });
        try {
            await work();
        } finally {
            process.env = before;
            server.closeAllConnections();
            server.close();
        }
        return asked;
    }

    it("and does not exist is refused: nobody else's credentials are taken", async () => {
        const refused = { exitCode: 3, reason: /credentials of the operator: .*mistyped/ };
        for (const [env, profile] of [
            [{}, "mistyped"],
            [{ AWS_PROFILE: "mistyped" }, undefined],
        ] as const) {
            const ask = () => assert.rejects(repositoryHost.credentials("operator", profile), refused);
            assert.equal(await inContainer(env, ask), 0);
        }
    });

    it("is not needed where a container has credentials", async () => {
        const ask = async () => {
            assert.equal((await repositoryHost.credentials("operator")).accessKeyId, "CONTAINER");
        };
        assert.equal(await inContainer({}, ask), 1);
    });

    it("does not come before keys in the environment, as for the engine: both are named", async () => {
        const keys = { AWS_ACCESS_KEY_ID: "AKIAOFENVIRONMENT000", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "" };
        const write = process.stderr.write;
        let words = "";
        process.stderr.write = (text) => ((words += String(text)), true);
        try {
            const ask = async () => {
                assert.deepEqual(await repositoryHost.credentials("deployer"), {
                    accessKeyId: "AKIAOFENVIRONMENT000",
                    secretAccessKey: "s",
                });
                // The one that the command line names is meant.
                await assert.rejects(repositoryHost.credentials("deployer", "mistyped"), /mistyped/);
            };
            assert.equal(await inContainer({ ...keys, AWS_PROFILE: "other" }, ask), 0);
        } finally {
            process.stderr.write = write;
        }
        assert.match(words, /AWS_ACCESS_KEY_ID is AKIAOFENVIRONMENT000\) and AWS_PROFILE=other\./);
    });

    it("has a name: an empty one is wrong usage, not the default profile", () => {
        for (const option of [deployerProfile("without"), operatorProfile()]) {
            const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
            command.addOption(option).action(() => undefined);
            assert.throws(() => command.parse([option.long!, ""], { from: "user" }), /names no profile/);
        }
    });
});
