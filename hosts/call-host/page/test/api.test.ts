import { expect, test } from 'vitest';
import { Api, ApiError } from '../src/api';

type Answer = { status: number; body: string } | 'no answer';

function host(answer: Answer, token?: string) {
  const asked: { url: string; init: RequestInit }[] = [];
  const send = async (url: URL | RequestInfo, init: RequestInit = {}) => {
    asked.push({ url: String(url), init });
    if (answer === 'no answer') throw new TypeError('Failed to fetch');
    return new Response(answer.body, { status: answer.status });
  };
  return { asked, api: new Api(new URL('http://host/calls/'), token, send) };
}

test('requests stay under the page’s own path, with names escaped', async () => {
  const { api, asked } = host({ status: 200, body: '{}' }, 'abc');
  await api.changeSocket('studio b/c', 'echo', { use: 'x' });
  expect(asked[0]?.url).toBe('http://host/calls/api/rooms/studio%20b%2Fc/sockets/echo');
  expect(asked[0]?.init.method).toBe('POST');
  expect(asked[0]?.init.body).toBe('{"use":"x"}');
  expect(new Headers(asked[0]?.init.headers).get('Authorization')).toBe('Bearer abc');
});

test('a refusal keeps the host’s own words', async () => {
  const { api } = host({ status: 409, body: '{"error":{"code":"busy","message":"A swap runs already."}}' });
  await expect(api.graph('lobby')).rejects.toEqual(new ApiError(409, 'busy', 'A swap runs already.'));
});

test('a refusal by something in between still says what happened', async () => {
  const { api } = host({ status: 502, body: '<html>Bad gateway</html>' });
  await expect(api.graph('lobby')).rejects.toMatchObject({ status: 502, code: 'refused' });
});

test('a host that is away, or talks nonsense, is told in plain words', async () => {
  await expect(host('no answer').api.graph('lobby')).rejects.toMatchObject({ status: 0, code: 'unreachable' });
  await expect(host({ status: 200, body: 'hello' }).api.graph('lobby')).rejects.toMatchObject({ code: 'malformed-answer' });
});
