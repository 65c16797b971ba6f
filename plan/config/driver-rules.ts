import { DRIVER_ROOT, driverOf, PREINSTALLED } from "../gpu/driver.ts";
import type { Problem } from "./problem.ts";
import { ruleError } from "./rule-error.ts";
import type { Rule } from "./rules.ts";

/** The zone's hosts have drivers, or they have not: two keys that say so must say the same. */
const driverComesFromOnePlace: Rule = ({ zone, settings, origins }) => {
  const { platform } = settings.cluster;
  const own = settings.gpu.driver;
  const problem = (path: string, wanted: string, got: string, fix: string): Problem =>
    ruleError(zone, origins, path, "GZ003", { message: `wanted ${wanted}, got ${got}`, fix });
  if (platform === PREINSTALLED) {
    const because = "on platform preinstalled, whose hosts have the drivers";
    const modes: [path: string, mode: string | undefined][] = [
      ["gpu.driver.mode", own?.mode],
      ...Object.entries(settings.nodePools).map(([name, { driver }]): [string, string | undefined] => [
        `nodePools.${name}.driver.mode`,
        driver?.mode,
      ]),
    ];
    return [
      ...(own?.enabled === true
        ? [
            problem(
              "gpu.driver.enabled",
              `no driver of ours ${because}`,
              "enabled: true",
              "take enabled out, or set cluster.platform to the distribution of the nodes",
            ),
          ]
        : []),
      ...modes
        .filter(([, mode]) => mode !== undefined && mode !== PREINSTALLED)
        .map(([path, mode]) =>
          problem(
            path,
            `mode preinstalled ${because}`,
            mode ?? "",
            "take mode out, or set cluster.platform to the distribution of the nodes",
          ),
        ),
    ];
  }
  if (own?.enabled === undefined || own.mode === undefined) return [];
  if ((own.mode === PREINSTALLED) !== own.enabled) return [];
  return [
    problem(
      "gpu.driver.mode",
      own.enabled ? "container or precompiled beside enabled: true" : "preinstalled beside enabled: false",
      own.mode,
      "take one of enabled and mode out",
    ),
  ];
};

/** Images of driver containers are tagged with the whole version; a branch alone names precompiled ones. */
const containerHasWholeVersion: Rule = ({ zone, settings, origins }) => {
  if (!settings.gpu.managed) return [];
  const places = Object.entries(settings.nodePools).flatMap(([name, pool]) => {
    const { mode, version } = driverOf(settings, pool);
    if (mode !== "container" || version.includes(".")) return [];
    return [pool.driver?.version === undefined ? "gpu.driver.version" : `nodePools.${name}.driver.version`];
  });
  return [...new Set(places)].map((path) =>
    ruleError(zone, origins, path, "GZ003", {
      message: "wanted a whole version such as 580.178.04 for the driver container, got a part of one",
      fix: "write the whole version, or take mode: precompiled, whose images are named by the branch",
    }),
  );
};

/** A driver container shows its files at one path; operands that look elsewhere find nothing. */
const installDirIsTheDrivers: Rule = ({ zone, settings, origins }) => {
  const directory = settings.gpu.hostPaths?.driverInstallDir ?? DRIVER_ROOT;
  if (!settings.gpu.managed || directory === DRIVER_ROOT) return [];
  const pools = Object.entries(settings.nodePools)
    .filter(([, pool]) => driverOf(settings, pool).mode !== PREINSTALLED)
    .map(([name]) => name);
  return pools.length === 0
    ? []
    : [
        ruleError(zone, origins, "gpu.hostPaths.driverInstallDir", "GZ003", {
          message: `wanted ${DRIVER_ROOT} beside a driver container (${pools.join(", ")}), got ${directory}: the driver shows its files at ${DRIVER_ROOT} and nowhere else`,
          fix: "take driverInstallDir out, or install the drivers on the hosts: driver: { mode: preinstalled }",
        }),
      ];
};

export const driverRules: readonly Rule[] = [
  driverComesFromOnePlace,
  containerHasWholeVersion,
  installDirIsTheDrivers,
];
