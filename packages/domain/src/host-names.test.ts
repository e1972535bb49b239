import { describe, expect, it } from 'vitest';
import { hostnameOf, isLoopbackName, isUnregistrable } from './host-names.ts';

describe('the name by which a server was asked', () => {
  it.each([
    ['studio.example:3000', 'studio.example'],
    ['STUDIO.example', 'studio.example'],
    ['studio.example.', 'studio.example'],
    ['[::1]:3000', '[::1]'],
    ['127.1', '127.0.0.1'],
    ['0x7f000001:80', '127.0.0.1'],
    ['', null],
    [undefined, null],
    ['a b', null],
    ['localhost/@evil.example', null],
    ['localhost@evil.example', null],
    ['evil.example\\localhost', null],
    ['host:port', null],
  ])('%s is %s', (host, name) => {
    expect(hostnameOf(host)).toBe(name);
  });

  it('is this machine’s, nobody’s to register, or might be a stranger’s', () => {
    for (const name of ['localhost', 's3.localhost', '127.0.0.1', '127.9.9.9', '[::1]'])
      expect([name, isLoopbackName(name), isUnregistrable(name)]).toEqual([name, true, true]);
    for (const name of ['api', '10.0.0.7', '[fd00::1]'])
      expect([name, isLoopbackName(name), isUnregistrable(name)]).toEqual([name, false, true]);
    for (const name of ['evil.example', 'localhost.evil.example', 'evil-localhost.example', '127.0.0.1.evil.example'])
      expect([name, isLoopbackName(name), isUnregistrable(name)]).toEqual([name, false, false]);
  });
});
