/** Which folder imports which: index → stacks → components → pure files; the tools share only what knows no Pulumi. */
const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
    forbidden: [
        rule("no-circle", "Files import each other in one direction.", {}, { circular: true }),
        {
            ...rule("no-circle-of-folders", "Folders do, too.", {}, { circular: true }),
            scope: "folder",
        },
        rule("nothing-imports-local", "Only tests do.", { pathNot: "^(local|tests)/" }, { path: "^local/" }),
        rule(
            "nothing-imports-bootstrap",
            "It is a program of its own.",
            { pathNot: "^bootstrap/" },
            { path: "^bootstrap/" },
        ),
        rule(
            "the-policy-pack-stands-alone",
            "It judges what the program registers and takes nothing from it; only tests import it.",
            { path: "^policy-pack/", pathNot: "^policy-pack/serve\\.js$" },
            { pathNot: "^(policy-pack/|node_modules/@pulumi/policy/)" },
        ),
        rule(
            "nothing-imports-the-policy-pack",
            "Only its document and tests do. What names say of values is one list, for whoever looks for secrets.",
            { pathNot: "^(policy-pack|schema|tests)/" },
            { path: "^policy-pack/", pathNot: "^policy-pack/secret-name\\.ts$" },
        ),
        rule(
            "rules-compute",
            "Of the pack, two files know the engine; the rules are pure.",
            { path: "^policy-pack/", pathNot: "^policy-pack/(engine|index)\\.ts$" },
            { path: "^node_modules/@pulumi/", reachable: true },
        ),
        rule(
            "the-program-needs-no-tool",
            "Nothing that deploys depends on what operators run.",
            { path: "^(index\\.ts$|stacks/)", pathNot: "^stacks/clinical-ai/foreign-secret\\.ts$" },
            { path: "^ops/" },
        ),
        rule(
            "the-program-needs-one-client",
            "It asks the cluster what no provider can be asked.",
            { path: "^stacks/clinical-ai/foreign-secret\\.ts$" },
            { path: "^ops/", pathNot: "^ops/kubernetes/(client|access)\\.ts$" },
        ),
        rule(
            "components-know-no-service",
            "They know AWS, Vault and Kubernetes, and read no environment.",
            { path: "^components/" },
            { path: "^(index\\.ts$|services/|stacks/|ops/|(node:)?process$)" },
        ),
        rule(
            "components-know-no-other-component",
            "What two of them need stands beside them.",
            { path: "^components/([^/]+)/" },
            { path: "^components/[^/]+/", pathNot: "^components/$1/" },
        ),
        rule(
            "services-are-facts",
            "They make no calls.",
            { path: "^services/" },
            { path: "^(stacks/|ops/|node_modules/@aws-sdk/)" },
        ),
        rule(
            "pure-files-know-no-pulumi",
            "Of a component, only these files register resources: what is beside them is pure.",
            {
                path: "^(components/|stacks/(settings|secrets-provider|placeholders)\\.ts$)",
                pathNot:
                    "^components/(validation|[^/]+/(index|vault|kubernetes|shared|guard|deny|control|front|topic|alarms))\\.ts$",
            },
            { path: "^node_modules/@pulumi/", reachable: true },
        ),
        rule(
            "tools-know-no-pulumi",
            "Nor anything that imports it: they start without it.",
            { path: "^(services|ops|local|functions)/" },
            { path: "^node_modules/@pulumi/", reachable: true },
        ),
        rule(
            "functions-run-in-aws",
            "They take pure files with them, and nothing that deploys or that operators run.",
            { path: "^functions/" },
            { path: "^(index\\.ts$|stacks/|ops/|local/)" },
        ),
        rule(
            "cores-of-functions-compute",
            "They need no network, no AWS and no clock: their own files, what computes from what it is given, and types.",
            { path: "^functions/[^/]+/core/" },
            {
                pathNot:
                    "^(functions/[^/]+/core/|node_modules/(zod|canonicalize|@smithy/eventstream-codec)/|(node:)?crypto$)",
                dependencyTypesNot: ["type-only"],
            },
        ),
    ],
    options: {
        doNotFollow: { path: "^node_modules" },
        exclude: { path: "^(tests|\\.local)/" },
        // Types, too: what only types tie together is tied all the same.
        tsPreCompilationDeps: true,
        tsConfig: { fileName: "tsconfig.json" },
    },
};
