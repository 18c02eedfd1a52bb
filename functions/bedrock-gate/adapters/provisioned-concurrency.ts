import {
    DeleteProvisionedConcurrencyConfigCommand,
    type LambdaClient,
    PutProvisionedConcurrencyConfigCommand,
} from "@aws-sdk/client-lambda";

import { type KeeperSettings } from "../core/settings";
import { type Instances } from "../readiness";

/** Provisioned concurrency of the gate's alias. Its minimum is 1: to end it, it is deleted. */
export class ProvisionedConcurrency implements Instances {
    constructor(
        private readonly lambda: LambdaClient,
        private readonly settings: NonNullable<KeeperSettings["provisioned"]>,
    ) {}

    async begin(): Promise<void> {
        const { functionName: FunctionName, alias: Qualifier, instances } = this.settings;
        await this.lambda.send(
            new PutProvisionedConcurrencyConfigCommand({
                FunctionName,
                Qualifier,
                ProvisionedConcurrentExecutions: instances,
            }),
        );
    }

    async end(): Promise<void> {
        const { functionName: FunctionName, alias: Qualifier } = this.settings;
        await this.lambda.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }));
    }
}
