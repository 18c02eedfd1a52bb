import { TestPostgres } from "./support/postgres";
import { InfraCheckout } from "./support/infra";
import { execSync } from "node:child_process";
it("pty", async function () { this.timeout(60000);
  const p = await TestPostgres.start();
  const c = new InfraCheckout({ dev: { "aws:region": "us-east-1", "aws:allowedAccountIds": ["111111111111"], "platform:environment": "dev", "platform:services": ["clinical-ai"], "platform:clinical-ai": { database: { sources: { a: "source" } } } } });
  try {
    await p.as("postgres", (x) => x.query("create table cai_defined_sources(name text, config jsonb); insert into cai_defined_sources values ('a','{}')"));
    const url = `postgresql://postgres:${encodeURIComponent("superuser's password").replace(/'/g, "%27")}@localhost:${p.port}/postgres`;
    for (const [input, args] of [["n", "set"], ["\\x03", "set"], ["y", "set"], ["", "show"]]) {
      console.log("=====", input, args);
      console.log(execSync(`(sleep 1.5; printf '${input}${input === "n" || input === "y" ? "\\n" : ""}'; sleep 1.5) | CLINICAL_AI_DATABASE_URL='${url}' script -qec '${c.folder}/bin/infra.js buckets ${args} --stack dev; echo exit $?' /dev/null`, { encoding: "utf8", shell: "/bin/bash" }));
    }
    console.log(execSync(`cat ${c.folder}/.infra/audit.jsonl`, { encoding: "utf8" }));
  } finally { await p.stop(); c.remove(); }
});
