import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { type Clients, clientsFor, closeClients, type Connection, type Keys } from "../aws/clients";
import { isRefusal } from "../aws/failures";
import { type PodEnvironment } from "../kubernetes/pods";
import { IdentityRefused, NotGiven, outcomeInWords } from "./outcome";
import { type VerifyTarget } from "./target";

/** An identity of which is known that its keys belong to the stack's account, or why it is not used. */
export interface Identity {
    readonly account?: string;
    /** @throws IdentityRefused when the keys are refused: no call but the one that asks who they are has been made with them */
    clients(): Clients;
    close(): void;
}

/** Asks AWS whose the keys are, and refuses keys of another account than the stack's. */
export async function vet(
    keys: Keys | undefined,
    target: Connection & Pick<VerifyTarget, "accountId">,
): Promise<Identity> {
    if (keys === undefined) return refused("the stack publishes no keys of this service");
    const clients = clientsFor(keys, target);
    try {
        const { Account } = await clients.sts.send(new GetCallerIdentityCommand({}));
        if (Account === target.accountId) {
            return { account: Account, clients: () => clients, close: () => closeClients(clients) };
        }
        closeClients(clients);
        return refused(`keys belong to account ${Account}, not to ${target.accountId}`, Account);
    } catch (error) {
        closeClients(clients);
        const isOfKeys = isRefusal(error);
        return refused(
            isOfKeys ? `AWS does not take key ${keys.accessKeyId} (${(error as Error).name})` : outcomeInWords(error),
        );
    }
}

/** The same for whoever a pod is by the keys of its environment: exactly those, in the region that it says. */
export async function vetEnvironment(resolve: () => Promise<PodEnvironment>, target: VerifyTarget): Promise<Identity> {
    try {
        const { environment } = await resolve();
        const {
            AWS_ACCESS_KEY_ID: accessKeyId,
            AWS_SECRET_ACCESS_KEY: secretAccessKey,
            AWS_REGION: region,
        } = environment;
        if (!accessKeyId || !secretAccessKey) return refused("the pods' environment has no keys");
        if (!region) return refused("the pods' environment has no region");
        const keys = { accessKeyId, secretAccessKey, sessionToken: environment.AWS_SESSION_TOKEN };
        return await vet(keys, { ...target, region });
    } catch (error) {
        return refused(outcomeInWords(error));
    }
}

/** An identity that is not used. */
export function refused(reason: string, account?: string): Identity {
    return {
        account,
        clients: () => {
            throw new IdentityRefused(reason);
        },
        close: () => undefined,
    };
}

/** An identity that whoever verifies has not given. */
export function notGiven(reason: string): Identity {
    return {
        clients: () => {
            throw new NotGiven(reason);
        },
        close: () => undefined,
    };
}
