import { type Register } from "../cli/program";
import { registerAdopt } from "./adopt";
import { registerAffected } from "./affected";
import { registerBuckets } from "./buckets";
import { registerBudget } from "./budget";
import { registerCompletion } from "./completion";
import { registerCosts } from "./costs";
import { registerCreds } from "./creds";
import { registerDoctor } from "./doctor";
import { registerEndpoints } from "./endpoints";
import { registerEnv } from "./env";
import { registerFleet } from "./fleet";
import { registerGate } from "./gate";
import { registerHistory } from "./history";
import { registerKey } from "./key";
import { registerMigrate } from "./migrate";
import { registerPolicyTest } from "./policy-test";
import { registerReport } from "./report";
import { registerRotate } from "./rotate";
import { registerStatus } from "./status";
import { registerVerify } from "./verify";

/** Every command: each adds itself to the program, and loads what it needs only when it runs. */
export const commands: readonly Register[] = [
    registerStatus,
    registerEnv,
    registerVerify,
    registerPolicyTest,
    registerDoctor,
    registerReport,
    registerAdopt,
    registerRotate,
    registerCreds,
    registerMigrate,
    registerBudget,
    registerCosts,
    registerGate,
    registerBuckets,
    registerEndpoints,
    registerAffected,
    registerFleet,
    registerHistory,
    registerKey,
    registerCompletion,
];
