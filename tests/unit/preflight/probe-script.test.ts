import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseProbe, type ProbeReport } from "../../../plan/preflight/probe-report.ts";
import { PROBE_SCRIPT } from "../../../plan/preflight/probe-script.ts";

/** Programs of the host that the script may need; nothing else of this machine is seen by it. */
const TOOLS = ["cat", "grep", "head", "od", "sed", "sleep", "timeout", "tr"];

/** A host that is all right: Ubuntu with UEFI, one board, containerd 2. */
const FILES: Readonly<Record<string, string>> = {
  "proc/modules": "nvidia_uvm 1536000 2 - Live 0x0\noverlay 1 2 - Live 0x0\n",
  "proc/sys/fs/inotify/max_user_instances": "8192\n",
  "proc/sys/fs/inotify/max_user_watches": "524288\n",
  "sys/firmware/efi/fw_platform_size": "64\n",
  "sys/bus/pci/devices/0000:00:1e.0/vendor": "0x10de\n",
  "sys/bus/pci/devices/0000:00:1e.0/class": "0x030200\n",
  "sys/bus/pci/devices/0000:00:1f.0/vendor": "0x1d0f\n",
  "sys/bus/pci/devices/0000:00:1f.0/class": "0x030000\n",
  // A sound device of the same vendor is no board.
  "sys/bus/pci/devices/0000:00:1e.1/vendor": "0x10de\n",
  "sys/bus/pci/devices/0000:00:1e.1/class": "0x040300\n",
  "lib/modules/5.15.0-118-generic/build/Makefile": "",
  "etc/containerd/config.toml": 'version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n[plugins]\n',
};
const PROGRAMS: Readonly<Record<string, string>> = {
  uname: "echo 5.15.0-118-generic",
  mokutil: "echo 'SecureBoot disabled'",
  containerd: '[ "$*" = "config dump" ] && printf "version = 3\\n[debug]\\nversion = 9\\n"',
};
const WELL: ProbeReport = {
  kernel: "5.15.0-118-generic",
  secureBoot: false,
  nouveau: false,
  boards: 1,
  hostDriver: "absent",
  headers: "installed",
  containerdFile: 3,
  containerdDump: 3,
  inotifyInstances: 8192,
};

/** Changes to the host: a text or program, or null where it is not there. */
interface Changes {
  readonly files?: Readonly<Record<string, string | Buffer | null>>;
  readonly programs?: Readonly<Record<string, string | null>>;
}

/** A host of another kernel, without its headers, and with another package manager. */
const onRpm = (
  what: string,
  headers: ProbeReport["headers"],
  kernel: string,
  programs: Record<string, string>,
): [what: string, changes: Changes, report: Partial<ProbeReport>] => [
  `${what}, by ${Object.keys(programs).join()}`,
  {
    files: { "lib/modules/5.15.0-118-generic/build/Makefile": null },
    programs: { uname: `echo ${kernel}`, ...programs },
  },
  { headers, kernel },
];
/** A program that is content when it is asked this. */
const asked = (words: string): string => `[ "$*" = "${words}" ] || { echo "asked: $*" >&2; exit 2; }`;

describe("the probe's script, on a host of the test's own", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "gpu-zones-probe-"));
  });

  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  async function seen({ files = {}, programs = {} }: Changes = {}): Promise<ProbeReport | undefined> {
    for (const [path, content] of Object.entries({ ...FILES, ...files })) {
      if (content === null) continue;
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    }
    const bin = join(root, "bin");
    await mkdir(bin);
    for (const tool of TOOLS) await symlink(await found(tool), join(bin, tool));
    for (const [name, body] of Object.entries({ ...PROGRAMS, ...programs })) {
      if (body === null) continue;
      await writeFile(join(bin, name), `#!/bin/sh\n${body}\n`);
      await chmod(join(bin, name), 0o755);
    }
    // The script looks for programs in the usual places too, where this machine has its own.
    const script = PROBE_SCRIPT.replace(/^PATH=.*$/m, "");
    const output = await new Promise<string>((resolve, reject) => {
      execFile("/bin/sh", ["-c", script], { env: { ROOT: root, PATH: bin } }, (error, stdout, stderr) => {
        if (error !== null) reject(new Error(stderr, { cause: error }));
        else resolve(stdout);
      });
    });
    return parseProbe(output);
  }

  it("reports a host that is all right", async () => {
    assert.deepEqual(await seen(), WELL);
  });

  const efi = (state: number): Buffer => Buffer.from([6, 0, 0, 0, state]);
  const variable = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
  const cases: [what: string, changes: Changes, report: Partial<ProbeReport>][] = [
    ["Secure Boot, by mokutil", { programs: { mokutil: "echo 'SecureBoot enabled'" } }, { secureBoot: true }],
    [
      "Secure Boot, by the firmware's variable where there is no mokutil",
      { programs: { mokutil: null }, files: { [variable]: efi(1) } },
      { secureBoot: true },
    ],
    [
      "no Secure Boot, by the same variable, where mokutil fails",
      { programs: { mokutil: "exit 1" }, files: { [variable]: efi(0) } },
      { secureBoot: false },
    ],
    ["that nobody says of Secure Boot", { programs: { mokutil: null } }, { secureBoot: undefined }],
    [
      "no Secure Boot on a host without UEFI",
      { programs: { mokutil: "exit 1" }, files: { "sys/firmware/efi/fw_platform_size": null } },
      { secureBoot: false },
    ],
    [
      "nouveau, and not what only has it in its name",
      { files: { "proc/modules": "nouveau 2000000 1 - Live 0x0\n" } },
      { nouveau: true },
    ],
    ["no nouveau by a longer name", { files: { "proc/modules": "nouveau_x 1 1 - Live 0x0\n" } }, {}],
    [
      "a host driver's version",
      { programs: { "nvidia-smi": "echo 550.54.15; echo 550.54.15" } },
      { hostDriver: "550.54.15" },
    ],
    [
      "a host driver that does not answer",
      { programs: { "nvidia-smi": 'echo "NVIDIA-SMI has failed because"; exit 9' } },
      { hostDriver: "broken" },
    ],
    [
      "headers by the sources' folder",
      {
        files: {
          "lib/modules/5.15.0-118-generic/build/Makefile": null,
          "usr/src/linux-headers-5.15.0-118-generic/Makefile": "",
        },
      },
      { headers: "installed" },
    ],
    [
      "headers that the mirror has",
      {
        files: { "lib/modules/5.15.0-118-generic/build/Makefile": null },
        programs: { "apt-cache": 'echo "$2:"; echo "  Candidate: 5.15.0-118.128"' },
      },
      { headers: "available" },
    ],
    [
      "headers that the mirror does not have any more",
      {
        files: { "lib/modules/5.15.0-118-generic/build/Makefile": null },
        programs: { "apt-cache": "exit 0" },
      },
      { headers: "missing" },
    ],
    ...(["dnf", "yum"] as const).flatMap((manager) => [
      onRpm("headers that the mirror has", "available", "5.14.0-427.13.1.el9_4.x86_64", {
        [manager]: asked("-q -C list kernel-devel-5.14.0-427.13.1.el9_4.x86_64"),
      }),
      onRpm("headers that the mirror does not have", "missing", "5.14.0-1.el9.x86_64", {
        [manager]: "echo 'Error: No matching Packages to list' >&2; exit 1",
      }),
      onRpm("that no cache says anything of headers", undefined, "5.14.0-1.el9.x86_64", {
        [manager]: "echo 'Error: Cache-only enabled but no cache' >&2; exit 1",
      }),
    ]),
    onRpm("headers of Oracle's kernel", "available", "5.15.0-200.131.27.el9uek.x86_64", {
      dnf: asked("-q -C list kernel-uek-devel-5.15.0-200.131.27.el9uek.x86_64"),
    }),
    ...(
      [
        ["5.14.21-150500.55.19.1", 0, "available"],
        ["5.14.21-150500.55.19", 0, "available"],
        ["5.14.21-150500.55.191.1", 0, "missing"],
        ["5.14.21-150500.55.7.1", 0, "missing"],
        ["", 104, "missing"],
        ["", 6, undefined],
      ] as const
    ).map(([version, code, headers]) =>
      onRpm(`of packages of version ${version}, status ${code}`, headers, "5.14.21-150500.55.19-default", {
        zypper: `case "$*" in *" kernel-default-devel") echo "v | kernel-default-devel | package | ${version} | x86_64 | updates" ;; esac; exit ${code}`,
      }),
    ),
    [
      "that nobody says of headers",
      { files: { "lib/modules/5.15.0-118-generic/build/Makefile": null } },
      { headers: undefined },
    ],
    [
      "a configuration file that is older than what containerd makes of it",
      { files: { "etc/containerd/config.toml": '# version = 1\n  version = 2 # old\nroot = "/"\n' } },
      { containerdFile: 2 },
    ],
    [
      "a configuration file without a version as version 1",
      { files: { "etc/containerd/config.toml": "[plugins]\nversion = 3\n" } },
      { containerdFile: 1 },
    ],
    [
      "k3s' configuration file",
      {
        files: {
          "etc/containerd/config.toml": null,
          "var/lib/rancher/k3s/agent/etc/containerd/config.toml": "version = 3\n",
        },
      },
      {},
    ],
    [
      "a host without containerd",
      { files: { "etc/containerd/config.toml": null }, programs: { containerd: null } },
      { containerdFile: undefined, containerdDump: undefined },
    ],
    [
      "few inotify instances",
      { files: { "proc/sys/fs/inotify/max_user_instances": "128\n" } },
      { inotifyInstances: 128 },
    ],
    [
      "a host without a board",
      { files: { "sys/bus/pci/devices/0000:00:1e.0/vendor": "0x8086\n" } },
      { boards: 0 },
    ],
  ];
  for (const [what, changes, report] of cases) {
    it(`reports ${what}`, async () => {
      assert.deepEqual(await seen(changes), { ...WELL, ...report });
    });
  }
});

/** Where this machine has a program. */
function found(tool: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("/bin/sh", ["-c", `command -v ${tool}`], (error, stdout) => {
      if (error === null) resolve(stdout.trim());
      else reject(new Error(`no ${tool}`, { cause: error }));
    });
  });
}
