import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { buildWithGo, canFetchToolchains } from "../../local/go-build";
import { isAlive } from "../../ops/common/lock";
import { until } from "../support/test-cloud";

describe("building with Go, played by a script,", () => {
    let folder: string;
    let path: string | undefined;

    /** A `go` that is of `version` and notes what GOTOOLCHAIN it builds with. */
    function installGo(version: string): void {
        const script = `#!/bin/sh
if [ "$1" = version ]; then echo "go version ${version} linux/amd64"; else echo "$1 $GOTOOLCHAIN" >>"${folder}/calls"; fi
`;
        writeFileSync(join(folder, "bin", "go"), script);
        chmodSync(join(folder, "bin", "go"), 0o755);
    }

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "go-build-"));
        mkdirSync(join(folder, "bin"));
        mkdirSync(join(folder, "module"));
        path = process.env.PATH;
        process.env.PATH = `${join(folder, "bin")}:${path}`;
        process.env.GOTOOLCHAIN = "local";
    });
    afterEach(() => {
        process.env.PATH = path;
        delete process.env.GOTOOLCHAIN;
        rmSync(folder, { recursive: true, force: true });
    });

    const build = (cancelled?: AbortSignal) => {
        const tool = { module: join(folder, "module"), command: "example.com/tool", binary: "tool" };
        return buildWithGo("tool", [tool], folder, () => undefined, cancelled);
    };

    it("lets an older Go fetch the one that the module names, though the machine's setting forbids it", async () => {
        installGo("go1.21.0");
        await build();
        assert.equal(readFileSync(join(folder, "calls"), "utf8"), "build auto\n");
    });

    it("ends the compiler when it is cancelled", async () => {
        installGo("go1.26.0");
        const go = join(folder, "bin", "go");
        writeFileSync(go, `#!/bin/sh\n[ "$1" = version ] || { echo $$ >"${folder}/pid"; exec sleep 60; }\n`);
        const cancel = new AbortController();
        const building = build(cancel.signal);
        building.catch(() => undefined);
        await until("the compiler", () => existsSync(join(folder, "pid")));
        cancel.abort();
        await assert.rejects(building, /go build of tool failed/);
        assert.ok(!isAlive(Number(readFileSync(join(folder, "pid"), "utf8"))));
    }).timeout(5000);

    it("names a Go that is too old to do that, and what is needed", async () => {
        installGo("go1.20.14");
        await assert.rejects(build(), /too old \(go version go1\.20\.14 .*\. Install Go 1\.21 or newer/);
    });
});

describe("a Go that can fetch a newer one", () => {
    for (const [version, expected] of [
        ["go version go1.20.14 linux/amd64", false],
        ["go version go1.9 linux/amd64", false],
        ["go version go1.21rc2 darwin/arm64", true],
        ["go version go1.26.8 linux/amd64", true],
        ["go version go2.0 linux/amd64", true],
        ["go version devel +0123456789 linux/amd64", true],
    ] as const) {
        it(`${expected ? "is" : "is not"} ${version}`, () => assert.equal(canFetchToolchains(version), expected));
    }
});
