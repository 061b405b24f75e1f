import { status } from '@grpc/grpc-js';
import { Counter, Histogram, type Registry } from 'prom-client';

const LABELS = ['grpc_type', 'grpc_service', 'grpc_method'] as const;
type Label = (typeof LABELS)[number];

/** One method of a service, as in its path. */
export interface GrpcMethod {
  readonly service: string;
  readonly method: string;
}

/** Unary calls under the names and labels of grpc_prometheus. Only methods that exist are counted: labels are never a caller's. */
export class GrpcMetrics {
  readonly #started: Counter<Label>;
  readonly #handled: Counter<Label | 'grpc_code'>;
  readonly #seconds: Histogram<Label>;

  constructor(registry: Registry, methods: readonly GrpcMethod[]) {
    const registers = [registry];
    this.#started = new Counter({
      name: 'grpc_server_started_total',
      help: 'Total number of RPCs started on the server.',
      labelNames: LABELS,
      registers,
    });
    this.#handled = new Counter({
      name: 'grpc_server_handled_total',
      help: 'Total number of RPCs completed on the server, regardless of success or failure.',
      labelNames: [...LABELS, 'grpc_code'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'grpc_server_handling_seconds',
      help: 'Response latency (seconds) of gRPC that had been application-level handled by the server.',
      labelNames: LABELS,
      registers,
    });
    // A rate over a series that is not there yet would miss the first calls.
    for (const method of methods) this.#started.inc(labelsOf(method), 0);
  }

  /** @returns what is to be called with the outcome */
  start(method: GrpcMethod): (code: status) => void {
    const labels = labelsOf(method);
    this.#started.inc(labels);
    const stop = this.#seconds.startTimer(labels);
    return (code) => {
      stop();
      this.#handled.inc({ ...labels, grpc_code: codeName(code) });
    };
  }
}

function labelsOf({ service, method }: GrpcMethod): Record<Label, string> {
  return { grpc_type: 'unary', grpc_service: service, grpc_method: method };
}

/** As Go spells it: `InvalidArgument` for INVALID_ARGUMENT; `OK` stays. */
export function codeName(code: status): string {
  const name = status[code] ?? 'UNKNOWN';
  return name === 'OK'
    ? name
    : name.toLowerCase().replace(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
