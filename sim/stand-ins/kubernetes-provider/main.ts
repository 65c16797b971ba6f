import { createRequire } from "node:module";
import type * as provider_grpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { serve } from "../plugin/serve.ts";
import { resourceProvider } from "./server.ts";

const { ResourceProviderService } = createRequire(import.meta.url)(
  "@pulumi/pulumi/proto/provider_grpc_pb",
) as typeof provider_grpc;

// The engine passes its own address as the last argument.
const provider = resourceProvider(process.argv.at(-1) ?? "", process.env);
await serve({ name: "pulumi-resource-kubernetes", service: ResourceProviderService, ...provider });
