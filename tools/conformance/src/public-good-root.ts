import { openTrustRoots } from '@sigstead/trust-access';
import type { TrustedRoot } from '@sigstead/trust';

/**
 * What the public instance of Sigstore asks to be trusted, as it ships with this program: nothing is dialled.
 *
 * @throws TrustAccessError when it may not be relied on any more
 */
export async function publicGoodRoot(now: Date): Promise<TrustedRoot> {
  const roots = await openTrustRoots([{ name: 'public-good', source: 'public-good', refresh: false }], {
    clock: () => now,
    fetch: () => Promise.reject(new Error('nothing is dialled')),
    offline: true,
  });
  try {
    roots.assertUsable();
    const [root] = roots.current();
    if (root === undefined) throw new Error('a usable root is not there');
    return root.trustedRoot;
  } finally {
    await roots.close();
  }
}
