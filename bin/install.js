// Makes node_modules what package-lock.json says, before a command of package.json loads anything from it. Plain
// JavaScript without dependencies, since there may be none yet. Current takes milliseconds. Everything that it says
// goes to standard error: standard output is the command's.
"use strict";

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const { basename, join, resolve } = require("node:path");

const root = resolve(__dirname, "..");
const modules = join(root, "node_modules");
/** What npm writes when an installation is complete: the packages that are there, in the form of package-lock.json. */
const installedFile = join(modules, ".package-lock.json");
const lockFile = join(root, ".install.lock");

const say = (words) => process.stderr.write(`${words}\n`);

/** A failure that a person can do something about: told without a stack. */
class Unready extends Error {}

function readJson(path) {
    return JSON.parse(fs.readFileSync(path, "utf8"));
}

/** Refuses a Node that is older than package.json says. */
function requireNode() {
    const wanted = readJson(join(root, "package.json")).engines.node.replace(/^>=\s*/, "");
    const [major, minor = 0] = wanted.split(".").map(Number);
    const [ownMajor, ownMinor] = process.versions.node.split(".").map(Number);
    if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
    throw new Unready(`This needs Node ${wanted} or newer, and runs on ${process.version}: install a newer one.`);
}

/** Why the packages have to be installed, in words; undefined where all are there as package-lock.json has them. */
function whatIsAmiss() {
    const expected = readJson(join(root, "package-lock.json")).packages;
    let installed;
    try {
        installed = readJson(installedFile).packages;
    } catch (error) {
        return fs.existsSync(modules) ? "node_modules is incomplete" : "there is no node_modules";
    }
    for (const [path, wanted] of Object.entries(expected)) {
        const name = path.replace(/^.*node_modules\//, "");
        const found = installed[path];
        if (path === "" || (!found && wanted.optional && !fitsHere(wanted))) continue;
        if (!found) return `${name} is missing`;
        if (found.version !== wanted.version) return `${name} is ${found.version}, not ${wanted.version}`;
        if (found.integrity !== wanted.integrity) return `${name} is another ${wanted.version}`;
        // What was removed by hand is still in npm's list.
        if (!fs.existsSync(join(root, path, "package.json"))) return `${name} is missing`;
    }
    const extra = Object.keys(installed).find((path) => !(path in expected));
    return extra && `${extra.replace(/^.*node_modules\//, "")} is in node_modules, but not in package-lock.json`;
}

/** Whether npm installs a package on this machine; it leaves out those for other systems. */
function fitsHere({ os, cpu, libc }) {
    return takes(os, process.platform) && takes(cpu, process.arch) && (!libc || libc.includes(libcFamily()));
}

function takes(list, own) {
    if (!list) return true;
    const named = list.filter((one) => !one.startsWith("!"));
    return !list.includes(`!${own}`) && (named.length === 0 || named.includes(own));
}

/** As npm finds it out: a report of Node, which would tell for sure, takes longer than all else here. */
function libcFamily() {
    if (process.platform !== "linux") return undefined;
    try {
        const ldd = fs.readFileSync("/usr/bin/ldd", "utf8");
        if (ldd.includes("musl")) return "musl";
        if (ldd.includes("GNU C Library")) return "glibc";
    } catch (error) {
        // There is none: the report has to tell.
    }
    return process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl";
}

function isAlive(pid) {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return error.code === "EPERM";
    }
}

/** Who installs at this moment: the process that began it, else its npm, which outlives it where it was killed. */
function holder(path = lockFile) {
    try {
        const pids = fs.readFileSync(path, "utf8").split(" ").map(Number);
        return pids.find((pid) => pid > 0 && pid !== process.pid && isAlive(pid));
    } catch (error) {
        return undefined;
    }
}

function tryTo(change) {
    try {
        change();
        return true;
    } catch (error) {
        if (error.code !== "EEXIST" && error.code !== "ENOENT") throw error;
        return false;
    }
}

/** Makes the lock this process's own, and says whether it is: a link is made with its content or not at all. */
function take() {
    const own = `${lockFile}.${process.pid}`;
    const stale = `${own}.stale`;
    fs.writeFileSync(own, String(process.pid), { mode: 0o600 });
    try {
        if (tryTo(() => fs.linkSync(own, lockFile))) return true;
        if (holder() || !tryTo(() => fs.renameSync(lockFile, stale))) return false;
        // Between the look and the renaming somebody else may have made it theirs: then they get it back.
        return tryTo(() => fs.linkSync(holder(stale) ? stale : own, lockFile)) && !holder(stale);
    } finally {
        fs.rmSync(own, { force: true });
        fs.rmSync(stale, { force: true });
    }
}

/** Between npm's tries: by itself it would wait a minute before it says that there is no network. */
const patience = ["--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=10000"];

/** Runs npm to its end, and returns its exit code, what it said, and whether somebody stopped it. */
function npmCi() {
    // --loglevel: `npm run --silent` would silence the errors, too. --include: NODE_ENV=production would leave out tools.
    const words = ["ci", "--include=dev", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
    const args = [...words, "--loglevel=error", "--progress=false", ...patience];
    const own = process.env.npm_execpath || "";
    const ofNpm = basename(own) === "npm-cli.js";
    const child = spawn(ofNpm ? process.execPath : "npm", ofNpm ? [own, ...args] : args, {
        cwd: root,
        stdio: ["ignore", "ignore", "pipe"],
    });
    const renamed = `${lockFile}.${process.pid}`;
    fs.writeFileSync(renamed, `${process.pid} ${child.pid || 0}`, { mode: 0o600 });
    fs.renameSync(renamed, lockFile);

    let said = "";
    let stopped = false;
    child.stderr.on("data", (data) => (said += data));
    // A terminal sends Ctrl-C to npm as well; a second one does not wait for it.
    const stop = () => {
        child.kill(stopped ? "SIGKILL" : "SIGTERM");
        stopped = true;
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
    const start = Date.now();
    const ticks = setInterval(() => say(`  … ${Math.round((Date.now() - start) / 1000)} s`), 10000);
    return new Promise((done) => {
        child.on("error", (error) => done({ code: 1, said: error.message, stopped }));
        child.on("close", (code) => done({ code, said, stopped }));
    }).finally(() => clearInterval(ticks));
}

/** What npm says where a registry, or the way to it, does not answer. */
const unreachable =
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network/;

async function install(reason) {
    const { packages } = readJson(join(root, "package-lock.json"));
    const count = Object.values(packages).filter((one) => !one.optional || fitsHere(one)).length - 1;
    say(`Installing ${count} packages, since ${reason}: once, about a minute.`);
    const start = Date.now();
    // First of all, so that what is stopped half-way is known for incomplete.
    fs.rmSync(installedFile, { force: true });
    const { code, said, stopped } = await npmCi();
    if (stopped) {
        say("\nStopped. Nothing is lost: run the same command to continue.");
        return 130;
    }
    if (code !== 0) {
        const [cause, fix] = unreachable.test(said)
            ? ["the package registry did not answer", "Check the network, and the registry and proxy in your .npmrc"]
            : ["npm ci failed", "Correct what it says above"];
        throw new Unready(
            `${said.trimEnd()}\n\nThe packages are not installed: ${cause}.\n${fix}, then run the same command.`,
        );
    }
    const amiss = whatIsAmiss();
    // Something optional that could not be had: whoever needs it will say so, and this why.
    if (amiss) say(`npm ci is done, and still ${amiss}.`);
    say(`Installed in ${Math.round((Date.now() - start) / 1000)} s.`);
    return 0;
}

async function main() {
    requireNode();
    let reason = whatIsAmiss();
    if (!reason) return 0;
    for (let waited = false; !take(); waited = true) {
        if (!waited)
            say(`Process ${holder()} installs the packages: waiting for it. (If it is none, remove ${lockFile}.)`);
        await new Promise((done) => setTimeout(done, 300));
    }
    try {
        reason = whatIsAmiss();
        return reason ? await install(reason) : 0;
    } finally {
        fs.rmSync(lockFile, { force: true });
    }
}

main().then(
    (code) => (process.exitCode = code),
    (error) => {
        say(error instanceof Unready ? error.message : error.stack);
        process.exitCode = 1;
    },
);
