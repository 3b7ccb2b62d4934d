// Runs in each page before its own scripts. Notes what scripts do, so that the crawl can follow; changes nothing else.
(() => {
  if (window.__redoubt) return;
  const note = { routes: [], sockets: [], sinks: [], delegates: false, hashes: false, timers: 0 };
  Object.defineProperty(window, '__redoubt', { value: note, enumerable: false });
  const push = (list, item) => { if (list.length < 500 && !list.includes(item)) list.push(item); };
  // Elements that listen for clicks and the like.
  const wanted = new Set(['click', 'dblclick', 'mousedown', 'mouseup', 'mouseover', 'mouseenter', 'pointerdown', 'change',
    'input', 'submit', 'keydown', 'keyup', 'keypress', 'focus', 'touchstart', 'contextmenu']);
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (kind, ...rest) {
    try {
      if (wanted.has(kind) && this instanceof Element) {
        const had = this.getAttribute('data-redoubt-on') || '';
        if (!had.split(' ').includes(kind)) this.setAttribute('data-redoubt-on', (had + ' ' + kind).trim());
      } else if (kind === 'click') note.delegates = true;
      else if (kind === 'hashchange') note.hashes = true;
    } catch (e) { /* the page's own business */ }
    return listen.call(this, kind, ...rest);
  };
  for (const name of ['pushState', 'replaceState']) {
    const real = history[name];
    history[name] = function (state, title, url) {
      if (url !== undefined && url !== null) { try { push(note.routes, new URL(url, location.href).href); } catch (e) { /* no URL */ } }
      return real.apply(this, arguments);
    };
  }
  const open = window.open;
  window.open = function (url) { if (url) { try { push(note.routes, new URL(url, location.href).href); } catch (e) { /* no URL */ } } return null; };
  const beacon = navigator.sendBeacon;
  if (beacon) {
    navigator.sendBeacon = function (url) {
      try { push(note.routes, new URL(url, location.href).href); } catch (e) { /* no URL */ }
      return beacon.apply(navigator, arguments);
    };
  }
  const Socket = window.WebSocket;
  if (Socket) {
    window.WebSocket = new Proxy(Socket, { construct(target, args) { push(note.sockets, String(args[0])); return new target(...args); } });
  }
  // Sinks of DOM XSS: what reaches them with our canary in it.
  const canary = 'rdbtc4n4ry';
  const saw = (sink, value) => {
    const text = String(value);
    if (text.toLowerCase().includes(canary)) push(note.sinks, sink + '\u0001' + text.slice(0, 2000));
  };
  const setter = (proto, name, label) => {
    const real = proto && Object.getOwnPropertyDescriptor(proto, name);
    if (!real || !real.set) return;
    Object.defineProperty(proto, name, { ...real, set(value) { saw(label, value); return real.set.call(this, value); } });
  };
  const method = (proto, name, label, at) => {
    const real = proto && proto[name];
    if (!real) return;
    proto[name] = function () { for (const i of at) if (i < arguments.length) saw(label, arguments[i]); return real.apply(this, arguments); };
  };
  setter(Element.prototype, 'innerHTML', 'html');
  setter(Element.prototype, 'outerHTML', 'html');
  method(Element.prototype, 'insertAdjacentHTML', 'html', [1]);
  method(Document.prototype, 'write', 'html', [0, 1, 2]);
  method(Document.prototype, 'writeln', 'html', [0, 1, 2]);
  method(Range.prototype, 'createContextualFragment', 'html', [0]);
  setter(HTMLIFrameElement.prototype, 'srcdoc', 'html');
  for (const [proto, name] of [[HTMLAnchorElement.prototype, 'href'], [HTMLIFrameElement.prototype, 'src'],
    [HTMLFormElement.prototype, 'action'], [HTMLEmbedElement.prototype, 'src'], [HTMLObjectElement.prototype, 'data']]) setter(proto, name, 'url');
  setter(HTMLScriptElement.prototype, 'src', 'loaded');
  setter(HTMLScriptElement.prototype, 'text', 'script');
  method(DOMParser.prototype, 'parseFromString', 'html', [0]);
  // Libraries that make elements of markup look other texts up.
  const lookup = (proto, name) => {
    const real = proto[name];
    proto[name] = function (what) { if (typeof what === 'string' && window.jQuery) saw('selector', what); return real.apply(this, arguments); };
  };
  for (const proto of [Document.prototype, Element.prototype, DocumentFragment.prototype]) {
    for (const name of ['querySelector', 'querySelectorAll', 'getElementsByTagName', 'getElementsByClassName', 'getElementById']) {
      if (Object.hasOwn(proto, name)) lookup(proto, name);
    }
  }
  setter(Node.prototype, 'textContent', 'text');
  method(Element.prototype, 'setAttribute', 'attribute', [1]);
  // What the page itself puts off for a moment is waited for; what that puts off again is not.
  let late = false;
  const timer = (name) => {
    const real = window[name];
    window[name] = function (what, delay, ...rest) {
      if (typeof what === 'string') saw('script', what);
      if (name !== 'setTimeout' || late || !(delay > 60 && delay <= 1500)) return real.apply(this, arguments);
      note.timers++;
      const over = () => { note.timers--; late = false; };
      if (typeof what !== 'function') { real.call(this, over, delay + 10); return real.apply(this, arguments); }
      return real.call(this, function () { late = true; try { return what.apply(this, arguments); } finally { over(); } }, delay, ...rest);
    };
  };
  timer('setTimeout'); timer('setInterval');
  const evaluate = window.eval;
  window.eval = function (text) { saw('script', text); return evaluate.call(this, text); };
  window.Function = new Proxy(window.Function, {
    construct(target, args) { args.forEach((a) => saw('script', a)); return new target(...args); },
    apply(target, self, args) { args.forEach((a) => saw('script', a)); return target.apply(self, args); },
  });
  window.print = () => {};
})();
