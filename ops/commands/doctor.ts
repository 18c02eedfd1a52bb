import { Argument, type Command, Option } from "commander";

import { serviceNames } from "../../services";
import { addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";
import { deployerProfile } from "../cli/people";
import { type DoctorOptions } from "../doctor/command";

/** Adds `infra doctor`: what is wrong with services and with who deploys them, why, and the fix (A6, B8). */
export function registerDoctor(program: Command, host: Host): void {
    addStackCommand<DoctorOptions>(program, host, {
        name: "doctor",
        description:
            "what is wrong, why, and the command that fixes it: the deployer's account and permissions, regions, access " +
            "keys, and clinical-ai's way of keys in its cluster; changes nothing. VAULT_TOKEN opens Vault",
        arguments: [new Argument("[service]", "which service; default: all of the stack").choices(serviceNames)],
        options: [
            deployerProfile("default: whoever is logged in"),
            new Option("--kubeconfig <path>", "the kubeconfig; default: the stack's, else kubectl's"),
            new Option("--context <name>", "its context; default: the stack's, else the current one"),
        ],
        examples: [
            ["infra doctor --stack dev", "every service"],
            ["infra doctor rl-studio --stack dev --deployer-profile platform-dev", "one of them, as that deployer"],
            ["infra doctor clinical-ai --stack prod --json | jq '.findings[].fix'", "the fixes"],
        ],
        run: async (context, options, service) => (await import("../doctor/command")).doctor(context, options, service),
    });
}
