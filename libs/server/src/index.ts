export type { FastifyReply, FastifyRequest } from 'fastify';
export { ConfigError, readConfig, readSecret, setting } from './config.ts';
export {
  googleStatusErrors,
  grpcCode,
  problemJsonErrors,
  rekorErrors,
  textErrors,
  type ErrorRenderer,
  type RenderedError,
} from './error-renderers.ts';
export { isUnder, type Face } from './face.ts';
export { HttpProblem, type HttpProblemOptions } from './http-problem.ts';
export { listenHttp, type Listener, type RequestHandler } from './listen.ts';
export { createLog, type Log, type LogFields, type LogLevel } from './log.ts';
export { createRegistry } from './metrics.ts';
export { BodyPieces, mediaTypeOf } from './request-body.ts';
export { runService, type StartedService } from './run-service.ts';
export {
  createService,
  originalContentType,
  type Readiness,
  type ReadinessCheck,
  type Service,
  type ServiceOptions,
} from './service.ts';
export { listenTls, type Http2Acceptor, type TlsOptions } from './tls-listener.ts';
export type { TlsFiles } from './tls-key-pair.ts';
export { checkTlsSettings, tlsConfigOf, tlsSettings, type TlsConfig } from './tls-settings.ts';
export { UploadPace } from './upload-pace.ts';
