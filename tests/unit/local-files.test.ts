import assert from "node:assert/strict";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cachedFolder } from "../../local/files";
import { alone } from "../../local/lock";
import { cacheDirectory, localPort } from "../../local/paths";
import { pulumiEnvironment } from "../../local/pulumi";
import { describeChanges, lastChanges } from "../../local/summary";
import { satisfies } from "../../local/versions";
import { writeAtomically } from "../../ops/common/files";

/** A process id that no process has: above the largest that Linux and macOS give. */
const deadPid = 4_194_305;

describe("files of the local cloud", () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "local-files-"))));
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it("writes secrets for their owner only, and leaves nothing else behind", () => {
        const path = join(folder, "deep", "secret");
        writeAtomically(path, "value");
        assert.equal(statSync(path).mode & 0o777, 0o600);
        assert.deepEqual(readdirSync(join(folder, "deep")), ["secret"]);
    });

    it("keeps no folder of a failed installation", async () => {
        const failing = cachedFolder(join(folder, "tool-1.0"), async (target) => {
            writeFileSync(join(target, "half"), "");
            throw new Error("broken off");
        });
        await assert.rejects(failing, /broken off/);
        assert.deepEqual(readdirSync(folder), []);
    });

    it("removes what a killed installation left, but not what a running one is writing", async () => {
        mkdirSync(join(folder, `.tool-1.0-${deadPid}-abc`));
        mkdirSync(join(folder, `.tool-1.0-${process.pid}-abc`));
        await cachedFolder(join(folder, "tool-1.0"), async (target) => writeFileSync(join(target, "whole"), ""));
        assert.deepEqual(readdirSync(folder).sort(), [`.tool-1.0-${process.pid}-abc`, "tool-1.0"]);
    });

    it("makes a folder once", async () => {
        let made = 0;
        for (let call = 0; call < 2; call++) await cachedFolder(join(folder, "tool-1.0"), async () => void made++);
        assert.equal(made, 1);
    });

    it("makes a folder once though two runs want it at once", async () => {
        let made = 0;
        const make = async () => {
            made++;
            await new Promise((resolve) => setTimeout(resolve, 50));
        };
        const both = [1, 2].map(() => cachedFolder(join(folder, "tool-2.0"), make));
        assert.deepEqual(new Set(await Promise.all(both)), new Set([join(folder, "tool-2.0")]));
        assert.equal(made, 1);
        assert.ok(!existsSync(join(folder, "tool-2.0.lock")));
    });

    it("refuses a second run while the first goes on, and takes over the lock of a killed one", async () => {
        await alone(folder, async () => {
            writeFileSync(join(folder, "lock"), String(process.ppid));
            await assert.rejects(
                alone(folder, async () => undefined),
                new RegExp(`process ${process.ppid}`),
            );
        });
        writeFileSync(join(folder, "lock"), String(deadPid));
        assert.equal(await alone(folder, async () => "done"), "done");
        assert.ok(!existsSync(join(folder, "lock")));
    });

    it("keeps the file as it was when nothing new could be written", () => {
        const path = join(folder, "state");
        writeAtomically(path, "old");
        mkdirSync(`${path}.${process.pid}.tmp`);
        assert.throws(() => writeAtomically(path, "new"));
        assert.equal(readFileSync(path, "utf8"), "old");
    });
});

describe("summary of an update", () => {
    it("is that of the newest in the history", () => {
        const history = [{ kind: "update", resourceChanges: { same: 3 } }, { resourceChanges: { create: 3 } }];
        assert.deepEqual(lastChanges(JSON.stringify(history)), { same: 3 });
        assert.deepEqual(lastChanges("[]"), {});
    });

    it("says that nothing had to change", () => {
        assert.equal(describeChanges({ same: 60 }), "Nothing to change: 60 resources are as in the stack's state.");
        assert.equal(
            describeChanges({ same: 60, create: 0 }),
            "Nothing to change: 60 resources are as in the stack's state.",
        );
    });

    it("counts what did", () => {
        assert.equal(describeChanges({ same: 5, create: 2, update: 1 }), "create 2, update 1, unchanged 5.");
    });
});

describe("versions", () => {
    const cases: [string, string, boolean][] = [
        ["v3.255.0", "3.255.0", true],
        ["3.255.1", "3.255.0", true],
        ["v3.300.0-alpha.1", "3.255.0", true],
        ["v3.254.9", "3.255.0", false],
        ["v4.0.0", "3.255.0", false],
        ["no version", "3.255.0", false],
    ];
    for (const [found, pinned, expected] of cases) {
        it(`${found} ${expected ? "is taken" : "is refused"} where ${pinned} is pinned`, () => {
            assert.equal(satisfies(found, pinned), expected);
        });
    }
});

describe("places", () => {
    it("caches where the operating system says, or where the user does", () => {
        assert.equal(cacheDirectory({ XDG_CACHE_HOME: "/c" }, "linux"), "/c/ai-service-platform");
        assert.match(cacheDirectory({}, "darwin"), /Library\/Caches\/ai-service-platform$/);
        assert.equal(cacheDirectory({ PLATFORM_CACHE_DIR: "/mine" }, "darwin"), "/mine");
    });

    it("refuses a port that is none", () => {
        assert.equal(localPort({}), 4566);
        assert.equal(localPort({ PLATFORM_LOCAL_PORT: "5000" }), 5000);
        for (const port of ["0", "65536", "http", "4566.5"]) {
            assert.throws(() => localPort({ PLATFORM_LOCAL_PORT: port }), /expected a port from 1 to 65535/);
        }
    });

    it("keeps the engine's temporary files from those of other users", () => {
        const folder = mkdtempSync(join(tmpdir(), "local-cloud-"));
        try {
            const env = pulumiEnvironment({
                engine: "/engine",
                home: "/home",
                folder,
                server: { caBundle: "/ca" },
                credentials: { accessKeyId: "id", secretAccessKey: "secret" },
            });
            assert.equal(env.TMPDIR, join(folder, "tmp"));
            assert.equal(statSync(env.TMPDIR).mode & 0o777, 0o700);
        } finally {
            rmSync(folder, { recursive: true });
        }
    });
});
