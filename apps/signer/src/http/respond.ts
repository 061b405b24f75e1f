import { Readable } from 'node:stream';
import type { JsonObject } from '@sigstead/encoding';
import {
  HttpProblem,
  problemJsonErrors,
  type FastifyReply,
  type FastifyRequest,
  type Log,
} from '@sigstead/server';
import { explain, problemOf } from './explain.ts';
import { EventChannel } from './event-channel.ts';
import type { ArtifactOutcome, ProgressEvent } from '../desk/order-run.ts';
import type { SigningDesk, SigningResult } from '../desk/signing-desk.ts';
import type { ReadOrder } from './read-order.ts';

/** How a caller wants to be told: once at the end, or line by line as it goes. */
type Manner = 'json' | 'application/x-ndjson' | 'text/event-stream';

/**
 * Has an order worked off and answers it. One artifact by itself is answered by its own answer or problem; a list by the outcome of
 * each, with status 207 when not all are signed.
 */
export async function respond(
  { order, isList }: ReadOrder,
  desk: SigningDesk,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): Promise<void> {
  const gone = callerGone(reply);
  const manner = mannerOf(request.headers.accept);
  if (manner !== 'json') return stream(manner, { order, isList }, desk, reply, gone, log);
  const result = await desk.sign(order, () => undefined, gone);
  if (result.repeated) void reply.header('idempotency-replayed', 'true');
  if (isList) {
    const outcomes = result.outcomes.map(outcomeJson);
    const whole = result.outcomes.length === order.artifacts.length;
    const signed = whole && result.outcomes.every((outcome) => 'answer' in outcome);
    await reply.status(signed ? 200 : 207).send({ outcomes });
    return;
  }
  const [outcome] = result.outcomes;
  // The caller left before it was begun: nobody reads this.
  if (outcome === undefined) throw new HttpProblem(499, 'client disconnected', { type: 'client-gone' });
  if ('error' in outcome) throw outcome.error;
  await reply.status(200).send(outcome.answer);
}

/**
 * Tells of each step as it happens. Until the authority has taken the token a failure is an ordinary answer with its own status; from
 * then on it is the last line.
 */
async function stream(
  manner: Exclude<Manner, 'json'>,
  { order, isList }: ReadOrder,
  desk: SigningDesk,
  reply: FastifyReply,
  gone: AbortSignal,
  log: Log,
): Promise<void> {
  const channel = new EventChannel<JsonObject>();
  let accept: () => void = () => undefined;
  const accepted = new Promise<void>((resolve) => (accept = resolve));
  const onEvent = (event: ProgressEvent): void => {
    channel.push(eventJson(event));
    if (event.event === 'accepted') accept();
  };
  const working = desk.sign(order, onEvent, gone);
  // Whichever comes first: a refusal of the whole is thrown from here, and that of a single artifact.
  const early = await Promise.race([accepted, working]);
  const [outcome] = early?.outcomes ?? [];
  if (!isList && outcome !== undefined && 'error' in outcome) throw outcome.error;
  void working.then(
    (result) => {
      if (result.repeated) for (const one of result.outcomes) onEvent({ event: 'outcome', outcome: one });
      channel.end(endJson(result));
    },
    (error: unknown) => channel.end({ event: 'error', problem: requestProblem(error, log) }),
  );
  await reply
    .status(200)
    .header('content-type', manner)
    .header('cache-control', 'no-store')
    .send(Readable.from(linesOf(channel, manner)));
}

async function* linesOf(
  channel: EventChannel<JsonObject>,
  manner: Exclude<Manner, 'json'>,
): AsyncGenerator<string> {
  for await (const event of channel) {
    const text = JSON.stringify(event);
    yield manner === 'text/event-stream'
      ? `event: ${String(event['event'])}\ndata: ${text}\n\n`
      : `${text}\n`;
  }
}

function eventJson(event: ProgressEvent): JsonObject {
  return event.event === 'outcome' ? { event: 'outcome', ...outcomeJson(event.outcome) } : { ...event };
}

function outcomeJson(outcome: ArtifactOutcome): JsonObject {
  if ('answer' in outcome) return { artifact: outcome.artifact, signed: true, ...outcome.answer };
  return { artifact: outcome.artifact, signed: false, problem: problemOf(outcome.error) };
}

function endJson({ outcomes, repeated }: SigningResult): JsonObject {
  const signed = outcomes.filter((outcome) => 'answer' in outcome).length;
  return { event: 'end', signed, failed: outcomes.length - signed, ...(repeated && { repeated }) };
}

function requestProblem(error: unknown, log: Log): JsonObject {
  const explained = error instanceof HttpProblem ? error : explain(error);
  if (explained === undefined) log.error('internal error', { error });
  const problem = explained ?? new HttpProblem(500, 'internal error', { type: 'internal' });
  return JSON.parse(problemJsonErrors.render(problem).body) as JsonObject;
}

function mannerOf(accept: string | undefined): Manner {
  const wanted = (accept ?? '').split(',').map((part) => (part.split(';', 1)[0] ?? '').trim().toLowerCase());
  if (wanted.includes('application/x-ndjson')) return 'application/x-ndjson';
  return wanted.includes('text/event-stream') ? 'text/event-stream' : 'json';
}

/** Fires when the caller is gone before the answer is out. */
function callerGone(reply: FastifyReply): AbortSignal {
  const leaving = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) leaving.abort();
  });
  return leaving.signal;
}
