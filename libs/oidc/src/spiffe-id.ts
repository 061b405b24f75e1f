const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)*)$/;
const MAX_ID_LENGTH = 2048;

/** Trust domain of a SPIFFE ID (SPIFFE-ID section 2); nothing when the text is none. */
export function trustDomainOfId(text: string): string | undefined {
  const match = text.length > MAX_ID_LENGTH ? null : ID.exec(text);
  const segments = match?.[2]?.split('/') ?? [];
  return segments.includes('.') || segments.includes('..') ? undefined : match?.[1];
}

/** A trust domain by its name or any ID in it. */
export function parseTrustDomain(text: string): string | undefined {
  return text.includes(':/') ? trustDomainOfId(text) : TRUST_DOMAIN.exec(text)?.[0];
}
