import { type Remedies } from "../ops/cli/host";

const start = "npm run local -- --cluster";

/** In the local cloud one command starts, unseals and deploys; what was changed by hand takes a look first. */
export const localRemedies: Remedies = {
    up: start,
    refresh: "npm run local -- pulumi up --refresh --yes --skip-preview",
    kubernetes: start,
    vault: start,
    unseal: start,
    externalSecrets: start,
    reloader: start,
    tools: "npm run local -- ",
    recover: "npm run local -- recover",
};
