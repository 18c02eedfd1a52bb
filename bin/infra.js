#!/usr/bin/env node
// Plain JavaScript, since Node starts it from any folder: it makes Node understand the TypeScript behind it.
const { resolve } = require("node:path");

const root = resolve(__dirname, "..");
require("ts-node").register({ cwd: root, projectSearchDir: root, transpileOnly: true });
require("../ops/commands/main");
