/** The lowest layer: what holds when no file says anything. */
export const DEFAULTS = {
  cluster: { platform: "kubeadm" },
  gpu: { managed: true, release: "26.7", mig: { strategy: "single" } },
  deleteData: false,
} as const;

export const DEFAULTS_FILE = "plan/config/defaults.ts";

/** What an app is when neither `appDefaults` nor the zone says otherwise. */
export const APP_DEFAULTS = { overlay: "base" } as const;

/** The layer that every zone builds on. */
export const FLEET = "fleet";
