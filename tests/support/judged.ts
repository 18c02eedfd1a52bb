import { type Resource } from "../../policy-pack/rule";
import { type RecordingMocks } from "./mocks";

/** What was registered, as the policy pack sees it: with the outputs' names for what Pulumi makes up, there are none. */
export const judged = (mocks: RecordingMocks): Resource[] =>
    mocks.resources.map(({ type, name, inputs, options }) => ({ type, name, props: inputs, protect: options.protect }));
