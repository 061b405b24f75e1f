import { createHash } from 'node:crypto';
import type { SignerIdentity } from '@sigstead/verification';

interface Known {
  readonly identity: SignerIdentity;
  readonly untilMs: number;
}

const MAX_TOKENS = 10_000;

/**
 * Whom the certificate authority certified for which token. It is the authority's word, so a token is somebody here only after the
 * authority has taken it, and no longer than its certificate. Tokens are kept as digests, in memory.
 */
export class KnownTokens {
  readonly #tokens = new Map<string, Known>();

  remember(token: string, identity: SignerIdentity, until: Date): void {
    const name = nameOf(token);
    // The oldest go first.
    this.#tokens.delete(name);
    this.#tokens.set(name, { identity, untilMs: until.getTime() });
    if (this.#tokens.size <= MAX_TOKENS) return;
    const [oldest] = this.#tokens.keys();
    if (oldest !== undefined) this.#tokens.delete(oldest);
  }

  identityOf(token: string, now: Date): SignerIdentity | undefined {
    const known = this.#tokens.get(nameOf(token));
    return known === undefined || known.untilMs < now.getTime() ? undefined : known.identity;
  }
}

function nameOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
