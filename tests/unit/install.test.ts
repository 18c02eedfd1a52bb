import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";

import { root } from "../../local/paths";

interface Package {
    readonly version: string;
    readonly integrity: string;
    readonly optional?: boolean;
    readonly os?: readonly string[];
    readonly libc?: readonly string[];
}

const one: Package = { version: "1.0.0", integrity: "sha512-one" };
const two: Package = { version: "2.0.0", integrity: "sha512-two" };
const elsewhere: Package = { version: "1.0.0", integrity: "sha512-else", optional: true, os: ["aix"] };

/** What npm makes of the lock file on this system. */
const install = `
    const all = Object.entries(JSON.parse(fs.readFileSync("package-lock.json", "utf8")).packages);
    const packages = Object.fromEntries(all.filter(([path, { os }]) => path && !(os && os.includes("aix"))));
    for (const path in packages) {
        fs.mkdirSync(path, { recursive: true });
        fs.writeFileSync(path + "/package.json", "{}");
    }
    fs.writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages }));`;

/** A checkout with a lock file, and a stand-in for npm. */
class Checkout {
    readonly folder = mkdtempSync(join(tmpdir(), "install-"));

    constructor(packages: Readonly<Record<string, Package>>) {
        mkdirSync(join(this.folder, "bin"));
        copyFileSync(join(root, "bin", "install.js"), join(this.folder, "bin", "install.js"));
        this.write("package.json", { engines: { node: ">=20.19" } });
        this.lock(packages);
        this.npm();
    }

    lock(packages: Readonly<Record<string, Package>>): void {
        this.write("package-lock.json", { packages: { "": {}, ...within(packages) } });
    }

    /** What npm leaves behind when it is done. */
    installed(packages: Readonly<Record<string, Package>>): void {
        mkdirSync(join(this.folder, "node_modules"), { recursive: true });
        this.write("node_modules/.package-lock.json", { packages: within(packages) });
        for (const name of Object.keys(packages)) this.put(name);
    }

    put(name: string): void {
        mkdirSync(join(this.folder, "node_modules", name), { recursive: true });
        this.write(`node_modules/${name}/package.json`, { name });
    }

    /**
     * The stand-in for npm notes each run, and does after some milliseconds what JavaScript says.
     *
     * @param code @default installs what fits this system
     */
    npm({ code = install, after = 0 }: { code?: string; after?: number } = {}): void {
        const noted = `fs.appendFileSync("runs", process.argv.slice(2).join(" ") + "\\n");`;
        const script = `const fs = require("fs"); ${noted} setTimeout(() => { ${code} }, ${after});`;
        writeFileSync(join(this.folder, "npm-cli.js"), script);
    }

    get runs(): string[] {
        const file = join(this.folder, "runs");
        return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    }

    start(env: NodeJS.ProcessEnv = {}): execa.ExecaChildProcess {
        return execa(process.execPath, [join(this.folder, "bin", "install.js")], {
            env: { npm_execpath: join(this.folder, "npm-cli.js"), ...env },
            reject: false,
        });
    }

    write(path: string, content: object): void {
        writeFileSync(join(this.folder, path), JSON.stringify(content));
    }
}

function within(packages: Readonly<Record<string, Package>>): Record<string, Package> {
    return Object.fromEntries(Object.entries(packages).map(([name, one]) => [`node_modules/${name}`, one]));
}

async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((done) => setTimeout(done, 20));
}

describe("bin/install.js", () => {
    let checkout: Checkout;

    beforeEach(() => {
        checkout = new Checkout({ one, "@scope/two": two, elsewhere });
    });
    afterEach(() => rmSync(checkout.folder, { recursive: true }));

    it("installs into a bare clone, says why on standard error, and not again", async () => {
        const first = await checkout.start();
        assert.equal(first.exitCode, 0, first.stderr);
        assert.match(first.stderr, /^Installing 2 packages, since there is no node_modules: once/);
        assert.match(first.stderr, /^Installed in \d+ s\.$/m);
        assert.equal(first.stdout, "");
        assert.match(checkout.runs.join(), /^ci --include=dev --ignore-scripts /);
        const second = await checkout.start();
        assert.deepEqual([second.exitCode, second.stdout, second.stderr], [0, "", ""]);
        assert.equal(checkout.runs.length, 1);
        assert.ok(!existsSync(join(checkout.folder, ".install.lock")));
    });

    const faults: readonly [string, (of: Checkout) => void, RegExp][] = [
        [
            "is of another version",
            (of) => of.lock({ one: { ...one, version: "1.0.1" } }),
            /one is 1\.0\.0, not 1\.0\.1/,
        ],
        ["has other content", (of) => of.lock({ one: { ...one, integrity: "x" } }), /one is another 1\.0\.0/],
        ["is new in the lock file", (of) => of.lock({ one, "@scope/two": two, three: two }), /three is missing/],
        ["is no longer in the lock file", (of) => of.lock({ one }), /@scope\/two is in node_modules, but not in/],
        [
            "was removed by hand",
            (of) => rmSync(join(of.folder, "node_modules", "one"), { recursive: true }),
            /one is missing/,
        ],
        [
            "is optional, for this system, and missing",
            (of) => of.lock({ one, "@scope/two": two, here: { ...elsewhere, os: [process.platform] } }),
            /here is missing/,
        ],
        [
            "was left over from a killed installation",
            (of) => rmSync(join(of.folder, "node_modules", ".package-lock.json")),
            /node_modules is incomplete/,
        ],
    ];
    for (const [what, change, words] of faults) {
        it(`installs anew where a package ${what}`, async () => {
            checkout.installed({ one, "@scope/two": two });
            assert.deepEqual((await checkout.start()).stderr, "");
            change(checkout);
            const { stderr, exitCode } = await checkout.start();
            assert.equal(exitCode, 0);
            assert.match(stderr, words);
            assert.equal(checkout.runs.length, 1);
        });
    }

    it("names the network where the registry does not answer", async () => {
        checkout.npm({ code: `console.error("npm error code ENOTFOUND"); process.exit(1)` });
        const { stderr, exitCode } = await checkout.start();
        assert.equal(exitCode, 1);
        assert.match(stderr, /^npm error code ENOTFOUND$/m);
        assert.match(
            stderr,
            /The packages are not installed: the package registry did not answer\.\nCheck the network/,
        );
    });

    it("hands on what npm says of any other failure", async () => {
        checkout.npm({ code: `console.error("npm error code EUSAGE"); process.exit(1)` });
        const { stderr, exitCode } = await checkout.start();
        assert.equal(exitCode, 1);
        assert.match(stderr, /^npm error code EUSAGE\n\nThe packages are not installed: npm ci failed\.$/m);
    });

    it("is stopped by Ctrl-C, with npm, and the next run begins anew", async () => {
        checkout.installed({ one });
        checkout.npm({ code: `fs.writeFileSync("pid", String(process.pid)); setInterval(() => 0, 1000)` });
        const running = checkout.start();
        const pidFile = join(checkout.folder, "pid");
        await until(() => existsSync(pidFile) && readFileSync(pidFile, "utf8") !== "");
        running.kill("SIGINT");
        const { stderr, exitCode } = await running;
        assert.equal(exitCode, 130);
        assert.match(stderr, /Stopped\. Nothing is lost: run the same command to continue\.$/);
        assert.throws(() => process.kill(Number(readFileSync(pidFile, "utf8")), 0), /ESRCH/);
        checkout.npm();
        assert.match((await checkout.start()).stderr, /since node_modules is incomplete/);
    });

    it("installs once where two commands begin together", async () => {
        checkout.npm({ after: 500 });
        const both = await Promise.all([checkout.start(), checkout.start()]);
        assert.deepEqual(
            both.map(({ exitCode }) => exitCode),
            [0, 0],
        );
        assert.equal(checkout.runs.length, 1);
        assert.match(both.map(({ stderr }) => stderr).join("\n"), /Process \d+ installs the packages: waiting for it/);
    });

    it("takes over the lock of a killed run, and waits for the npm that it left", async () => {
        const gone = await execa(process.execPath, ["-p", "process.pid"]);
        const npm = execa(process.execPath, ["-e", "setTimeout(() => 0, 700)"]);
        writeFileSync(join(checkout.folder, ".install.lock"), `${gone.stdout} ${npm.pid}`);
        const { stderr, exitCode } = await checkout.start();
        assert.equal(exitCode, 0);
        assert.match(stderr, new RegExp(`^Process ${npm.pid} installs the packages: waiting for it`));
        assert.equal(checkout.runs.length, 1);
    });

    it("refuses an older Node", async () => {
        checkout.write("package.json", { engines: { node: ">=99.1" } });
        const { stderr, exitCode } = await checkout.start();
        assert.equal(exitCode, 1);
        assert.match(stderr, /^This needs Node 99\.1 or newer, and runs on v/);
    });
});

describe("package.json", () => {
    it("installs what is missing before every command that needs packages", () => {
        const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
            scripts: Record<string, string>;
        };
        const others = Object.entries(scripts).filter(([, command]) => !command.startsWith("node bin/install.js && "));
        assert.deepEqual(others, [["check", "npm run format && npm run lint && npm run types"]]);
    });
});
