/** What can go wrong, in words that tell a visitor what to do next. */

export interface Problem {
  title: string;
  advice: string;
}

/** An `error` message of the host. Its own text is kept as advice where this page has nothing better to say. */
export function hostProblem(code: string, message: string): Problem {
  switch (code) {
    case 'bad-token':
      return {
        title: 'This link does not open the room.',
        advice: 'Its token is not one of this host’s, or is for another room. Ask whoever invited you for a new link.',
      };
    case 'expired-token':
      return { title: 'This link has expired.', advice: 'Ask whoever invited you for a new link, then open that one.' };
    case 'room-full':
      return {
        title: 'This room is full.',
        advice: 'Wait until someone leaves and press Join again, or choose another room name.',
      };
    case 'malformed-offer':
      return {
        title: 'The host could not use this browser’s offer.',
        advice: withDetail('Update the browser, or try another one.', message),
      };
    case 'unknown-version':
      return {
        title: 'This page and the host are of different versions.',
        advice: 'Reload the page. If that does not help, the host needs an update.',
      };
    case 'not-joined':
      return { title: 'The host no longer knows this call.', advice: 'Press Join to enter the room again.' };
    case 'malformed-message':
      return {
        title: 'The host did not understand this page.',
        advice: withDetail('Reload the page.', message),
      };
    default:
      return { title: 'The host reported a problem.', advice: message || `It gave only the code “${code}”.` };
  }
}

/** A microphone that could not be opened; the call goes on without it. */
export function microphoneProblem(errorName: string, secureContext: boolean): Problem {
  const title = 'You are listening only.';
  if (!secureContext) {
    return {
      title,
      advice: 'Browsers open the microphone only on https or on localhost. Open the page that way to speak.',
    };
  }
  switch (errorName) {
    case 'NotAllowedError':
    case 'SecurityError':
      return {
        title,
        advice: 'The browser may not use the microphone. Allow it beside the address, then try again.',
      };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { title, advice: 'No microphone was found. Plug one in, then try again.' };
    case 'NotReadableError':
    case 'AbortError':
      return { title, advice: 'Another program holds the microphone. Close it, then try again.' };
    default:
      return { title, advice: `The microphone did not open (${errorName}). Check it, then try again.` };
  }
}

function withDetail(advice: string, detail: string): string {
  return detail ? `${advice} The host said: ${detail}` : advice;
}
