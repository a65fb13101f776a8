/** What this page knows of its link; the host uses so much of it as is right for such a link. */
export interface Link {
  device: 'mobile' | 'desktop';
  adapter: 'cellular' | 'wifi' | 'ethernet' | 'unknown';
  /** Every byte costs, or the user asks to save them. */
  metered: boolean;
}

/** `NetworkInformation`, as far as a browser has it: some tell the type, some only that data is to be saved, some nothing. */
export interface ConnectionInformation {
  readonly type?: string;
  readonly saveData?: boolean;
  addEventListener?(type: 'change', listener: () => void): void;
}

/** The parts of `navigator` that say something of the link. */
export interface LinkSource {
  readonly userAgent: string;
  readonly userAgentData?: { readonly mobile: boolean };
  readonly connection?: ConnectionInformation;
}

const MOBILE = /Android|iPhone|iPad|Mobile/;

export function linkOf(source: LinkSource): Link {
  const mobile = source.userAgentData?.mobile ?? MOBILE.test(source.userAgent);
  return {
    device: mobile ? 'mobile' : 'desktop',
    adapter: adapterOf(source.connection?.type),
    metered: source.connection?.saveData === true,
  };
}

export function isSameLink(a: Link, b: Link): boolean {
  return a.device === b.device && a.adapter === b.adapter && a.metered === b.metered;
}

function adapterOf(type: string | undefined): Link['adapter'] {
  switch (type) {
    case 'cellular':
    case 'wifi':
    case 'ethernet':
      return type;
    default:
      return 'unknown';
  }
}
