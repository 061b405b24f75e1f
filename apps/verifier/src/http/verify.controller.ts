import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from '@sigstead/server';
import { renderVerdict, type ImageVerdict, type Policy } from '@sigstead/verification';
import { ImageVerifier } from '../image-verifier.ts';
import { PolicyAdministration } from '../policies/policy-administration.ts';
import { isAbout, policyAnswer, type PolicyAnswer } from '../policies/policy-answer.ts';
import { prefersText } from './accept.ts';
import { parseVerifyRequest, type StoredPolicyReference } from './verify-request.ts';

/** A verdict under a policy of the request, with the same as text. */
export type ImageAnswer = ImageVerdict & { readonly text: string };
/** A verdict under a policy of the request, or one that is kept here. */
export type VerifyAnswer = ImageAnswer | PolicyAnswer;

/**
 * `POST /api/v1/verify`. A verification that was carried out is 200, whatever it found: the answer is `verified`. Other statuses
 * mean that there was none.
 */
@Controller('api/v1')
export class VerifyController {
  readonly #verifier: ImageVerifier;
  readonly #administration: PolicyAdministration;

  constructor(
    @Inject(ImageVerifier) verifier: ImageVerifier,
    @Inject(PolicyAdministration) administration: PolicyAdministration,
  ) {
    this.#verifier = verifier;
    this.#administration = administration;
  }

  @Post('verify')
  @HttpCode(200)
  async verify(
    @Body() body: Uint8Array | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<VerifyAnswer | string> {
    const { image, policy } = parseVerifyRequest(body ?? new Uint8Array());
    const answer =
      'rules' in policy ? await this.#verify(image, policy) : await this.#verifyBy(image, policy);
    void reply.header('cache-control', 'no-store').header('vary', 'accept');
    if (!prefersText(request.headers.accept)) return answer;
    void reply.header('content-type', 'text/plain; charset=utf-8');
    return answer.text;
  }

  async #verify(image: string, policy: Policy): Promise<VerifyAnswer> {
    const verdict = await this.#verifier.verify(image, policy);
    return { ...verdict, text: renderVerdict(verdict) };
  }

  async #verifyBy(image: string, { name, version }: StoredPolicyReference): Promise<VerifyAnswer> {
    const found = await this.#administration.stored.named.find(name, version);
    const evidence = await this.#verifier.collect(image, 'all');
    const verdict = this.#verifier.judge(evidence, found.policy);
    return policyAnswer(verdict, { name, version: found.version }, isAbout(found.policy, image));
  }
}
