import { createRequire } from "node:module";
import type * as language_grpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { serve } from "../plugin/serve.ts";
import { languageRuntime } from "./server.ts";

const { LanguageRuntimeService } = createRequire(import.meta.url)(
  "@pulumi/pulumi/proto/language_grpc_pb",
) as typeof language_grpc;

// The engine passes its own address as the last argument.
const runtime = languageRuntime(process.argv.at(-1) ?? "");
await serve({ name: "pulumi-language-nodejs", service: LanguageRuntimeService, ...runtime });
