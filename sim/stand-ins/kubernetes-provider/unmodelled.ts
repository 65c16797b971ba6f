import type { JsonMap } from "../plugin/protobuf.ts";
import { annotation, annotationIsTrue } from "./object.ts";

/** Why inputs are refused; `property` is "" when the reason lies outside them. */
export interface CheckFailure {
  property: string;
  reason: string;
}

const install = "the stand-in Kubernetes provider does not model it: install the official plugin";

/** What an object asks of the official plugin and would silently not get here. */
export function unmodelledAnnotations(inputs: JsonMap): CheckFailure[] {
  const asked = [
    annotation(inputs, "pulumi.com/waitFor") === undefined ? undefined : "pulumi.com/waitFor",
    annotationIsTrue(inputs, "pulumi.com/replaceUnready") ? "pulumi.com/replaceUnready" : undefined,
  ];
  return asked
    .filter((name) => name !== undefined)
    .map((name) => ({
      property: `metadata.annotations["${name}"]`,
      reason: `annotation ${name} is set and ${install}`,
    }));
}

/** What a provider's options or environment ask of the official plugin and would silently not get here. */
export function unmodelledOptions(inputs: JsonMap, environment: NodeJS.ProcessEnv): CheckFailure[] {
  const said = (key: string, variable: string): string => {
    const value = inputs[key];
    const given = value === undefined || value === null ? environment[variable] : value;
    return given === undefined ? "" : typeof given === "string" ? given : JSON.stringify(given);
  };
  const refused: [key: string, isAsked: boolean, what: string][] = [
    [
      "renderYamlToDirectory",
      !["", "false"].includes(said("renderYamlToDirectory", "PULUMI_K8S_RENDER_YAML_TO_DIRECTORY")),
      "rendering to files",
    ],
    [
      "enableServerSideApply",
      said("enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY") === "false",
      "client-side apply",
    ],
    ["strictMode", said("strictMode", "PULUMI_K8S_STRICT_MODE") === "true", "strict mode"],
    ["", environment["PULUMI_K8S_AWAIT_ALL"] === "true", "waiting for every kind (PULUMI_K8S_AWAIT_ALL)"],
  ];
  return refused
    .filter(([, isAsked]) => isAsked)
    .map(([property, , what]) => ({ property, reason: `${what} is asked for and ${install}` }));
}
