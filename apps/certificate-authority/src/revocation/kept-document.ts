import { RecordError } from '../record/record-error.ts';
import type { RecordedRevocation, RevocationRegister } from './revocation-register.ts';

/** A signed document and how long it may be relied on. */
export interface PublishedDocument {
  readonly bytes: Uint8Array;
  readonly issuedAt: Date;
  readonly nextUpdate: Date;
}

/** What a document is made of. */
export interface DocumentSource {
  /** Of the latest revocation. */
  readonly sequence: number;
  readonly revocations: readonly RecordedRevocation[];
  /** Whole seconds. */
  readonly issuedAt: Date;
  readonly nextUpdate: Date;
}

interface Kept extends PublishedDocument {
  readonly sequence: number;
}

/**
 * A signed document about all revocations, signed again when there is a further revocation or half its life is over, and at no
 * other time. While the database is out of reach the document is given out until it ends by itself.
 */
export class KeptDocument {
  readonly #register: RevocationRegister;
  readonly #sign: (source: DocumentSource) => Promise<Uint8Array>;
  readonly #lifetimeMs: number;
  readonly #clock: () => Date;
  #kept: Kept | undefined;
  #renewal: { readonly sequence: number; readonly document: Promise<Kept> } | undefined;

  constructor(options: {
    readonly register: RevocationRegister;
    readonly sign: (source: DocumentSource) => Promise<Uint8Array>;
    readonly lifetimeMs: number;
    readonly clock: () => Date;
  }) {
    this.#register = options.register;
    this.#sign = options.sign;
    this.#lifetimeMs = options.lifetimeMs;
    this.#clock = options.clock;
  }

  /** Holds every revocation that was recorded before this was called. @throws RecordError UNAVAILABLE, ROLLBACK */
  async current(): Promise<PublishedDocument> {
    let sequence: number;
    try {
      sequence = await this.#register.latestSequence();
    } catch (error) {
      if (this.#kept !== undefined && this.#clock() < this.#kept.nextUpdate) return this.#kept;
      throw error;
    }
    if (this.#kept !== undefined && sequence < this.#kept.sequence) {
      throw new RecordError(
        'ROLLBACK',
        `the database has ${sequence} revocations, of which ${this.#kept.sequence} were published`,
      );
    }
    if (this.#kept?.sequence === sequence && !this.#isHalfOver(this.#kept)) return this.#kept;
    return this.#renew(sequence);
  }

  #isHalfOver({ nextUpdate }: PublishedDocument): boolean {
    return nextUpdate.getTime() - this.#clock().getTime() < this.#lifetimeMs / 2;
  }

  /** One renewal for all who ask at the same time, unless it may have begun before the latest revocation. */
  #renew(sequence: number): Promise<Kept> {
    if (this.#renewal !== undefined && this.#renewal.sequence >= sequence) return this.#renewal.document;
    const renewal = { sequence, document: this.#make() };
    this.#renewal = renewal;
    const done = (): void => {
      if (this.#renewal === renewal) this.#renewal = undefined;
    };
    renewal.document.then(done, done);
    return renewal.document;
  }

  async #make(): Promise<Kept> {
    const revocations = await this.#register.all();
    const sequence = revocations.at(-1)?.sequence ?? 0;
    const issuedAt = new Date(Math.floor(this.#clock().getTime() / 1000) * 1000);
    const nextUpdate = new Date(issuedAt.getTime() + this.#lifetimeMs);
    const bytes = await this.#sign({ sequence, revocations, issuedAt, nextUpdate });
    const made = { bytes, issuedAt, nextUpdate, sequence };
    // Two renewals may end in another order than they began.
    if (this.#kept === undefined || made.sequence >= this.#kept.sequence) this.#kept = made;
    return made;
  }
}
