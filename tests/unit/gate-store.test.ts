import { MemoryStore } from "../../functions/bedrock-gate/adapters/memory-store";
import { storeContract } from "../support/gate/store-contract";

describe("the gate's table in memory", () => storeContract(() => new MemoryStore()));
