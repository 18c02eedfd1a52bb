// What every test needs. `npx mocha FILE` runs that file and nothing else: one of tests/cluster with a cluster, which it
// starts and takes down again. Which files there are to run says `npm test`.
const named = (folder) => process.argv.some((word) => word.includes(`tests/${folder}/`));

module.exports = {
    require: [
        "ts-node/register/transpile-only",
        "tests/support/environment.ts",
        ...(named("cluster") ? ["tests/support/cluster/suite.ts"] : []),
    ],
    reporter: "tests/support/reporter.js",
    extension: ["ts"],
    timeout: named("cluster") || named("rotation") ? 120_000 : 30_000,
    "forbid-only": true,
    exit: true,
};
