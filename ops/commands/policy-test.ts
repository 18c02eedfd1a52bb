import { type Command, Option } from "commander";

import { addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";
import { pathOption } from "../cli/path-option";
import { deployerProfile } from "../cli/people";
import { type PolicyTestOptions } from "../verify/policy-test";

/** Adds `infra policy-test`: what the snapshots' bucket takes from the agent, and what it refuses (C6). */
export function registerPolicyTest(program: Command, host: Host): void {
    addStackCommand<PolicyTestOptions>(program, host, {
        name: "policy-test",
        description:
            "try with the keys of agent-repo-snapshotter which uploads the snapshots' bucket takes; the keys are " +
            "those that `infra creds snapshotter` names",
        options: [
            new Option("--bucket <name>", "the bucket; default: the stack's"),
            new Option("--prefix <prefix>", "what keys begin with; default: the stack's"),
            new Option("--all", "also: outside the prefix, beside it, no TLS, a customer's key, a list of everything"),
            new Option("--directory <path>", "the folder of .env").argParser(pathOption).default("."),
            deployerProfile("without one, what the agent may not remove is named and stays"),
        ],
        examples: [
            ["infra policy-test --stack dev", "the three cases in the stack's bucket"],
            [
                "infra policy-test --stack dev --all --directory ../repo-snapshotter",
                "the wider set, keys from its .env",
            ],
            ["infra policy-test --stack prod --bucket B --prefix scans/", "without reading the stack's outputs"],
        ],
        run: async (context, options) => (await import("../verify/policy-test")).policyTest(context, options),
    });
}
