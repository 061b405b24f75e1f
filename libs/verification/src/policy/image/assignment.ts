/**
 * Gives as many signers as possible a principal of their own (maximum matching in a bipartite graph, Kuhn's augmenting paths).
 * Taking the first that fits is not enough: one principal may be the only one for a signer and one of many for another.
 *
 * @param candidates for each signer the principals that would do, by number
 * @returns for each signer its principal, or undefined
 */
export function assignSigners(candidates: readonly (readonly number[])[]): readonly (number | undefined)[] {
  const holder = new Map<number, number>();
  const place = (signer: number, tried: Set<number>): boolean => {
    for (const principal of candidates[signer] ?? []) {
      if (tried.has(principal)) continue;
      tried.add(principal);
      const other = holder.get(principal);
      if (other !== undefined && !place(other, tried)) continue;
      holder.set(principal, signer);
      return true;
    }
    return false;
  };
  for (const signer of candidates.keys()) place(signer, new Set());
  const assigned = new Array<number | undefined>(candidates.length).fill(undefined);
  for (const [principal, signer] of holder) assigned[signer] = principal;
  return assigned;
}
