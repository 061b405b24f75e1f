import type { Metadata } from '@grpc/grpc-js';
import type { Log, Service } from '@sigstead/server';
import type { IssuanceDesk } from '../issuance-desk.ts';
import { explainIssuanceError } from '../issuance-error.ts';
import type { IssuingAuthority } from '../issuing-authority.ts';
import { bearerToken } from '../signing-request.ts';
import {
  decodeSigningRequest,
  encodeConfiguration,
  encodeSigningCertificate,
  encodeTrustBundle,
} from './fulcio-messages.ts';
import { GrpcMetrics, type GrpcMethod } from './grpc-metrics.ts';
import { GrpcServer, type GrpcServerOptions } from './grpc-server.ts';
import { protobufNumber } from './protobuf.ts';
import { unaryService, type UnaryHandler } from './unary-service.ts';

const CA = 'dev.sigstore.fulcio.v2.CA';
const HEALTH = 'grpc.health.v1.Health';

export interface GrpcServerContext {
  /** The desk of the HTTP API: there is one way to a certificate. */
  readonly desk: IssuanceDesk;
  readonly authority: IssuingAuthority;
  /** Configured issuers in the JSON form of `OIDCIssuer`. */
  readonly issuers: () => readonly object[];
  readonly registry: Service['registry'];
  readonly log: Log;
}

/** Fulcio's gRPC API v2 and the health service beside it: no reflection, no legacy service, as upstream. */
export function createGrpcServer(context: GrpcServerContext, options?: GrpcServerOptions): GrpcServer {
  const { desk, authority, issuers, registry, log } = context;
  const services: Readonly<Record<string, Readonly<Record<string, UnaryHandler>>>> = {
    [CA]: {
      CreateSigningCertificate: async (message, metadata) => {
        const { chain } = await desk.issue(decodeSigningRequest(message, tokenOf(metadata)));
        return encodeSigningCertificate(chain);
      },
      GetTrustBundle: () => encodeTrustBundle(authority.chain),
      GetConfiguration: () => encodeConfiguration(issuers()),
    },
    [HEALTH]: { Check: () => SERVING },
  };
  const methods: GrpcMethod[] = Object.entries(services).flatMap(([service, handlers]) =>
    Object.keys(handlers).map((method) => ({ service, method })),
  );
  const shared = { metrics: new GrpcMetrics(registry, methods), log, explain: explainIssuanceError };
  return new GrpcServer(
    Object.entries(services).map(([name, handlers]) => unaryService(name, handlers, shared)),
    options,
  );
}

// message HealthCheckResponse { ServingStatus status = 1; }: SERVING is 1. Of any service, as Fulcio answers.
const SERVING = protobufNumber(1, 1);

/** The token of the metadata: under the name that Fulcio's gateway gives it, or as over HTTP. */
function tokenOf(metadata: Metadata): string {
  // Given twice, values arrive joined by a comma, and are no token.
  const [token = ''] = metadata.get('oidcidentitytoken');
  const [authorization = ''] = metadata.get('authorization');
  return token === '' ? bearerToken(String(authorization)) : String(token);
}
