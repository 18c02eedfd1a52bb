#!/usr/bin/env node
// Serves the policy pack to the engine: as a program (`--policy-pack policy-pack/serve.js`), and as the module that the
// engine's language host loads (`--policy-pack policy-pack`). esbuild makes one file of the sources in memory, in some
// hundredths of a second, so that there is nothing to build beforehand and nothing that can be out of date.
const { join } = require("node:path");
const { buildSync } = require("esbuild");

// The version in package.json is read from the working directory.
process.chdir(__dirname);
const { outputFiles } = buildSync({
    entryPoints: [join(__dirname, "index.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    packages: "external",
    sourcemap: "inline",
    write: false,
});
module._compile(outputFiles[0].text, join(__dirname, "bundle.js"));
