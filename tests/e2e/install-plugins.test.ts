import assert from "node:assert/strict";
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as tar from "tar";

import { findEngine } from "../../local/engine";
import { installPlugins } from "../../local/install-plugins";
import { cacheDirectory } from "../../local/paths";
import { versions } from "../../local/versions";

const names = Object.keys(versions.plugins) as (keyof typeof versions.plugins)[];
const folderOf = (name: keyof typeof versions.plugins) => `resource-${name}-v${versions.plugins[name]}`;

describe("provider plugins", function () {
    this.timeout(60_000);
    let place: string;
    let engine: string;
    let server: Server;
    let asked: string[];

    before(async () => {
        engine = (await findEngine(cacheDirectory())).folder;
        const content = mkdtempSync(join(tmpdir(), "plugin-release-"));
        const archives = new Map<string, Buffer>();
        for (const name of names) {
            writeFileSync(join(content, `pulumi-resource-${name}`), "#!/bin/sh\necho official\n");
            chmodSync(join(content, `pulumi-resource-${name}`), 0o755);
            await tar.create({ gzip: true, cwd: content, file: join(content, "a.tar.gz") }, [
                `pulumi-resource-${name}`,
            ]);
            archives.set(name, readFileSync(join(content, "a.tar.gz")));
        }
        rmSync(content, { recursive: true });
        server = createServer((request, response) => {
            asked.push(`${request.method} ${request.url}`);
            const name = /pulumi-resource-([a-z]+)-v/.exec(request.url ?? "")?.[1];
            if (name && archives.has(name)) response.end(archives.get(name));
            else response.writeHead(request.method === "HEAD" ? 200 : 404).end();
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    beforeEach(() => {
        place = mkdtempSync(join(tmpdir(), "plugins-"));
        asked = [];
    });
    afterEach(() => rmSync(place, { recursive: true, force: true }));
    after(() => server.close());

    const install = (env: NodeJS.ProcessEnv) =>
        installPlugins({
            engine,
            home: join(place, "home"),
            cache: join(place, "cache"),
            env: { PULUMI_HOME: join(place, "user"), ...env },
        });
    const mirror = () => ({
        PLATFORM_PLUGIN_DOWNLOAD_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
    const programOf = (name: keyof typeof versions.plugins) =>
        readFileSync(join(place, "home", "plugins", folderOf(name), `pulumi-resource-${name}`), "utf8");

    it("are the official ones where they can be downloaded, kept for the next time", async () => {
        const plugins = await install(mirror());
        assert.deepEqual(
            plugins.map(({ name, origin, standIn }) => [name, origin, standIn]),
            names.map((name) => [name, "official download", false]),
        );
        for (const name of names) assert.match(programOf(name), /official/);
        asked = [];
        assert.ok((await install(mirror())).every(({ standIn }) => !standIn));
        assert.deepEqual(asked, []);
    });

    it("are the user's own where there are some, and nothing is asked for", async () => {
        for (const name of names) {
            const folder = join(place, "user", "plugins", folderOf(name));
            mkdirSync(folder, { recursive: true });
            writeFileSync(join(folder, `pulumi-resource-${name}`), "mine");
        }
        assert.ok((await install(mirror())).every(({ origin }) => origin === `found in ${join(place, "user")}`));
        assert.deepEqual(asked, []);
        for (const name of names) assert.equal(programOf(name), "mine");
    });

    it("are stand-ins, named so, where no server can be reached; they stay out of the user's home", async () => {
        const plugins = await install({ PLATFORM_PLUGIN_DOWNLOAD_URL: "http://127.0.0.1:9" });
        assert.ok(plugins.every(({ standIn, origin }) => standIn && origin === "stand-in of this repository"));
        for (const name of names) assert.match(programOf(name), new RegExp(`stand-ins\\.cjs' ${name} `));
        assert.ok(!existsSync(join(place, "user")));
    });

    it("give way to the official ones as soon as these can be had", async () => {
        await install({ PLATFORM_PLUGIN_DOWNLOAD_URL: "http://127.0.0.1:9" });
        await install(mirror());
        for (const name of names) {
            assert.ok(lstatSync(join(place, "home", "plugins", folderOf(name))).isSymbolicLink());
            assert.match(programOf(name), /official/);
        }
    });

    it("that an interrupted installation left half-done are not taken", async () => {
        const folder = join(place, "user", "plugins", folderOf("aws"));
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, "pulumi-resource-aws"), "half");
        writeFileSync(`${folder}.partial`, "");
        const plugins = await install({ PLATFORM_PLUGIN_DOWNLOAD_URL: "http://127.0.0.1:9" });
        assert.ok(plugins.find(({ name }) => name === "aws")?.standIn);
    });
});
