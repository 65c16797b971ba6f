import {
  CoreV1Api,
  makeInformer,
  type KubeConfig,
  type V1PersistentVolume,
  type V1PersistentVolumeClaim,
} from "@kubernetes/client-node";
import { PROVISIONER, STORAGE_CLASS } from "../storage.ts";

const RETRY_MS = 1000;

/** Plays the storage provisioner: a claim of the simulated class gets a volume, and takes it along when it goes. */
export class VolumeProvisioner {
  readonly #config: KubeConfig;
  readonly #api: CoreV1Api;
  readonly #log: (line: string) => void;

  constructor(config: KubeConfig, log: (line: string) => void) {
    this.#config = config;
    this.#api = config.makeApiClient(CoreV1Api);
    this.#log = log;
  }

  async start(): Promise<void> {
    const claims = makeInformer(this.#config, "/api/v1/persistentvolumeclaims", () =>
      this.#api.listPersistentVolumeClaimForAllNamespaces(),
    );
    const provide = (claim: V1PersistentVolumeClaim): void => {
      const volume = volumeFor(claim);
      if (volume === undefined) return;
      void this.#try(async () => {
        await this.#api.createPersistentVolume({ body: volume });
      });
    };
    claims.on("add", provide);
    claims.on("update", provide);
    claims.on("delete", (claim) => {
      const name = claim.spec?.volumeName;
      if (name === undefined || claim.spec?.storageClassName !== STORAGE_CLASS) return;
      void this.#try(async () => {
        await this.#api.deletePersistentVolume({ name });
      });
    });
    claims.on("error", () => {
      setTimeout(() => void claims.start(), RETRY_MS);
    });
    await claims.start();
  }

  async #try(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      const status = (error as { code?: unknown }).code;
      // Another event of the same claim came first.
      if (status !== 404 && status !== 409) this.#log(`volume: ${String(error).split("\n", 1)[0] ?? ""}`);
    }
  }
}

/** The volume that an unbound claim of the simulated class gets; undefined for every other claim. */
export function volumeFor(claim: V1PersistentVolumeClaim): V1PersistentVolume | undefined {
  const { name, namespace, uid } = claim.metadata ?? {};
  if (claim.spec?.storageClassName !== STORAGE_CLASS || claim.spec.volumeName !== undefined) return undefined;
  if (name === undefined || namespace === undefined || uid === undefined) return undefined;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `pvc-${uid}`, annotations: { "pv.kubernetes.io/provisioned-by": PROVISIONER } },
    spec: {
      storageClassName: STORAGE_CLASS,
      accessModes: claim.spec.accessModes ?? ["ReadWriteOnce"],
      capacity: { storage: claim.spec.resources?.requests?.["storage"] ?? "1Gi" },
      persistentVolumeReclaimPolicy: "Retain",
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid },
      hostPath: { path: `/simulated/${uid}` },
    },
  };
}
