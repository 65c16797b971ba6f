import { z } from "zod";

/** Longest label value and DNS label that Kubernetes takes. */
export const LABEL_MAX = 63;

export const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "wanted a DNS label (lower case letters, digits and -)")
  .max(LABEL_MAX);

/** A pool's name is part of a label value, before a dash and a hash of ten digits. */
const POOL_NAME_MAX = LABEL_MAX - "-0123456789".length;

export const poolName = dnsLabel.max(
  POOL_NAME_MAX,
  `wanted a pool name of at most ${POOL_NAME_MAX} characters`,
);

/** Kubernetes quantity: a number or a string such as `500m` or `512Gi`. */
export const quantity = z.union([
  z.number().nonnegative(),
  z
    .string()
    .regex(
      /^\d+(\.\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|e\d+)?$/,
      "wanted a Kubernetes quantity such as 500m, 2 or 512Gi",
    ),
]);

export const labels = z.record(z.string(), z.string().max(LABEL_MAX));

/** A node taint, in Kubernetes' own keys. */
export const taint = z.strictObject({
  key: z.string().min(1),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
});

/** A toleration, in Kubernetes' own keys. */
export const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(["Exists", "Equal"]).optional(),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  tolerationSeconds: z.int().optional(),
});

const resourceList = z.strictObject({ cpu: quantity.optional(), memory: quantity.optional() });

/** `{cpu, memory}` sets request = limit; `{requests, limits}` sets each. */
export const resources = z.strictObject({
  cpu: quantity.optional(),
  memory: quantity.optional(),
  requests: resourceList.optional(),
  limits: resourceList.optional(),
});

/** The start of the message by which the reader of the schema tells "not yet" from "wrong". */
export const NOT_YET = "not yet: ";

/**
 * A key whose name is settled and whose work is not done: using it is an error that says so,
 * since a key that is read and ignored is an outage later.
 * @param what the thing that will come, as it ends the sentence "not yet: …"
 */
export function later(what: string) {
  return z
    .unknown()
    .optional()
    .superRefine((value, context) => {
      if (value !== undefined) context.addIssue({ code: "custom", message: `${NOT_YET}${what}` });
    })
    .describe(`Not yet: ${what}.`)
    .meta({ notYet: true });
}
