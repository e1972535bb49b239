import { describe, expect, it } from 'vitest';
import { isOwnHost, isOwnOrigin } from './origin';

const request = (method: string, headers: Record<string, string>) => ({ method, headers: new Headers(headers) });
const http = new URL('http://127.0.0.1:3000');
const https = new URL('https://studio.example');

describe('isOwnOrigin', () => {
  it('lets safe methods through without an origin', () => {
    expect(isOwnOrigin(request('GET', {}), https)).toBe(true);
  });

  it('takes an unsafe method only from exactly the public address', () => {
    expect(isOwnOrigin(request('POST', { origin: 'https://studio.example' }), https)).toBe(true);
    for (const origin of [
      'https://studio.example.evil',
      'http://studio.example',
      'https://evil.example',
      'null',
      'https://studio.example:8443',
    ]) {
      expect(isOwnOrigin(request('POST', { origin, host: 'studio.example' }), https)).toBe(false);
    }
  });

  it('lets other sites link here, and neither fetch, embed nor post, also from another port of the same host', () => {
    const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    for (const site of ['cross-site', 'same-site']) {
      expect(isOwnOrigin(request('GET', { 'sec-fetch-site': site, ...link }), https)).toBe(true);
      for (const [mode, dest] of [
        ['cors', 'empty'],
        ['no-cors', 'image'],
        ['no-cors', 'script'],
        ['navigate', 'iframe'],
      ] as const) {
        const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest };
        expect(isOwnOrigin(request('GET', headers), https), `${site} ${mode} ${dest}`).toBe(false);
      }
      const post = { 'sec-fetch-site': site, ...link, origin: 'https://studio.example' };
      expect(isOwnOrigin(request('POST', post), https)).toBe(false);
    }
    for (const site of ['same-origin', 'none']) {
      expect(isOwnOrigin(request('GET', { 'sec-fetch-site': site, 'sec-fetch-mode': 'cors' }), https)).toBe(true);
    }
  });

  it('refuses an unsafe method without an origin', () => {
    expect(isOwnOrigin(request('POST', {}), http)).toBe(false);
  });

  it('takes another name of this machine only without TLS and only when it is the host that was asked', () => {
    expect(isOwnOrigin(request('POST', { origin: 'http://localhost:3000', host: 'localhost:3000' }), http)).toBe(true);
    expect(isOwnOrigin(request('POST', { origin: 'http://localhost:9999', host: 'localhost:3000' }), http)).toBe(false);
    expect(isOwnOrigin(request('POST', { origin: 'http://studio.example', host: 'studio.example' }), https)).toBe(
      false,
    );
  });

  it('takes no name that a stranger pointed at this machine, without TLS either', () => {
    for (const host of ['rebound.example:3000', 'localhost.rebound.example:3000', '10.0.0.7:3000', 'studio:3000'])
      expect([host, isOwnOrigin(request('POST', { origin: `http://${host}`, host }), http)]).toEqual([host, false]);
  });
});

describe('isOwnHost', () => {
  const asked = (host: string, publicUrl: URL) => isOwnHost(new Headers({ host }), publicUrl);

  it('knows the public address and the names that this machine has for itself', () => {
    for (const host of [
      'studio.example',
      'studio.example:443',
      'STUDIO.EXAMPLE',
      'localhost:3000',
      '127.0.0.1:8080',
      '[::1]',
    ])
      expect([host, asked(host, https)]).toEqual([host, true]);
    expect(asked('studio.lan:3000', new URL('http://studio.lan:3000'))).toBe(true);
  });

  it('knows no other name or port, nor what is no name', () => {
    for (const host of [
      'rebound.example',
      'studio.example.rebound.example',
      'studio.example:8443',
      '10.0.0.7',
      'a@localhost',
    ])
      expect([host, asked(host, https)]).toEqual([host, false]);
    expect(isOwnHost(new Headers(), https)).toBe(false);
  });
});
