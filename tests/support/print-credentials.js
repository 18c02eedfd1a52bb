// Writes into the file named last what an AWS SDK finds by itself: keys, or why there are none.
const { writeFileSync } = require("node:fs");
const { defaultProvider } = require("@aws-sdk/credential-provider-node");

const write = (found) => writeFileSync(process.argv.at(-1), JSON.stringify(found));
defaultProvider({ timeout: 1000, maxRetries: 0 })().then(
    ({ accessKeyId, secretAccessKey, sessionToken }) => write({ accessKeyId, secretAccessKey, sessionToken }),
    (error) => write({ error: error.message }),
);
