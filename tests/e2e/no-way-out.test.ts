import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { installEmulator } from "../../local/aws/install";
import { findEngine } from "../../local/engine";
import { findPart } from "../../local/part";
import { cacheDirectory } from "../../local/paths";
import { providers } from "../../local/providers";
import { type CheckResult } from "../../ops/verify/target";
import { Namespace, type Watched } from "../support/namespace";
import { freePorts, TestCloud } from "../support/test-cloud";

/** A cloud with the emulator's port and the next, the proxy's. */
class LonelyCloud extends TestCloud {
    static override async create(): Promise<LonelyCloud> {
        return new LonelyCloud(await freePorts(2));
    }

    /** What the proxy was asked for beyond this machine, as long as the cloud is there. */
    get refused(): string[] {
        const log = join(this.folder, "aws.log");
        const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n") : [];
        return lines.filter((line) => line.includes("refused to leave this machine"));
    }
}

// The whole committed stack, and not a small one: each AWS service has an endpoint of its own that may be forgotten.
describe("a local stack where only 127.0.0.1 can be reached", function () {
    this.timeout(300_000);
    let cloud: LonelyCloud;
    let namespace: Namespace;

    before(async function () {
        const opened = await Namespace.open();
        if (typeof opened === "string") {
            this.test!.parent!.tests[0].title += ` (${opened})`;
            this.skip();
        }
        namespace = opened;
        // Only what is installed already can be used in there. It may have to be built first.
        this.timeout(0);
        const cache = cacheDirectory();
        await findEngine(cache);
        await installEmulator(cache);
        await findPart(providers.aws, { cache, env: process.env, unreachable: new Set() });
        cloud = await LonelyCloud.create();
    });
    after(async () => {
        await namespace?.close();
        // From outside, where the emulator that a failed test has left has the same process id; otherwise it is gone.
        await cloud?.remove();
    });

    /** Runs `npm run local -- <args>` there. */
    const local = (...args: string[]): Promise<Watched> =>
        namespace.run(process.execPath, ["-r", "ts-node/register/transpile-only", "local/cli.ts", ...args], cloud.env);

    /** Fails unless it succeeded, and nothing went to another machine or asked for one. */
    function assertStayed({ exitCode, stdout, stderr, lookups, departures }: Watched): void {
        assert.deepEqual(
            { exitCode, lookups, departures, refused: cloud.refused },
            { exitCode: 0, lookups: [], departures: 0, refused: [] },
            stdout + stderr,
        );
    }

    it("is deployed and verified, with no name looked up and nothing sent elsewhere", async () => {
        const up = await local("up", "--json");
        assertStayed(up);
        const { checks, failed } = JSON.parse(up.stdout) as { checks: CheckResult[]; failed: number };
        assert.ok(failed === 0 && checks.every(({ ok }) => ok), up.stderr);
        assert.ok(checks.length > 100, `${checks.length} checks`);
    });

    it("is refreshed in the same way", async () => {
        assertStayed(await local("pulumi", "refresh", "--yes", "--skip-preview"));
    });

    it("would be found out by the name that it looks up, however it does that", async () => {
        const ask = (call: string) => namespace.run(process.execPath, ["-e", `require("node:dns").${call}`]);
        assert.deepEqual((await ask('lookup("sts.amazonaws.com", () => {})')).lookups, ["sts.amazonaws.com"]);
        assert.deepEqual((await ask('resolve4("api.pulumi.com", () => {})')).lookups, ["api.pulumi.com"]);
    });

    it("would be found out by the address that it calls, as that of an instance's metadata", async () => {
        // A kernel without IPv6 has no such file, and no such way out.
        for (const address of ["169.254.169.254", ...(existsSync("/proc/net/snmp6") ? ["fd00:ec2::254"] : [])]) {
            const call = `require("node:net").connect(80, "${address}").on("error", () => {})`;
            assert.ok((await namespace.run(process.execPath, ["-e", call])).departures > 0, address);
        }
    });

    it("would be found out by the host that it asks the proxy for", async () => {
        const call = `require("node:http")
            .request({ port: ${cloud.port + 1}, method: "CONNECT", path: "s3.us-east-1.amazonaws.com:443" })
            .on("connect", ({ statusCode }) => process.exit(console.log(statusCode)))
            .end()`;
        assert.equal((await namespace.run(process.execPath, ["-e", call])).stdout, "403");
        assert.deepEqual(cloud.refused, [
            "refused to leave this machine: CONNECT s3.us-east-1.amazonaws.com:443 HTTP/1.1",
        ]);
    });

    it("is taken down in the same way", async () => {
        assertStayed(await local("down"));
        assert.ok(!existsSync(cloud.folder));
    });
});
