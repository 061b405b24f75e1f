/** Told by its shape and not by a Content-Type: claims are a JSON object, which begins otherwise. */
export function formOf(body: Uint8Array | undefined): URLSearchParams | undefined {
  const text = body === undefined ? '' : new TextDecoder().decode(body);
  return /^[a-z_]+=/.test(text) ? new URLSearchParams(text) : undefined;
}
