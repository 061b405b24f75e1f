import { Body, Controller, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { HttpProblem, type FastifyReply } from '@sigstead/server';
import { compileImagePolicy, parsePolicyJson, readImagePolicyDocument } from '@sigstead/verification';
import { z } from 'zod';
import { admitImage } from '../../admission/image-admission.ts';
import { ImageVerifier } from '../../image-verifier.ts';
import type { NamedPolicy } from '../named-policies.ts';
import { PolicyAdministration } from '../policy-administration.ts';
import { isAbout, policyAnswer, type PolicyAnswer } from '../policy-answer.ts';
import { explainPolicy, textOf } from './read-body.ts';

/** A document, and a little around it. */
export const MAX_DRY_RUN_BYTES = 72 * 1024;

const requestSchema = z.strictObject({
  image: z.string().min(1).max(1024),
  policy: z.looseObject({}),
});

const namedSchema = z.strictObject({
  name: z.string().max(63),
  version: z.number().int().min(1).max(999_999_999).optional(),
});

export interface DryRunAnswer extends PolicyAnswer {
  /** What the admission webhook would say if this policy were the only one, and enforced as it says. */
  readonly admission: {
    readonly allowed: boolean;
    readonly refusals: readonly string[];
    readonly warnings: readonly string[];
  };
}

/** `POST /api/v1/policies/dry-run`: what a policy would say of an image, without storing it. */
@Controller('api/v1/policies/dry-run')
export class DryRunController {
  readonly #verifier: ImageVerifier;
  readonly #administration: PolicyAdministration;

  constructor(
    @Inject(ImageVerifier) verifier: ImageVerifier,
    @Inject(PolicyAdministration) administration: PolicyAdministration,
  ) {
    this.#verifier = verifier;
    this.#administration = administration;
  }

  @Post()
  @HttpCode(200)
  async run(
    @Body() body: Uint8Array | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DryRunAnswer> {
    const { image, policy } = await this.#parse(textOf(body));
    const applies = isAbout(policy.policy, image);
    const evidence = await this.#verifier.collect(image, 'all');
    const verdict = this.#verifier.judge(evidence, policy.policy);
    const known = { verifyBy: async () => [verdict] };
    const { refusals, warnings } = await admitImage(known, [policy], image, { unmatched: 'deny' });
    void reply.header('cache-control', 'no-store');
    const named = { name: policy.name, ...(policy.version === 0 ? {} : { version: policy.version }) };
    return {
      ...policyAnswer(verdict, named, applies),
      admission: { allowed: refusals.length === 0, refusals, warnings },
    };
  }

  async #parse(text: string): Promise<{ image: string; policy: NamedPolicy }> {
    const value = explainPolicy('', () => parsePolicyJson(text, MAX_DRY_RUN_BYTES));
    const { image, policy } = shaped(requestSchema, value, '');
    if (Object.hasOwn(policy, 'name')) {
      const { name, version } = shaped(namedSchema, policy, 'policy');
      return { image, policy: await this.#administration.stored.named.find(name, version) };
    }
    return explainPolicy('policy', () => {
      const document = readImagePolicyDocument(policy as Parameters<typeof readImagePolicyDocument>[0]);
      return {
        image,
        policy: { name: document.metadata.name, version: 0, key: '', policy: compileImagePolicy(document) },
      };
    });
  }
}

function shaped<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = [place, ...(issue?.path ?? []), ...unknown]
    .map(String)
    .filter((part) => part !== '')
    .join('.')
    .slice(0, 200);
  const message = unknown.length > 0 ? 'is not a field of this request' : (issue?.message ?? 'is not usable');
  throw new HttpProblem(400, `${field === '' ? 'request body' : field}: ${message}`, {
    type: 'invalid-request',
    ...(field === '' ? {} : { field }),
  });
}
