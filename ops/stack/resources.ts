import { serviceFacts, type ServiceName, type ServiceSettings } from "../../services";
import { type AwsResource, namesIn } from "../../services/resources";
import { type Settings } from "../../stacks/settings";

/** What a service that a stack's settings list consists of in AWS, deployed or not. */
export function resourcesOf<Name extends ServiceName>(service: Name, settings: Settings): AwsResource[] {
    const { [service]: section }: Partial<ServiceSettings> = settings;
    return serviceFacts[service].resources(section!, namesIn(settings.environment));
}
