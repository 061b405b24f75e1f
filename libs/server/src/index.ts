export type { FastifyReply, FastifyRequest } from 'fastify';
export { ConfigError, readConfig, readSecret, setting } from './config.ts';
export {
  googleStatusErrors,
  problemJsonErrors,
  rekorErrors,
  textErrors,
  type ErrorRenderer,
  type RenderedError,
} from './error-renderers.ts';
export { isUnder, type Face } from './face.ts';
export { HttpProblem, type HttpProblemOptions } from './http-problem.ts';
export { createLog, type Log, type LogFields, type LogLevel } from './log.ts';
export { createRegistry } from './metrics.ts';
export { runService } from './run-service.ts';
export {
  createService,
  drainServer,
  listenOn,
  originalContentType,
  type Readiness,
  type ReadinessCheck,
  type Service,
  type ServiceOptions,
} from './service.ts';
