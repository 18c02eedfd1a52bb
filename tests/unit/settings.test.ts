import assert from "node:assert/strict";

import { secretsProviderFault } from "../../stacks/secrets-provider";
import { parseSettings, SettingsError } from "../../stacks/settings";

const valid = {
    environment: "dev",
    region: "us-east-1",
    allowedAccountIds: ["111111111111"],
    services: ["rl-studio"],
};

function faults(values: Record<string, unknown>): string[] {
    try {
        parseSettings(values);
    } catch (error) {
        assert.ok(error instanceof SettingsError);
        return error.message.split("\n").slice(1);
    }
    return [];
}

describe("settings", () => {
    it("fills the section of a chosen service with its defaults", () => {
        assert.deepEqual(parseSettings(valid)["rl-studio"], {
            noncurrentVersionDays: 30,
            adopt: { bucket: [], user: [] },
            accessKeys: { generations: [1], published: 1 },
        });
    });

    it("leaves a service that is not chosen without a section", () => {
        assert.equal(parseSettings(valid)["llm-models"], undefined);
    });

    it("lists every fault in one message: path, what was given, what is expected", () => {
        assert.deepEqual(
            faults({
                environment: "development",
                region: "nowhere",
                allowedAccountIds: ["12"],
                services: ["rl-studio", "llm-models", "billing"],
                "rl-studio": { accessKeys: { generations: [2, 1], published: 3 }, colour: "red" },
                "llm-models": {
                    models: ["meta.llama3-1-70b-instruct-v1:0"],
                    monthlyLimitUsd: 50,
                    alertPercent: 120,
                    alertEmails: ["nobody"],
                },
                extra: 1,
            }),
            [
                '  - environment: got "development"; expected one of "dev"|"staging"|"prod"',
                '  - region: got "nowhere"; an AWS region such as us-east-1',
                '  - allowedAccountIds.0: got "12"; an AWS account id of twelve digits',
                '  - services.2: got "billing"; expected one of "rl-studio"|"clinical-ai"|"snapshotter"|"mlflow"|"llm-models"',
                "  - rl-studio.accessKeys.generations: got [2,1]; ascending generations",
                "  - rl-studio.accessKeys.published: got 3; one of the generations",
                "  - rl-studio.colour: unknown key; remove it or correct its spelling",
                "  - llm-models.alertPercent: got 120; Too big: expected number to be <=100",
                '  - llm-models.alertEmails.0: got "nobody"; Invalid email address',
                "  - extra: unknown key; remove it or correct its spelling",
            ],
        );
    });

    it("names each missing setting of a chosen service that has no default", () => {
        assert.deepEqual(faults({ ...valid, services: ["snapshotter", "llm-models"] }), [
            "  - snapshotter.image: missing; expected string",
            "  - llm-models.models: missing; expected array",
            "  - llm-models.monthlyLimitUsd: missing; expected number",
            "  - llm-models.alertPercent: missing; expected number",
            "  - llm-models.alertEmails: missing; expected array",
        ]);
    });

    it("refuses a service that is named twice", () => {
        assert.deepEqual(faults({ ...valid, services: ["mlflow", "mlflow"] }), [
            '  - services: got ["mlflow","mlflow"]; each service once',
        ]);
    });

    it("refuses an image without a digest, whose content could change", () => {
        assert.match(
            faults({ ...valid, services: ["snapshotter"], snapshotter: { image: "a:latest" } })[0],
            /by digest/,
        );
    });

    it("refuses dynamic keys that live shorter than three refreshes", () => {
        const identity = { mode: "vaultDynamic", ttlSeconds: 299, refreshSeconds: 100 };
        assert.match(
            faults({ ...valid, "clinical-ai": { identity } })[0],
            /^ {2}- clinical-ai\.identity\.ttlSeconds: got 299/,
        );
        assert.deepEqual(faults({ ...valid, "clinical-ai": { identity: { ...identity, ttlSeconds: 300 } } }), []);
    });

    it("refuses a setting of another identity mode", () => {
        const identity = { mode: "podIdentity", clusterName: "main", oidcIssuer: "example.com" };
        assert.match(faults({ ...valid, "clinical-ai": { identity } })[0], /oidcIssuer: unknown key/);
    });
});

describe("secrets provider of production", () => {
    it("takes a KMS key", () => {
        assert.equal(secretsProviderFault("secretsprovider: awskms://alias/state?region=us-east-1\n"), undefined);
    });

    it("refuses a passphrase, also beside a key", () => {
        const text = "secretsprovider: awskms://alias/state\nencryptionsalt: v1:abc\n";
        assert.match(secretsProviderFault(text)!, /passphrase, expected a KMS key/);
    });

    it("refuses the absence of a provider and every other one", () => {
        assert.match(secretsProviderFault("config: {}\n")!, /secretsprovider is missing/);
        assert.match(secretsProviderFault("secretsprovider: passphrase\n")!, /secretsprovider is passphrase/);
    });
});
