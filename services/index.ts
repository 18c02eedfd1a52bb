import { type z } from "zod";

import { clinicalAi } from "./clinical-ai";
import { llmModels } from "./llm-models";
import { mlflow } from "./mlflow";
import { rlStudio } from "./rl-studio";
import { type ServiceFacts } from "./service";
import { snapshotter } from "./snapshotter";

/** Every service, in the order in which they are listed and checked. */
const services = [rlStudio, clinicalAi, snapshotter, mlflow, llmModels] as const;

type Service = (typeof services)[number];
export type ServiceName = Service["name"];

export const serviceNames: readonly ServiceName[] = services.map(({ name }) => name);

/** The settings of each service, under its name in `platform:<service>`. */
export type ServiceSettings = {
    readonly [Name in ServiceName]: z.infer<Extract<Service, { readonly name: Name }>["settings"]>;
};

/** What the stack exports, by service. */
export type ServiceOutputs = {
    readonly [Name in ServiceName]: Readonly<z.infer<Extract<Service, { readonly name: Name }>["outputs"]>>;
};

/** The facts of every service. */
export const serviceFacts = Object.fromEntries(services.map((service) => [service.name, service])) as unknown as {
    readonly [Name in ServiceName]: ServiceFacts<ServiceSettings[Name], ServiceOutputs[Name]>;
};
