import { z } from "zod";

/** Longest label value and DNS label that Kubernetes takes. */
export const LABEL_MAX = 63;

/** Longest DNS subdomain. */
const SUBDOMAIN_MAX = 253;

/** Longest label key: a subdomain, a slash and a name. */
const LABEL_KEY_MAX = SUBDOMAIN_MAX + 1 + LABEL_MAX;

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

/** Cores: a number or a string such as `500m`. */
export const cpu = z.union([
  z.number().nonnegative(),
  z.string().regex(/^(\d+(\.\d{1,3})?|\d+m)$/, "wanted cores such as 2, 0.5 or 500m"),
]);

/** Bytes: a whole number or a string such as `512Gi`. */
export const memory = z.union([
  z.int({ error: "wanted whole bytes, or a unit such as 512Gi" }).nonnegative(),
  z.string().regex(/^(\d+|\d+(\.\d+)?([kMGTPE]|[KMGTPE]i))$/, "wanted memory such as 512Gi, 500M or bytes"),
]);

const LABEL_VALUE_WORDS = "wanted a label value (letters, digits, -, _ and .)";
const LABEL_KEY =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** What a label may hold, and not nothing. */
export const labelValue = z
  .string()
  .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, LABEL_VALUE_WORDS)
  .max(LABEL_MAX);

const labelValueOrNone = z
  .string()
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/, LABEL_VALUE_WORDS)
  .max(LABEL_MAX);

const labelKey = z
  .string()
  .regex(LABEL_KEY, "wanted a label key such as example.com/rack")
  .max(LABEL_KEY_MAX);

export const labels = z.record(labelKey, labelValueOrNone);

/** Names of nodes and of most other objects. */
export const subdomain = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    "wanted a DNS name (lower case letters, digits, - and .)",
  )
  .max(SUBDOMAIN_MAX);

/** Name of an environment variable that every Kubernetes takes. */
export const envName = z
  .string()
  .regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/, "wanted the name of an environment variable");

/** An environment variable of an operand, in Kubernetes' own keys. */
export const envVar = z.strictObject({ name: envName, value: z.string() });

/** A node taint, in Kubernetes' own keys. */
export const taint = z.strictObject({
  key: labelKey,
  value: labelValueOrNone.optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
});

/** A toleration, in Kubernetes' own keys and by the rules of its API server. */
export const toleration = z
  .strictObject({
    key: labelKey.optional(),
    operator: z.enum(["Exists", "Equal"]).optional(),
    value: labelValueOrNone.optional(),
    effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
    tolerationSeconds: z.int().optional(),
  })
  .superRefine(({ key, operator, value, effect, tolerationSeconds }, context) => {
    const wrong = (at: string, message: string): void => {
      context.addIssue({ code: "custom", path: [at], message });
    };
    if (key === undefined && operator !== "Exists") wrong("operator", "wanted Exists where there is no key");
    if (operator === "Exists" && value !== undefined && value !== "")
      wrong("value", "wanted no value where the operator is Exists");
    if (tolerationSeconds !== undefined && effect !== "NoExecute")
      wrong("tolerationSeconds", "wanted no tolerationSeconds where the effect is not NoExecute");
  });

/** A directory on the nodes. */
export const hostPath = z
  .string()
  .regex(/^(\/[^/\s:]+)+$/, "wanted an absolute path such as /run/nvidia/mps, without a slash at its end");

const resourceList = z.strictObject({ cpu: cpu.optional(), memory: memory.optional() });

/** `{cpu, memory}` sets request = limit; `{requests, limits}` sets each. */
export const resources = z.strictObject({
  cpu: cpu.optional(),
  memory: memory.optional(),
  requests: resourceList.optional(),
  limits: resourceList.optional(),
});

const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const REPOSITORY =
  "([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:\\d+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*";
const DIGEST = "sha256:[0-9a-f]{64}";

/** What stands behind an image's name: a tag or a digest. */
export const version = z
  .string()
  .regex(
    new RegExp(`^(${TAG}|${DIGEST})$`),
    "wanted a tag such as v0.20.0, or a digest (sha256: and 64 hexadecimal digits)",
  );

export const repository = z
  .string()
  .regex(new RegExp(`^${REPOSITORY}$`), "wanted an image without its tag; the tag is `version`");

/** A version where a name is wanted: `1.2@sha256:…` would be an image called 1.2. */
const VERSION_AS_NAME = "v?\\d+(\\.\\d+)+[@:]";

/** A tag, a digest, or a full name with one of the two or neither. */
export const image = z
  .string()
  .regex(
    new RegExp(`^(${TAG}|${DIGEST}|(?!sha256:|${VERSION_AS_NAME})${REPOSITORY}(:${TAG}|@${DIGEST})?)$`),
    "wanted a tag (1.14.2), a full name (pd:1.14.2) or a digest (sha256: and 64 hexadecimal digits)",
  );

/** null is written for "none": it takes away what a hardware class or `appDefaults` gives. */
export function orNone<T extends z.ZodType>(schema: T) {
  return schema
    .nullable()
    .transform((value) => value ?? undefined)
    .optional();
}

/** true or false, also as the text that Pulumi makes of them where it rewrites a stack file. */
export const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")], {
  error: "wanted true or false",
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
