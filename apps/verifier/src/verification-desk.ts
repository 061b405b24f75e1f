import {
  embeddedBundleCandidate,
  renderVerdict,
  type ImageVerdict,
  type PolicyVerdict,
} from '@sigstead/verification';
import type { ArtifactVerdict, ArtifactVerifier } from './artifact-verifier.ts';
import type { VerifyRequest } from './http/verify-request.ts';
import type { ImageVerifier } from './image-verifier.ts';
import type { PolicyAdministration } from './policies/policy-administration.ts';
import { isAbout, policyAnswer, type PolicyAnswer } from './policies/policy-answer.ts';

/** A verdict under a policy of the request, with the same as text. */
export type ImageAnswer = ImageVerdict & { readonly cached: boolean; readonly text: string };
export type ArtifactAnswer = ArtifactVerdict & { readonly text: string };
export type VerifyAnswer = ImageAnswer | ArtifactAnswer | PolicyAnswer;

/** Has each kind of request judged by whom it concerns. */
export class VerificationDesk {
  readonly #images: ImageVerifier;
  readonly #artifacts: ArtifactVerifier;
  readonly #administration: PolicyAdministration;

  constructor(images: ImageVerifier, artifacts: ArtifactVerifier, administration: PolicyAdministration) {
    this.#images = images;
    this.#artifacts = artifacts;
    this.#administration = administration;
  }

  /** @throws OciError when an image cannot be read; HttpProblem when a kept policy is not there */
  async verify(request: VerifyRequest): Promise<VerifyAnswer> {
    switch (request.kind) {
      case 'image': {
        const { verdict, cached } = await this.#images.verify(
          request.image,
          request.policy,
          request.policyKey,
        );
        return { ...verdict, cached, text: renderVerdict(verdict) };
      }
      case 'artifact': {
        const candidate = embeddedBundleCandidate(request.bundle, 'the bundle of the request');
        const verdict = this.#artifacts.verify(candidate, request.artifact, request.policy);
        return { ...verdict, text: renderVerdict(verdict) };
      }
      case 'stored-policy': {
        const { name, version } = request.reference;
        const found = await this.#administration.stored.named.find(name, version);
        const [verdict] = await this.#images.verifyBy(request.image, [found]);
        return policyAnswer(
          verdict as PolicyVerdict,
          { name, version: found.version },
          isAbout(found.policy, request.image),
        );
      }
    }
  }
}
