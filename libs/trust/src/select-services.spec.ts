import { describe, expect, it } from '@jest/globals';
import { selectServices } from './select-services.ts';
import type { Service, ServiceConfiguration } from './signing-config.ts';
import { refusal } from './testonly/refusal.ts';

const AT = new Date('2026-06-01T00:00:00Z');
const service = (
  url: string,
  majorApiVersion: number,
  start: string,
  operator = 'acme',
  end?: string,
): Service => ({
  url,
  majorApiVersion,
  validFor: { start: new Date(start), ...(end !== undefined && { end: new Date(end) }) },
  operator,
});

const services = [
  service('old', 1, '2024-01-01T00:00:00Z'),
  service('new', 1, '2025-01-01T00:00:00Z'),
  service('other', 1, '2024-06-01T00:00:00Z', 'other'),
  service('ended', 1, '2026-01-01T00:00:00Z', 'ended', '2026-05-31T23:59:59Z'),
  service('future', 1, '2026-06-01T00:00:01Z', 'future'),
  service('v2', 2, '2023-01-01T00:00:00Z'),
];
const choose = (configuration: ServiceConfiguration, versions: number[]): string[] =>
  selectServices(services, configuration, versions, AT).map(({ url }) => url);

describe('selectServices', () => {
  it('takes the highest supported version and no other', () => {
    expect(choose({ selector: 'ALL' }, [1, 2])).toEqual(['v2']);
  });

  it('takes the newest valid service of each operator', () => {
    expect(choose({ selector: 'ALL' }, [1])).toEqual(['new', 'other']);
  });

  it('takes one for ANY and as many as asked for EXACT', () => {
    expect(choose({ selector: 'ANY' }, [1])).toEqual(['new']);
    expect(choose({ selector: 'EXACT', count: 2 }, [1])).toEqual(['new', 'other']);
  });

  it('refuses when nothing or not enough fits', () => {
    expect(refusal(() => choose({ selector: 'ALL' }, [3]))).toBe('SELECTION');
    expect(refusal(() => choose({ selector: 'EXACT', count: 3 }, [1]))).toBe('SELECTION');
    expect(refusal(() => choose({ selector: 'EXACT' }, [1]))).toBe('SELECTION');
  });
});
