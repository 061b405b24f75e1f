import { describe, expect, it } from '@jest/globals';
import { LruCache } from './lru-cache.ts';

describe('LruCache', () => {
  it('forgets what was used longest ago when it gets too heavy', () => {
    const cache = new LruCache<string>(10);
    cache.set('a', 'A', 4);
    cache.set('b', 'B', 4);
    expect(cache.get('a')).toBe('A');
    cache.set('c', 'C', 4);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C']);
    expect(cache.weight).toBe(8);
  });

  it('does not keep what is heavier than all it may hold', () => {
    const cache = new LruCache<string>(10);
    cache.set('a', 'A', 11);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.weight).toBe(0);
  });

  it('counts a replaced or deleted value once', () => {
    const cache = new LruCache<string>(10);
    cache.set('a', 'A', 4);
    cache.set('a', 'B', 2);
    expect([cache.get('a'), cache.weight]).toEqual(['B', 2]);
    cache.delete('a');
    expect(cache.weight).toBe(0);
  });
});
