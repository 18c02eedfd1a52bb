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
            "test with the keys of agent-repo-snapshotter which uploads the snapshots bucket accepts; uses the keys " +
            "that `infra creds snapshotter` shows",
        options: [
            new Option("--bucket <name>", "the bucket; default: the stack's"),
            new Option("--prefix <prefix>", "the prefix of the keys; default: the stack's"),
            new Option(
                "--all",
                "more cases: outside the prefix, a sibling prefix, no TLS, a customer-provided key, a list without a prefix",
            ),
            new Option("--directory <path>", "the folder of .env").argParser(pathOption).default("."),
            deployerProfile("without it, objects that the agent may not delete are listed and remain"),
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
