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
            "find what is wrong and why, and name the command that fixes it: the deployer's account and permissions, regions, " +
            "access keys, and key delivery in clinical-ai's cluster; changes nothing. Reads Vault with VAULT_TOKEN",
        arguments: [new Argument("[service]", "the service; default: all services of the stack").choices(serviceNames)],
        options: [
            deployerProfile("default: your AWS login"),
            new Option("--kubeconfig <path>", "the kubeconfig; default: the stack's, else kubectl's"),
            new Option("--context <name>", "its context; default: the stack's, else the current context"),
        ],
        examples: [
            ["infra doctor --stack dev", "every service"],
            ["infra doctor rl-studio --stack dev --deployer-profile platform-dev", "one of them, as that deployer"],
            ["infra doctor clinical-ai --stack prod --json | jq '.findings[].fix'", "the fixes"],
        ],
        run: async (context, options, service) => (await import("../doctor/command")).doctor(context, options, service),
    });
}
