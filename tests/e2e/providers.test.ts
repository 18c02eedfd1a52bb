import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
    constants,
    copyFileSync,
    existsSync,
    linkSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    readlinkSync,
    realpathSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

import execa from "execa";
import * as tar from "tar";
import { parseDocument } from "yaml";

import { installEmulator } from "../../local/aws/install";
import { findEngine } from "../../local/engine";
import { findPart, goPlatform } from "../../local/part";
import { cacheDirectory, root } from "../../local/paths";
import { installProviders, providers } from "../../local/providers";
import { type CheckResult } from "../../ops/verify/target";
import { descendants } from "../support/processes";
import { freePorts, TestCloud } from "../support/test-cloud";

const program = "pulumi-resource-aws";
const { version } = providers.aws;
const { os, arch } = goPlatform();
const archive = `${program}-v${version}-${os}-${arch}.tar.gz`;
/** Where Pulumi publishes the plugin, as a mirror has it. */
const release = `/github.com/pulumi/pulumi-aws/releases/download/v${version}/`;
const list = `pulumi-aws_${version}_checksums.txt`;

/** A local cloud with snapshotter alone, whose bucket has no lifecycle: that takes a minute to make. */
class SmallCloud extends TestCloud {
    /** What says where the plugin comes from. */
    sources: NodeJS.ProcessEnv = {};

    static override async create(): Promise<SmallCloud> {
        const cloud = new SmallCloud(await freePorts(2));
        const document = parseDocument(readFileSync(join(root, "Pulumi.local.yaml"), "utf8"));
        document.setIn(["config", "platform:services"], document.createNode(["snapshotter"]));
        writeFileSync(cloud.stackFile, document.toString());
        return cloud;
    }

    private get stackFile(): string {
        return this.file("Pulumi.local.yaml");
    }

    override get env(): NodeJS.ProcessEnv {
        return { ...super.env, PLATFORM_LOCAL_STACK_FILE: this.stackFile, ...this.sources };
    }

    /** Brings it up, with every check held; returns what was said, and which files ran as the plugin. */
    async deploy(): Promise<{ words: string; ran: string[] }> {
        const running = this.start(["up", "--json"]);
        const ran = new Set<string>();
        const timer = setInterval(
            () => void pluginsBelow(running.pid!).then((paths) => paths.forEach((path) => ran.add(path))),
            300,
        );
        const { exitCode, stdout, stderr } = await running.finally(() => clearInterval(timer));
        assert.equal(exitCode, 0, stderr);
        const { checks, failed } = JSON.parse(stdout) as { checks: CheckResult[]; failed: number };
        assert.equal(failed, 0, stderr);
        assert.ok(checks.length > 20, `${checks.length} checks`);
        return { words: stderr, ran: [...ran] };
    }
}

/** The files of the plugin that run below a process, links followed; none where the system does not tell. */
async function pluginsBelow(pid: number): Promise<string[]> {
    const files = (await descendants(pid)).flatMap((below) => {
        try {
            return [readlinkSync(`/proc/${below.pid}/exe`)];
        } catch {
            // It has ended meanwhile, or this is not Linux.
            return [];
        }
    });
    return files.filter((file) => basename(file) === program);
}

/** Only Linux tells which file a process runs; elsewhere it is proof enough that there is no other plugin to load. */
function assertRan(ran: readonly string[], path: string): void {
    if (process.platform === "linux") assert.deepEqual(ran, [realpathSync(path)]);
}

describe("where the plugin of AWS comes from", function () {
    this.timeout(300_000);
    let folder: string;
    /** The plugin as it was built or downloaded here, with what else its archive holds. */
    let built: string;
    let cloud: SmallCloud;
    const files = new Map<string, Buffer | string>();
    const asked: string[] = [];
    const server = createServer(({ url = "" }, response) => {
        asked.push(url);
        const file = files.get(url);
        if (file === undefined) response.writeHead(404).end();
        else response.end(file);
    });

    before(async function () {
        // It may have to be built first.
        this.timeout(0);
        const { path } = await findPart(providers.aws, {
            cache: cacheDirectory(),
            env: process.env,
            unreachable: new Set(),
        });
        folder = realpathSync(mkdtempSync(join(tmpdir(), "platform-providers-")));
        built = join(folder, "built");
        mkdirSync(built);
        copyFileSync(path, join(built, program), constants.COPYFILE_FICLONE);
        for (const name of ["LICENSE", "README.md"]) copyFileSync(join(root, name), join(built, name));
        publish(await pack(built, ["LICENSE", "README.md", program]));
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        cloud = await SmallCloud.create();
    });
    beforeEach(() => void asked.splice(0));
    after(async () => {
        if (cloud) {
            // With what this machine has.
            cloud.sources = {};
            await cloud.remove();
        }
        server.close();
        rmSync(folder, { recursive: true, force: true });
    });

    async function pack(from: string, names: string[]): Promise<Buffer> {
        const file = join(folder, "packed.tar.gz");
        await tar.create({ gzip: { level: 1 }, cwd: from, file }, names);
        return readFileSync(file);
    }

    /** Puts a release on the server; its list of checksums is of the archive `listed`. */
    function publish(content: Buffer, listed = content): void {
        const sha256 = createHash("sha256").update(listed).digest("hex");
        files.set(release + archive, content);
        files.set(release + list, `${"0".repeat(64)}  ${program}-v${version}-other.tar.gz\n${sha256}  ${archive}\n`);
    }

    const folderOf = (name: string) => {
        mkdirSync(join(folder, name), { recursive: true });
        return join(folder, name);
    };

    /** What tells where the plugin comes from: a user's own Pulumi, still empty, and the server. */
    const sources = (name: string) => ({
        PULUMI_HOME: folderOf(`${name}-home`),
        PLATFORM_DOWNLOAD_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });

    /** Of a machine whose cache has the engine and the emulator, and no plugin. */
    async function machine(name: string) {
        const cache = folderOf(`${name}-cache`);
        const here = cacheDirectory();
        for (const path of [(await findEngine(here)).folder, dirname(dirname(await installEmulator(here)))]) {
            // An engine on PATH is in no cache.
            if (dirname(path) === here) symlinkSync(path, join(cache, basename(path)));
        }
        return { ...sources(name), PLATFORM_CACHE_DIR: cache };
    }

    /** Puts the plugin where a user's own Pulumi installs it. */
    function installFor(home: string): string {
        const place = join(home, "plugins", `resource-aws-v${version}`);
        mkdirSync(place, { recursive: true });
        linkSync(join(built, program), join(place, program));
        return place;
    }

    it("is the official download: the one file of the archive, which the engine loads", async () => {
        cloud.sources = await machine("downloading");
        const { words, ran } = await cloud.deploy();
        assert.match(words, new RegExp(`^  plugin aws ${version}: official download$`, "m"));
        assert.deepEqual(asked, [release + list, release + archive]);
        const kept = join(cloud.sources.PLATFORM_CACHE_DIR!, `${program}-${version}`);
        assert.deepEqual(readdirSync(kept), [program]);
        assertRan(ran, join(kept, program));
    });

    it("is what was downloaded, the next time: nothing is asked for again, and nothing changes", async () => {
        const { words } = await cloud.deploy();
        assert.match(words, new RegExp(`^  plugin aws ${version}: official download, kept in the cache$`, "m"));
        assert.match(words, /Nothing to change: \d+ resources/);
        assert.deepEqual(asked, []);
    });

    it("is the one that the user has, which the engine loads; nothing is asked for", async () => {
        // No other is left to be loaded.
        rmSync(join(cloud.sources.PLATFORM_CACHE_DIR!, `${program}-${version}`), { recursive: true });
        const home = cloud.sources.PULUMI_HOME!;
        const place = installFor(home);
        const { words, ran } = await cloud.deploy();
        assert.ok(words.includes(`  plugin aws ${version}: found in ${home}\n`), words);
        assert.match(words, /Nothing to change: \d+ resources/);
        assert.deepEqual(asked, []);
        assertRan(ran, join(place, program));
    });

    /** A machine that looks for the plugin and deploys nothing; `home` is the engine's. */
    function lookingOnly(name: string) {
        const env = sources(name);
        const cache = folderOf(`${name}-cache`);
        const home = join(folder, `${name}-engine`);
        const install = () => installProviders(["aws"], home, { cache, env, unreachable: new Set() });
        return { userHome: env.PULUMI_HOME, cache, home, install };
    }

    it("is not one that the user's own Pulumi has only half installed", async () => {
        const half = lookingOnly("half");
        const place = installFor(half.userHome);
        const [whole] = await half.install();
        assert.equal(whole.origin, `found in ${half.userHome}`);
        writeFileSync(`${place}.partial`, "");
        const [other] = await half.install();
        assert.equal(other.origin, "official download");
        const loaded = join(half.home, "plugins", basename(place), program);
        assert.equal(realpathSync(loaded), join(half.cache, `${program}-${version}`, program));
    });

    it("is not an archive that the checksums are not of: nothing is installed, nothing built", async () => {
        const official = files.get(release + archive) as Buffer;
        const other = folderOf("other");
        writeFileSync(join(other, program), "#!/bin/sh\necho somebody else's\n", { mode: 0o755 });
        publish(await pack(other, [program]), official);
        const refused = lookingOnly("refused");
        await assert.rejects(
            refused.install(),
            /has the SHA-256 [0-9a-f]{64}, its release says [0-9a-f]{64}\. Nothing was installed/,
        );
        assert.deepEqual(readdirSync(refused.cache), []);
        assert.ok(!existsSync(refused.home));
    });

    it("is not an archive without the program: nothing is installed, nothing built", async () => {
        publish(await pack(built, ["LICENSE", "README.md"]));
        const refused = lookingOnly("without");
        await assert.rejects(refused.install(), new RegExp(`The archive of ${program} holds no file ${program}`));
        assert.deepEqual(readdirSync(refused.cache), []);
        assert.ok(!existsSync(refused.home));
    });

    it("is what to install, in one sentence, for somebody offline without Go", async () => {
        const bin = folderOf("bin");
        const python = (await execa("python3", ["-c", "import sys; print(sys.executable)"])).stdout;
        symlinkSync(python, join(bin, "python3"));
        symlinkSync((await execa("sh", ["-c", "command -v ps"])).stdout, join(bin, "ps"));
        const { exitCode, all } = await cloud.run([], {
            ...(await machine("offline")),
            PATH: bin,
            PLATFORM_DOWNLOAD_URL: "http://127.0.0.1:9",
        });
        assert.equal(exitCode, 1);
        const last = all!.trim().split("\n\n").at(-1)!;
        assert.match(
            last,
            new RegExp(`^${program} [^\n]*cannot be downloaded[^\n]*Install [^\n]*Go 1\\.21 or newer [^\n]*$`),
        );
    });
});
