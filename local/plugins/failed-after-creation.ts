import type { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** Carries what is already known of a resource whose creation failed half-way. */
export class FailedAfterCreation extends Error {
    constructor(
        readonly reason: unknown,
        readonly id: string,
        readonly outputs: Struct,
        readonly inputs: Struct,
    ) {
        super("failed after creation");
    }
}
