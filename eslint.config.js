const pulumi = require("@pulumi/eslint-plugin");
const tseslint = require("typescript-eslint");

// Which folder may import which is in .dependency-cruiser.js.
const config = {
    selector: "NewExpression:matches([callee.property.name='Config'], [callee.name='Config'])",
    message: "Only stacks/config.ts reads pulumi.Config.",
};
const providers = {
    selector: "NewExpression:matches([callee.property.name='Provider'], [callee.name='Provider'])",
    message: "Only stacks/providers.ts makes providers.",
};

module.exports = tseslint.config(
    { ignores: ["node_modules/", ".local/", "**/*.js"] },
    ...tseslint.configs.recommended,
    { plugins: { "@pulumi": pulumi }, languageOptions: { parserOptions: { projectService: true } } },
    {
        rules: {
            "@pulumi/no-output-in-template-literal": "error",
            "@pulumi/no-output-instance-in-template-literal": "off",
            "@typescript-eslint/consistent-type-imports": [
                "error",
                { fixStyle: "inline-type-imports", disallowTypeAnnotations: false },
            ],
            "@typescript-eslint/no-floating-promises": "error",
            "@typescript-eslint/no-misused-promises": "error",
            "@typescript-eslint/switch-exhaustiveness-check": "error",
            curly: ["error", "multi-line", "consistent"],
            "no-console": "error",
            "no-duplicate-imports": ["error", { allowSeparateTypeImports: true }],
        },
    },
    {
        files: ["index.ts", "bootstrap/**/*.ts", "stacks/**/*.ts", "components/**/*.ts"],
        rules: { "no-restricted-syntax": ["error", config, providers] },
    },
    { files: ["stacks/config.ts"], rules: { "no-restricted-syntax": ["error", providers] } },
    { files: ["stacks/providers.ts"], rules: { "no-restricted-syntax": ["error", config] } },
    {
        files: ["components/**/*.ts"],
        rules: {
            "no-restricted-globals": ["error", { name: "process", message: "A component reads no environment." }],
        },
    },
);
