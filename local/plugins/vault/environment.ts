// Imported before Vault's client: what that client, or what it is built on, would take from the environment.

// It prints every request, token and all, when DEBUG asks for it.
delete process.env["DEBUG"];

// It would reach this machine by way of a proxy; Vault's own client never does.
const direct = [process.env["no_proxy"] ?? process.env["NO_PROXY"], "localhost", "127.0.0.1", "::1"];
process.env["no_proxy"] = direct.filter(Boolean).join(",");
