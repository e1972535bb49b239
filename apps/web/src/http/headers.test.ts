import { describe, expect, it } from 'vitest';
import { headersToApi, headersToBrowser } from './headers';

describe('headersToApi', () => {
  it('adds the token and leaves cookies and everything unlisted behind', () => {
    const headers = headersToApi(
      new Headers({
        cookie: 'pixgen_session=x',
        authorization: 'Bearer stolen',
        host: 'a',
        'x-forwarded-for': '10.0.0.1',
        'last-event-id': '7',
      }),
      'tok',
      'en',
    );
    expect(headers.get('authorization')).toBe('Bearer tok');
    expect(headers.get('cookie')).toBeNull();
    expect(headers.get('host')).toBeNull();
    expect(headers.get('x-forwarded-for')).toBe('10.0.0.1');
    expect(headers.get('last-event-id')).toBe('7');
  });

  it('never passes on an authorization of the browser, so that a signed-out visitor stays signed out', () => {
    expect(headersToApi(new Headers({ authorization: 'Bearer x' }), null, 'en').get('authorization')).toBeNull();
  });
});

it('asks the API for the language that the page is in, not for what the browser would like best', () => {
  expect(headersToApi(new Headers({ 'accept-language': 'en' }), null, 'de').get('accept-language')).toBe('de');
});

describe('headersToBrowser', () => {
  it('never passes on Set-Cookie', () => {
    const headers = headersToBrowser(
      new Headers({ 'set-cookie': 'a=b', 'content-type': 'application/json', 'content-encoding': 'gzip', server: 'x' }),
    );
    expect([...headers.keys()]).toEqual(['content-type']);
  });

  it('marks a stream so that nothing on the way buffers or compresses it', () => {
    const headers = headersToBrowser(new Headers({ 'content-type': 'text/event-stream; charset=utf-8' }));
    expect(headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(headers.get('x-accel-buffering')).toBe('no');
  });

  it('keeps what makes private images cacheable in the browser alone', () => {
    expect(headersToBrowser(new Headers({ 'cache-control': 'private, immutable' })).get('cache-control')).toBe(
      'private, immutable',
    );
  });
});
