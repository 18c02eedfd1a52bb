import type * as pulumi from "@pulumi/pulumi";

/** A service's outputs as the program has them: each value plain or yet to come. */
export type Lifted<Outputs> = { readonly [Key in keyof Outputs]: pulumi.Input<Outputs[Key]> };
