import { fromEnv } from "@aws-sdk/credential-provider-env";

import { control, task } from "./control";
import { keeperGround } from "./ground";

const ground = keeperGround(process.env.KEEPER_SETTINGS ?? "{}", fromEnv());

/** The keeper: a function of its own, with other rights than the gate's. */
export const handler = async (event: unknown) => (await control(task.parse(event), ground)) ?? null;
