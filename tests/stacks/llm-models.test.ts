import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { RecordingMocks } from "../support/mocks";
import { runProgram, stackConfig } from "../support/stack-files";

const claude = "anthropic.claude-3-haiku-20240307-v1:0";

/** What stack dev, with llm-models alone and changed settings, warns of, and of which resource. */
async function warnings(changed: object): Promise<[resource: string | undefined, message: string][]> {
    const found: [string | undefined, string][] = [];
    const { warn } = pulumi.log;
    const log = pulumi.log as { warn: typeof warn };
    log.warn = (message, resource) => {
        found.push([(resource as { __name?: string } | undefined)?.__name, message]);
        return Promise.resolve();
    };
    try {
        const dev = stackConfig("dev");
        const section = { ...(dev["platform:llm-models"] as object), ...changed };
        const config = { ...dev, "platform:services": ["llm-models"], "platform:llm-models": section };
        await runProgram(new RecordingMocks(), config, { stack: "dev" });
    } finally {
        log.warn = warn;
    }
    return found;
}

describe("llm-models warns of a budget that does not count what its models cost", () => {
    const profile = (modelId: string) => [
        { profileId: `us.${modelId}`, modelId, destinationRegions: ["us-east-1", "us-west-2"] },
    ];

    it("for a model that is sold through AWS Marketplace, once, with the cause and the fix", async () => {
        const [[resource, message], ...others] = await warnings({
            models: ["amazon.nova-micro-v1:0", claude],
            inferenceProfiles: profile(claude),
        });
        assert.deepEqual(others, []);
        assert.equal(resource, "llm-models-budget");
        assert.match(message, /^The budget does not count anthropic\.claude-3-haiku-20240307-v1:0: AWS sells/);
        assert.match(message, /llm-models\.budgetServices\.$/);
    });

    it("for one behind an inference profile", async () => {
        const found = await warnings({ inferenceProfiles: profile("openai.gpt-5.6-terra") });
        assert.equal(found.length, 1);
    });

    for (const [what, changed] of Object.entries({
        "where no model is": {},
        "for open weights of a provider that has both": { models: ["openai.gpt-oss-120b-1:0"] },
        "once a service is named beside the default": {
            models: [claude],
            budgetServices: ["Amazon Bedrock", "Claude 3 Haiku (Amazon Bedrock Edition)"],
        },
    })) {
        it(`not ${what}`, async () => assert.deepEqual(await warnings(changed), []));
    }
});
