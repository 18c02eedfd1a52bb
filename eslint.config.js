const pulumi = require("@pulumi/eslint-plugin");
const tseslint = require("typescript-eslint");

// Imports go index → stacks → components → pure files; `services` and what the operator's tools share know no Pulumi.
const pulumiPackages = { regex: "^@pulumi/", message: "This folder imports nothing of Pulumi." };
const from = (folder, message) => ({ regex: `^(\\./|(\\.\\./)+)${folder}(/|$)`, message });
const local = from("local", "Nothing imports local/.");
const stacks = from("stacks", "A lower layer imports no stack.");
const ops = from("ops", "The program imports no operator's tool.");
const componentsInside = {
    regex: "^(\\.\\./)+components/(?!(naming|arn|policy-document|bucket-access|did-you-mean)$)(?!.*/(policy|bucket-name|budgets|access-keys|task)$)",
    message: "Of components, the operator's tools import pure files only.",
};
const otherComponent = {
    regex: "^\\.\\./(secure-bucket|scoped-identity|vault-secret-pipeline|bedrock-budget-tier|ecs-task-role)(/|$)",
    message: "A component imports no other component.",
};
const impureStacks = {
    regex: "^(\\.\\./)+stacks/(?!settings$)",
    message: "Of stacks, only the settings are pure.",
};
/** The same lines for `import()` and `require()`; a selector's regular expression has no slash of its own. */
const dynamic = ({ regex, message }) => {
    const name = `/${regex.replaceAll("/", "\\x2F")}/`;
    return [
        { selector: `ImportExpression[source.value=${name}]`, message },
        { selector: `CallExpression[callee.name='require'][arguments.0.value=${name}]`, message },
    ];
};
/** @param rules patterns of imports, and selectors of syntax, that files may not have */
const lines = (files, ...rules) => {
    const patterns = rules.filter(({ regex }) => regex);
    const selectors = [...rules.filter(({ selector }) => selector), ...patterns.flatMap(dynamic)];
    return {
        files,
        rules: {
            "no-restricted-imports": ["error", { patterns }],
            "no-restricted-syntax": ["error", ...selectors],
        },
    };
};
const config = {
    selector: "NewExpression:matches([callee.property.name='Config'], [callee.name='Config'])",
    message: "Only stacks/config.ts reads pulumi.Config.",
};
const providers = {
    selector: "NewExpression:matches([callee.property.name='Provider'], [callee.name='Provider'])",
    message: "Only stacks/providers.ts makes providers.",
};
const pureFiles = [
    "components/{naming,arn,policy-document,bucket-access,did-you-mean}.ts",
    "components/*/{policy,bucket-name,budgets,access-keys,task}.ts",
];
const services = from("services", "A component knows no service.");
const sibling = { regex: "^\\.{1,2}(/index)?$", message: "A pure file does not import the resources beside it." };
const environment = { regex: "^(node:)?process$", message: "A component reads no environment." };

module.exports = tseslint.config(
    { ignores: ["node_modules/", ".local/", "**/*.js"] },
    ...tseslint.configs.recommended,
    { plugins: { "@pulumi": pulumi }, languageOptions: { parserOptions: { projectService: true } } },
    {
        rules: {
            "@pulumi/no-output-in-template-literal": "error",
            "@pulumi/no-output-instance-in-template-literal": "off",
            "@typescript-eslint/no-floating-promises": "error",
            "@typescript-eslint/no-misused-promises": "error",
            "@typescript-eslint/switch-exhaustiveness-check": "error",
            "no-console": "error",
        },
    },
    lines(["index.ts", "stacks/**/*.ts"], local, ops, config, providers),
    lines(["stacks/config.ts"], local, ops, providers),
    // Asks the cluster what no provider can be asked, with the client that the operators' tool asks with.
    lines(["stacks/clinical-ai/foreign-secret.ts"], local, config, providers, {
        regex: "^(\\.\\./)+ops/(?!kubernetes/(client|kubeconfig)$)",
        message: "Of the operators' tools, the program imports the cluster's client only.",
    }),
    lines(["stacks/providers.ts"], local, ops, config),
    lines(["components/**/*.ts"], local, ops, stacks, services, otherComponent, environment, config, providers),
    // A later block takes the place of an earlier one: each names all that holds for its files.
    lines(pureFiles, local, ops, stacks, services, otherComponent, environment, pulumiPackages, sibling),
    lines(["stacks/{settings,secrets-provider}.ts"], local, ops, pulumiPackages, componentsInside, {
        regex: "^\\./(?!settings$)",
        message: "Of stacks, only the settings are pure.",
    }),
    lines(["services/**/*.ts"], local, ops, stacks, pulumiPackages, componentsInside, {
        regex: "^@aws-sdk/",
        message: "A service is facts: it makes no calls.",
    }),
    lines(["ops/**/*.ts"], local, pulumiPackages, componentsInside, impureStacks),
    lines(["local/**/*.ts"], pulumiPackages, componentsInside, impureStacks),
    {
        files: ["components/**/*.ts"],
        rules: {
            "no-restricted-globals": ["error", { name: "process", message: "A component reads no environment." }],
        },
    },
);
