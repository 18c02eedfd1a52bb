import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { type ArnScope } from "../../components/arn";
import { type Settings } from "../../stacks/settings";
import { type CommandContext } from "../infra/command";
import { exitCodes, InfraError } from "../infra/errors";
import { type Clients, clientsFor, closeClients } from "../verify/clients";
import { failureInWords } from "../verify/outcome";

/** Who deploys a stack, in one of the stack's accounts. */
export interface Deployer {
    readonly clients: Clients;
    readonly scope: ArnScope;
}

/**
 * Asks AWS whose the deployer's keys are, before any other call.
 *
 * @throws InfraError when there are none, or they belong to an account that is not the stack's
 */
export async function deployer(
    { stack, host }: CommandContext,
    { region, allowedAccountIds }: Pick<Settings, "region" | "allowedAccountIds">,
): Promise<Deployer> {
    const clients = clientsFor(await host.credentials("deployer"), { ...host.aws, region });
    try {
        const { Account = "", Arn = "" } = await clients.sts.send(new GetCallerIdentityCommand({}));
        if (allowedAccountIds.includes(Account)) {
            return { clients, scope: { partition: Arn.split(":")[1], accountId: Account, region } };
        }
        throw new InfraError(
            exitCodes.unreachable,
            `The deployer's keys belong to account ${Account}; stack ${stack} allows ${allowedAccountIds.join(", ")}.`,
            "Log in to the stack's account. Nothing else was asked of AWS.",
        );
    } catch (error) {
        closeClients(clients);
        if (error instanceof InfraError) throw error;
        throw new InfraError(
            exitCodes.unreachable,
            `AWS does not say whose the deployer's keys are: ${failureInWords(error)}.`,
            "Log in to AWS, or see that it can be reached.",
        );
    }
}
