import { Precertificates, type InstalledLog, type LogKind } from '@sigstead/instance';
import { CtFace } from './ct.ts';
import type { Face } from './face.ts';
import { RekorV1Face } from './rekor-v1.ts';
import { RekorV2Face } from './rekor-v2.ts';

export interface FaceOptions extends Pick<InstalledLog, 'origin' | 'publicKey'> {
  readonly kind: LogKind;
  /** Folder of an authority that a CT log knows, with `ca.key.pem`, `passphrase` and `chain.pem`. */
  readonly authority: string | undefined;
}

export async function openFace({ kind, origin, publicKey, authority }: FaceOptions): Promise<Face> {
  switch (kind) {
    case 'rekor-v1':
      return new RekorV1Face(origin, publicKey);
    case 'rekor-v2':
      return new RekorV2Face(origin, publicKey);
    case 'ct':
      if (authority === undefined)
        throw new Error('a CT log wants --authority: it takes only what an authority it knows has issued');
      return new CtFace(origin, publicKey, await Precertificates.open(authority));
  }
}
