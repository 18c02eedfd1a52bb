import { resolve } from "node:path";

/** The repository: the stack files and the record of changes are here, from wherever the tool is called. */
export const repository = resolve(__dirname, "..", "..");
