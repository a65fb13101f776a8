/** What the page's address says: `?room=studio&name=Ann&token=...`, or the room alone as `#studio`. */
export interface AddressChoices {
  room: string;
  name: string;
  token: string | undefined;
}

export const DEFAULT_ROOM = 'lobby';

export function readAddress(address: { search: string; hash: string }): AddressChoices {
  const query = new URLSearchParams(address.search);
  return {
    room: query.get('room')?.trim() || decoded(address.hash.slice(1)).trim() || DEFAULT_ROOM,
    name: query.get('name')?.trim() ?? '',
    token: query.get('token')?.trim() || undefined,
  };
}

/** The signalling address that belongs to a page's own. */
export function signallingUrl(base: string): string {
  const url = new URL('ws', base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = '';
  url.hash = '';
  return url.href;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
