import { environmentName, physicalName } from "../../components/naming";
import { serviceFacts, type ServiceName } from "../../services";
import { type ExistingNames } from "../../services/existing";

/** The names under which something of a service may exist before its stack does. */
export function existingNames(service: ServiceName, environment: string): ExistingNames {
    return serviceFacts[service].existing({
        name: (name) => physicalName(name, environment),
        environmentName: (stem) => environmentName(stem, environment),
    });
}
