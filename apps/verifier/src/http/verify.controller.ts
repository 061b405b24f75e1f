import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { JsonObject, JsonValue } from '@sigstead/encoding';
import {
  HttpProblem,
  originalContentType,
  problemJsonErrors,
  type FastifyReply,
  type FastifyRequest,
} from '@sigstead/server';
import { bundleCandidate, renderVerdict } from '@sigstead/verification';
import { ArtifactVerifier } from '../artifact-verifier.ts';
import { BlobDesk } from '../blob/blob-desk.ts';
import { explain } from '../explain.ts';
import { VerificationDesk, type VerifyAnswer } from '../verification-desk.ts';
import { prefersText } from './accept.ts';
import {
  parseBatchRequest,
  parsePolicyText,
  parseVerifyRequest,
  readVerifyRequest,
} from './verify-request.ts';

/** Answer to one request of a batch: what the request alone would have got. */
export type BatchItem =
  ({ readonly status: 200 } & VerifyAnswer) | ({ readonly status: number } & JsonObject);

const BATCH_CONCURRENCY = 8;

/**
 * `POST /api/v1/verify`, `/batch` and `/blob` below it. A verification that was carried out is 200, whatever it found: the answer is
 * `verified`. Other statuses mean that there was none.
 */
@Controller('api/v1/verify')
export class VerifyController {
  readonly #desk: VerificationDesk;
  readonly #artifacts: ArtifactVerifier;
  readonly #blobs: BlobDesk;

  constructor(
    @Inject(VerificationDesk) desk: VerificationDesk,
    @Inject(ArtifactVerifier) artifacts: ArtifactVerifier,
    @Inject(BlobDesk) blobs: BlobDesk,
  ) {
    this.#desk = desk;
    this.#artifacts = artifacts;
    this.#blobs = blobs;
  }

  @Post()
  @HttpCode(200)
  async verify(
    @Body() body: Uint8Array | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<VerifyAnswer | string> {
    return asAsked(request, reply, await this.#desk.verify(parseVerifyRequest(body ?? new Uint8Array())));
  }

  /** The blob is hashed as it comes in; the answer is that of the same digests with the same bundle. */
  @Post('blob')
  @HttpCode(200)
  async verifyBlob(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<VerifyAnswer | string> {
    const form = await this.#blobs.read(request.raw, originalContentType(request.raw));
    const { policy } = parsePolicyText(form.policy);
    const candidate = bundleCandidate(form.bundle, 'the bundle of the request');
    const verdict = this.#artifacts.verify(candidate, form.artifact, policy);
    return asAsked(request, reply, { ...verdict, text: renderVerdict(verdict) });
  }

  /** Each request is answered by itself, in the order in which they stand: one that cannot be read keeps no other from its verdict. */
  @Post('batch')
  @HttpCode(200)
  async verifyBatch(
    @Body() body: Uint8Array | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ readonly results: readonly BatchItem[] }> {
    const requests = parseBatchRequest(body ?? new Uint8Array());
    const results: BatchItem[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let at = next++; at < requests.length; at = next++) {
        results[at] = await this.#answer(requests[at] ?? null);
      }
    };
    await Promise.all(Array.from({ length: BATCH_CONCURRENCY }, work));
    void reply.header('cache-control', 'no-store');
    return { results };
  }

  async #answer(request: JsonValue): Promise<BatchItem> {
    try {
      return { status: 200, ...(await this.#desk.verify(readVerifyRequest(request))) };
    } catch (error) {
      const problem = error instanceof HttpProblem ? error : explain(error);
      if (problem === undefined) throw error;
      const { status, body } = problemJsonErrors.render(problem);
      return { ...(JSON.parse(body) as JsonObject), status };
    }
  }
}

function asAsked(request: FastifyRequest, reply: FastifyReply, answer: VerifyAnswer): VerifyAnswer | string {
  void reply.header('cache-control', 'no-store').header('vary', 'accept');
  if (!prefersText(request.headers.accept)) return answer;
  void reply.header('content-type', 'text/plain; charset=utf-8');
  return answer.text;
}
