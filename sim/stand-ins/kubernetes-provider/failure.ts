import { createRequire } from "node:module";
import { Metadata, status } from "@grpc/grpc-js";
import type * as provider_pb from "@pulumi/pulumi/proto/provider_pb.js";
import type * as status_pb from "@pulumi/pulumi/proto/status_pb.js";
import { Any, toStruct, type JsonMap } from "../plugin/protobuf.ts";

const require = createRequire(import.meta.url);

/** The API server's answer when it refuses a request. */
export class ApiError extends Error {
  readonly code: number;
  /** Kubernetes' word for the refusal: AlreadyExists, NotFound, Conflict, Invalid… */
  readonly reason: string;
  /** The object that the answer is about, as the server names it. */
  readonly details: JsonMap;
  constructor(code: number, reason: string, message: string, details: JsonMap) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

/** No usable answer from the API server: refused, timed out, not authorised, or no kubeconfig to ask with. */
export class UnreachableError extends Error {
  constructor(why: string) {
    super(`configured Kubernetes cluster is unreachable: ${why}`);
  }
}

/** The API server does not know a kind. */
export class NoKindError extends Error {}

/** The engine has cancelled what was under way. */
export class CancelledError extends Error {
  constructor() {
    super("the operation was cancelled");
  }
}

/** An object that exists but is not as it should be; the engine keeps it, with the reasons, in its state. */
export class InitError extends Error {
  readonly reasons: string[];
  readonly live: JsonMap;
  constructor(message: string, reasons: string[], live: JsonMap) {
    super(message);
    this.reasons = reasons;
    this.live = live;
  }
}

/** True for the API server's "no such object". */
export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 404;
}

/** True for "no such namespace", which the API server says when an object is created in a missing one. */
export function isNamespaceMissing(error: unknown): boolean {
  return isNotFound(error) && error.details["kind"] === "namespaces";
}

/** True for "you may not". */
export function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && error.code === 403;
}

/** True when the API server gave no usable answer, or said that it is itself in trouble: it may be back soon. */
export function isPassing(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ApiError && error.code >= 500);
}

/** What gRPC sends for an error. */
export interface GrpcFailure {
  code: status;
  details: string;
  metadata?: Metadata;
}

/** An error in the form that the engine reads. */
export function grpcFailure(error: unknown): GrpcFailure {
  return { code: status.UNKNOWN, details: error instanceof Error ? error.message : String(error) };
}

/** A partial state in the form that the engine reads: it records the properties and shows the reasons. */
export function initFailure(
  id: string,
  message: string,
  reasons: string[],
  properties: JsonMap,
  inputs: JsonMap,
): GrpcFailure {
  const { ErrorResourceInitFailed } = require("@pulumi/pulumi/proto/provider_pb") as typeof provider_pb;
  const { Status } = require("@pulumi/pulumi/proto/status_pb") as typeof status_pb;
  const detail = new ErrorResourceInitFailed();
  detail.setId(id).setReasonsList(reasons).setProperties(toStruct(properties)).setInputs(toStruct(inputs));
  const packed = new Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const answer = new Status().setCode(status.UNKNOWN).setMessage(message);
  answer.addDetails(packed);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(answer.serializeBinary()));
  return { code: status.UNKNOWN, details: message, metadata };
}
