import { PolicyPack } from "@pulumi/policy";

import { policyOf } from "./engine";
import { rules } from "./rules";

new PolicyPack("ai-service-platform", { policies: rules.map(policyOf), enforcementLevel: "mandatory" });
