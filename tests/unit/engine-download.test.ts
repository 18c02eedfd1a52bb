import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as tar from "tar";

import { checksumOf, Unavailable, Unreachable } from "../../local/download";
import { findEngine } from "../../local/engine";
import { downloadEngine, releasePlatform } from "../../local/engine/download";
import { versions } from "../../local/versions";

/** Plays the download server; the engine in it is a script that knows its version. */
describe("official download of the engine, played by a local server", () => {
    let folder: string;
    let server: Server;
    let release: Buffer;
    let answer: RequestListener;
    const archive = `pulumi-v${versions.pulumi}-${releasePlatform()}.tar.gz`;

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "engine-download-"));
        mkdirSync(join(folder, "pulumi"));
        writeFileSync(join(folder, "pulumi", "pulumi"), `#!/bin/sh\necho v${versions.pulumi}\n`);
        writeFileSync(join(folder, "pulumi", "pulumi-language-nodejs"), "#!/bin/sh\n");
        for (const name of ["pulumi", "pulumi-language-nodejs"]) chmodSync(join(folder, "pulumi", name), 0o755);
        await tar.create({ gzip: true, cwd: folder, file: join(folder, "release.tar.gz") }, ["pulumi"]);
        release = readFileSync(join(folder, "release.tar.gz"));
        server = createServer((request, response) => answer(request, response));
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    after(() => {
        server.close();
        rmSync(folder, { recursive: true, force: true });
    });

    const serve =
        (checksum: string): RequestListener =>
        (request, response) => {
            if (request.url?.endsWith("-checksums.txt")) {
                response.end(`${"0".repeat(64)}  other\n${checksum}  ${archive}\n`);
            } else if (request.url?.endsWith(archive)) {
                response.end(release);
            } else {
                response.writeHead(404).end();
            }
        };
    const mirror = () => ({
        PATH: "",
        PLATFORM_DOWNLOAD_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    });
    const checksum = () => createHash("sha256").update(release).digest("hex");

    it("is taken where nothing is on PATH, and found in the cache afterwards", async () => {
        answer = serve(checksum());
        const cache = join(folder, "cache");
        const engine = await findEngine(cache, mirror());
        assert.equal(engine.origin, "official download");
        assert.ok(existsSync(join(engine.folder, "pulumi-language-nodejs")));
        answer = () => assert.fail("asked again");
        assert.match((await findEngine(cache, mirror())).origin, /kept in the cache/);
    });

    it("is not asked for where PATH has the pinned version", async () => {
        answer = () => assert.fail("asked");
        const engine = await findEngine(join(folder, "unused"), { ...mirror(), PATH: join(folder, "pulumi") });
        assert.deepEqual(engine, { folder: join(folder, "pulumi"), origin: "on PATH" });
    });

    it("refuses content that is not the release's, and installs nothing", async () => {
        answer = serve("f".repeat(64));
        const cache = join(folder, "refused");
        await assert.rejects(findEngine(cache, mirror()), /has the SHA-256 [0-9a-f]{64}, its release says f{64}/);
        assert.ok(!existsSync(join(cache, `pulumi-${versions.pulumi}`)));
    });

    it("refuses a release without a checksum", async () => {
        answer = (_request, response) => response.end("");
        await assert.rejects(
            downloadEngine(join(folder, "none"), () => undefined, mirror()),
            /lists no checksum/,
        );
    });

    for (const status of [403, 404, 503]) {
        it(`takes another way, and says why, where the answer is ${status}`, async () => {
            answer = (_request, response) => response.writeHead(status).end();
            await assert.rejects(
                downloadEngine(join(folder, "none"), () => undefined, mirror()),
                (error: Error) => error instanceof Unavailable && error.message.includes(`answered ${status}`),
            );
        });
    }

    it("ends in order after Ctrl-C before the answer, and takes no other way", () => {
        const script = `
            const { listenForInterrupts } = require("./ops/common/interrupt");
            const { Interrupted } = require("./ops/common/errors");
            listenForInterrupts();
            const server = require("node:http").createServer(() => process.kill(process.pid, "SIGINT"));
            server.listen(0, "127.0.0.1", async () => {
                const error = await require("./local/download")
                    .download("http://127.0.0.1:" + server.address().port)
                    .catch((error) => error);
                process.exit(error instanceof Interrupted ? 42 : 1);
            });`;
        const { status } = spawnSync(process.execPath, ["-r", "ts-node/register/transpile-only", "-e", script]);
        assert.equal(status, 42);
    });

    it("says that a download broke off", async () => {
        const whole = serve(checksum());
        answer = (request, response) => {
            if (!request.url?.endsWith(archive)) return whole(request, response);
            response.writeHead(200, { "content-length": String(release.length) });
            response.write(release.subarray(0, 10));
            setTimeout(() => response.destroy(), 20);
        };
        await assert.rejects(
            downloadEngine(join(folder, "none"), () => undefined, mirror()),
            /broke off/,
        );
    });

    it("takes another way where the server cannot be reached", async () => {
        const nobody = { PLATFORM_DOWNLOAD_URL: "http://127.0.0.1:9" };
        await assert.rejects(
            downloadEngine(join(folder, "none"), () => undefined, nobody),
            Unreachable,
        );
    });
});

describe("names of the release's files", () => {
    it("are known for Linux and macOS on two processors, and refused elsewhere", () => {
        assert.equal(releasePlatform("linux", "x64"), "linux-x64");
        assert.equal(releasePlatform("darwin", "arm64"), "darwin-arm64");
        assert.throws(() => releasePlatform("win32", "x64"), /no engine for win32-x64/);
        assert.throws(() => releasePlatform("linux", "s390x"), /no engine for linux-s390x/);
    });

    it("are found in a checksum list by their whole name", () => {
        const list = "aa  pulumi-v1.tar.gz.sig\nbb *pulumi-v1.tar.gz\n";
        assert.equal(checksumOf(list, "pulumi-v1.tar.gz"), "bb");
        assert.equal(checksumOf(list, "pulumi-v2.tar.gz"), undefined);
    });
});
