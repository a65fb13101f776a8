import './styles/tokens.css';
import './styles/base.css';
import './styles/call.css';
import './styles/bay.css';
import './styles/modules.css';
import './styles/quality.css';
import { readAddress, signallingUrl } from './address';
import { Api } from './api';
import { App } from './app';
import { entries } from './quality-monitor';
import './test-handle';

const address = readAddress(window.location);
const base = new URL('.', document.baseURI);
const app = new App(new Api(base, address.token), signallingUrl(base.href), address);

window.jackfield = {
  get peerConnection() {
    return app.session?.peerConnection ?? null;
  },
  get participantId() {
    return app.session?.participantId ?? null;
  },
  get state() {
    return app.session?.state ?? 'idle';
  },
  async stats() {
    const connection = app.session?.peerConnection;
    return {
      state: this.state,
      quality: app.quality.latest,
      entries: connection ? await entries(connection) : [],
    };
  },
};

app.start();
