import { describe, expect, it } from 'vitest';
import { isSameLink, linkOf } from '../src/link';

describe('the link of a page', () => {
  it('is what the browser says', () => {
    const phone = { userAgent: 'x', userAgentData: { mobile: true }, connection: { type: 'cellular', saveData: true } };
    expect(linkOf(phone)).toEqual({ device: 'mobile', adapter: 'cellular', metered: true });
  });

  it('is guessed from the name of the browser where nothing else is said', () => {
    const iphone = { userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148' };
    expect(linkOf(iphone)).toEqual({ device: 'mobile', adapter: 'unknown', metered: false });
    const firefox = { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
    expect(linkOf(firefox)).toEqual({ device: 'desktop', adapter: 'unknown', metered: false });
  });

  it('has no adapter that the host does not know', () => {
    const desktop = { userAgent: 'x', connection: { type: 'wimax' } };
    expect(linkOf(desktop).adapter).toBe('unknown');
  });

  it('is another one as soon as any of it changes', () => {
    const wifi = linkOf({ userAgent: 'Android', connection: { type: 'wifi' } });
    expect(isSameLink(wifi, { ...wifi })).toBe(true);
    expect(isSameLink(wifi, { ...wifi, adapter: 'cellular' })).toBe(false);
    expect(isSameLink(wifi, { ...wifi, metered: true })).toBe(false);
  });
});
